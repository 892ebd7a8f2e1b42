"""``dagster.yaml``: read, checked, and made into an instance (seeds 002 and 003)."""

from __future__ import annotations

from dagsterlite.settings.home import (
    check_home,
    instance_from_home,
    instance_from_ref,
    migrate_home,
    schedule_storage_from_ref,
)
from dagsterlite.settings.ref import InstanceRef

__all__ = [
    "InstanceRef",
    "check_home",
    "instance_from_home",
    "instance_from_ref",
    "migrate_home",
    "schedule_storage_from_ref",
]
