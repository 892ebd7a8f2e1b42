"""Where seed 002 has the instance."""

from __future__ import annotations

from dagsterlite.instance import DagsterInstance

__all__ = ["DagsterInstance"]
