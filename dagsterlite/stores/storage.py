"""The contract of one storage for all that an instance records."""

from __future__ import annotations

from abc import ABC, abstractmethod

from dagsterlite.stores.events import EventLogStorage
from dagsterlite.stores.runs import RunStorage
from dagsterlite.stores.schedules import ScheduleStorage


class DagsterStorage(ABC):
    """Runs, events and schedules in one persistent storage (seed 003): ``storage: {custom: …}``."""

    @property
    @abstractmethod
    def run_storage(self) -> RunStorage:
        """What keeps runs."""

    @property
    @abstractmethod
    def event_log_storage(self) -> EventLogStorage:
        """What keeps events."""

    @property
    @abstractmethod
    def schedule_storage(self) -> ScheduleStorage:
        """What keeps the state of schedules and sensors."""
