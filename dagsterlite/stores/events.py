"""The contract of what keeps event logs, and what it is asked by."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeAlias

from dagsterlite.arguments import check_each, check_field, check_is
from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import ASSET_EVENTS, STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation


@dataclass(frozen=True)
class RunShardedEventsCursor:
    """A cursor with the time of the runs after it, for stores that shard events by run (seed 003).

    Ours find events across runs in one index, by ``id`` alone.
    """

    id: int
    run_updated_after: datetime


EventCursor: TypeAlias = int | RunShardedEventsCursor
"""The storage id to go on after, or before."""

INDEXED_EVENTS = ASSET_EVENTS | STATUS_AFTER.keys()
"""The events that an event log can be asked for across runs; all others only run by run."""


LOOK_SECONDS = 0.1
"""How long readers wait between two looks at a store that is told of no news."""


@dataclass(frozen=True, slots=True)
class EventLogRecord:
    """An entry as it stands in an :class:`EventLogStorage` (seed 003)."""

    #: Grows with each entry of the log that was queried; a cursor.
    storage_id: int
    event_log_entry: EventLogEntry

    @property
    def run_id(self) -> str:
        """The run of the entry."""
        return self.event_log_entry.run_id

    @property
    def timestamp(self) -> float:
        """Unix seconds of the entry."""
        return self.event_log_entry.timestamp

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset that the entry speaks of, if any."""
        event = self.event_log_entry.dagster_event
        return event.asset_key if event else None

    @property
    def partition_key(self) -> str | None:
        """The partition of the asset that the entry speaks of, if any."""
        event = self.event_log_entry.dagster_event
        return event.partition if event else None

    @property
    def asset_materialization(self) -> AssetMaterialization | None:
        """The materialization that the entry tells of, if any."""
        return self.event_log_entry.asset_materialization

    @property
    def asset_observation(self) -> AssetObservation | None:
        """The observation that the entry tells of, if any."""
        return self.event_log_entry.asset_observation


@dataclass(frozen=True)
class EventRecordsFilter:
    """A filter across the asset, observation and status events of all runs (seed 003).

    Raises:
        ParameterCheckError: the type is none of :data:`INDEXED_EVENTS`, or a field is not of its
            type.
    """

    event_type: DagsterEventType
    asset_key: AssetKey | None = None
    asset_partitions: Sequence[str] | None = None
    #: Only records whose storage id is above, or below.
    after_cursor: EventCursor | None = None
    before_cursor: EventCursor | None = None
    #: Only records after, or before, these unix seconds.
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    #: Only records of runs of these jobs (pipelines); of none where it is empty.
    job_names: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.event_type not in INDEXED_EVENTS:
            expected = "the type of an asset or run status event (others are kept run by run)"
            raise ParameterCheckError("EventRecordsFilter", "event_type", expected, self.event_type)
        check = partial(check_field, "EventRecordsFilter", self)
        check("asset_key", check_is, AssetKey, "an AssetKey")
        check("asset_partitions", check_each, str, "a list of partition keys")
        check("job_names", check_each, str, "a list of names")

    @property
    def after_id(self) -> int | None:
        """The storage id of ``after_cursor``."""
        return _id_of(self.after_cursor)

    @property
    def before_id(self) -> int | None:
        """The storage id of ``before_cursor``."""
        return _id_of(self.before_cursor)


def _id_of(cursor: EventCursor | None) -> int | None:
    return cursor.id if isinstance(cursor, RunShardedEventsCursor) else cursor


class EventLogStorage(ABC):
    """Keeps the event log of each run, and an index of asset and status events across runs."""

    @abstractmethod
    def store_entries(self, entries: Sequence[EventLogEntry]) -> None:
        """Record entries in the order given, all or none of each run's; known ones are passed over.

        Raises:
            DagsterSerdesError: an entry holds something that is not JSON-able.
        """

    def store_event(self, entry: EventLogEntry) -> None:
        """Record one entry."""
        self.store_entries([entry])

    @abstractmethod
    def get_records_for_run(
        self,
        run_id: str,
        *,
        after: int = 0,
        of_types: Iterable[DagsterEventType] | None = None,
        limit: int | None = None,
    ) -> list[EventLogRecord]:
        """Return a run's records whose storage id is above ``after``, in the order recorded."""

    def get_logs_for_run(
        self, run_id: str, of_types: Iterable[DagsterEventType] | None = None
    ) -> list[EventLogEntry]:
        """Return a run's entries in the order they were recorded."""
        records = self.get_records_for_run(run_id, of_types=of_types)
        return [record.event_log_entry for record in records]

    @abstractmethod
    def get_event_records(
        self,
        records_filter: EventRecordsFilter,
        limit: int | None = None,
        *,
        ascending: bool = False,
    ) -> list[EventLogRecord]:
        """Return the asset, observation or status events of all runs that pass the filter."""

    @abstractmethod
    def get_asset_keys(
        self,
        prefix: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[AssetKey]:
        """Return the keys of materialized or observed assets, sorted by their stored text.

        ``cursor`` is the stored text (``AssetKey.to_string()``) to go on after.
        """

    @abstractmethod
    def has_asset_key(self, asset_key: AssetKey) -> bool:
        """Return whether an event of the log speaks of the asset."""

    @abstractmethod
    def get_latest_records(
        self, event_type: DagsterEventType, asset_keys: Sequence[AssetKey]
    ) -> dict[AssetKey, EventLogRecord]:
        """Return each asset's last record of a type; an asset that has none is left out."""

    @abstractmethod
    def get_materialized_partitions(self, asset_key: AssetKey) -> dict[str, int]:
        """Return the partitions of an asset that were written, with their last storage ids."""

    @abstractmethod
    def wipe_asset(self, asset_key: AssetKey, timestamp: float) -> None:
        """Forget what speaks of an asset across runs, as of unix ``timestamp``.

        The logs of the runs stay as they are.
        """

    @abstractmethod
    def add_dynamic_partitions(self, partitions_def_name: str, keys: Sequence[str]) -> None:
        """Add keys to the named set, those that are there excepted."""

    @abstractmethod
    def get_dynamic_partitions(self, partitions_def_name: str) -> list[str]:
        """Return the keys of the named set, in the order in which they were added."""

    @abstractmethod
    def has_dynamic_partition(self, partitions_def_name: str, key: str) -> bool:
        """Return whether a key is in the named set."""

    @abstractmethod
    def delete_dynamic_partition(self, partitions_def_name: str, key: str) -> None:
        """Take a key from the named set; do nothing when it is not there."""

    def wait_for_events(self, seconds: float) -> None:
        """Return when events may have been recorded by anyone, or at the latest after ``seconds``.

        A store that is told nothing of what others record has its readers look often.
        """
        time.sleep(min(seconds, LOOK_SECONDS))

    @abstractmethod
    def delete_events(self, run_id: str) -> None:
        """Delete all entries of a run, also from the index; do nothing when there are none."""

    def close(self) -> None:
        """Release connections and files. Closing twice is allowed."""
        return
