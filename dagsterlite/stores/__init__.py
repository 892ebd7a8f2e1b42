"""The contracts of what keeps runs, events, schedules and values; shelves implement them.

Every method may raise :class:`~dagsterlite.errors.DagsterStorageError` when the store cannot be
reached; what else it raises stands with it. A behaviour suite for each contract lies in
``tests/contracts`` and holds for each implementation, a third party's too.
"""

from __future__ import annotations

from dagsterlite.stores.events import (
    INDEXED_EVENTS,
    LOOK_SECONDS,
    EventCursor,
    EventLogRecord,
    EventLogStorage,
    EventRecordsFilter,
    RunShardedEventsCursor,
)
from dagsterlite.stores.intermediates import IntermediateStorage, StagedOutput, StepManifest
from dagsterlite.stores.runs import OrderColumn, RunStorage
from dagsterlite.stores.schedules import ScheduleStorage
from dagsterlite.stores.storage import DagsterStorage

__all__ = [
    "INDEXED_EVENTS",
    "LOOK_SECONDS",
    "DagsterStorage",
    "EventCursor",
    "EventLogRecord",
    "EventLogStorage",
    "EventRecordsFilter",
    "IntermediateStorage",
    "OrderColumn",
    "RunShardedEventsCursor",
    "RunStorage",
    "ScheduleStorage",
    "StagedOutput",
    "StepManifest",
]
