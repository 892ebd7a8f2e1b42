"""The contracts of what keeps runs, events, schedules and values; shelves implement them.

Every method may raise :class:`~dagsterlite.errors.DagsterStorageError` when the store cannot be
reached; what else it raises stands with it. A behaviour suite for each contract lies in
``tests/contracts`` and holds for each implementation, a third party's too.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias

from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import ASSET_EVENTS, STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StoredOutput
from dagsterlite.events.tick import InstigatorTick, TickData, TickStatus
from dagsterlite.handles import StepOutputHandle
from dagsterlite.instigators import InstigatorState, InstigatorStatus, InstigatorType
from dagsterlite.runs import DagsterRun, DagsterRunStatus, LeaseState, RunRecord, RunsFilter
from dagsterlite.serdes import serializable

OrderColumn = Literal["id", "create_timestamp", "update_timestamp", "start_time", "end_time"]


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


class RunStorage(ABC):
    """Keeps runs, their status and who owns them.

    A status changes by compare-and-set only, so that a terminal one never changes again; a lease
    names the one driver that may write a run's events.
    """

    @property
    @abstractmethod
    def instance_id(self) -> str:
        """A text made with the store that no other store has: tells two homes apart."""

    @abstractmethod
    def add_run(self, run: DagsterRun) -> RunRecord:
        """Record a new run.

        Raises:
            DagsterRunAlreadyExists: its id is taken.
            DagsterSerdesError: its config or tags are not JSON-able (stores that write JSON).
        """

    @abstractmethod
    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn = "id",
        *,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        """Return the runs that pass all filters; ``cursor`` is the run id to go on after.

        Runs that are equal in the column stand in the order of their ids; one that has no value
        there comes before those that have one.

        Raises:
            DagsterRunNotFoundError: there is no run ``cursor`` (any more) to go on after.
        """

    @abstractmethod
    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        """Return how many runs pass all filters."""

    @abstractmethod
    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        """Return one run, or None."""

    @abstractmethod
    def change_status(
        self,
        run_id: str,
        status: DagsterRunStatus,
        *,
        expected: Iterable[DagsterRunStatus],
        timestamp: float,
    ) -> bool:
        """Set the status if it is among ``expected``; return whether it was set.

        ``timestamp`` (unix seconds) becomes the start time when the status is STARTED, and the
        end time when it is terminal; a terminal status also ends the lease. A terminal status is
        never changed, whatever is expected.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run, over those it has.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def request_cancel(self, run_id: str) -> bool:
        """Ask the run's driver to stop: mark the run, and set CANCELING where that is allowed.

        Return whether the run was cancelable.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def acquire_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> bool:
        """Make ``driver_id`` the run's owner until ``now + seconds`` if nobody else owns it.

        Return whether it does now. An expired lease may be taken over; a finished run is owned by
        nobody.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def renew_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> LeaseState:
        """Extend the lease if ``driver_id`` still holds it, and tell whether to cancel.

        A lease that ran out and that nobody took over is still its driver's. A run that is gone
        is held by nobody.
        """

    @abstractmethod
    def read_lease(self, run_id: str, driver_id: str) -> LeaseState:
        """Tell whether ``driver_id`` holds the run, and whether to cancel, writing nothing."""

    @abstractmethod
    def delete_run(self, run_id: str) -> None:
        """Delete a run, its tags, its lease, and its snapshots unless another run refers to them.

        Do nothing when there is no such run.
        """

    @abstractmethod
    def add_references(self, run_id: str, addresses: Iterable[str]) -> None:
        """Note that a run refers to stored objects of other runs; known ones are passed over."""

    @abstractmethod
    def release_objects(self, run_id: str, own: Iterable[str]) -> list[str]:
        """Let go of all objects of a run that is to be deleted; return those that nobody needs.

        A run needs its own objects and those that it refers to. What other runs refer to of the
        run's own is needed until the last of them is released.

        Args:
            run_id: The run.
            own: The addresses of the objects that it stored itself.
        """

    @abstractmethod
    def add_snapshot(self, snapshot_id: str, kind: str, body: str) -> None:
        """Keep a text under its content hash; do nothing when it is there.

        A run that refers to it is added first: else it might go with another run meanwhile.
        """

    @abstractmethod
    def get_snapshot(self, snapshot_id: str) -> str | None:
        """Return a kept text, or None."""

    def close(self) -> None:
        """Release connections and files. Closing twice is allowed."""
        return


@dataclass(frozen=True)
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


@dataclass(frozen=True)
class EventRecordsFilter:
    """A filter across the asset, observation and status events of all runs (seed 003).

    Raises:
        ParameterCheckError: the type is none of :data:`INDEXED_EVENTS`.
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

    def __post_init__(self) -> None:
        if self.event_type not in INDEXED_EVENTS:
            expected = "the type of an asset or run status event (others are kept run by run)"
            raise ParameterCheckError("EventRecordsFilter", "event_type", expected, self.event_type)

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


class ScheduleStorage(ABC):
    """Keeps which schedules and sensors are on, what they remember, and their ticks (seed 003)."""

    @abstractmethod
    def all_instigator_state(
        self,
        repository_origin_id: str | None = None,
        instigator_type: InstigatorType | None = None,
        instigator_statuses: Iterable[InstigatorStatus] | None = None,
    ) -> list[InstigatorState]:
        """Return the states that pass all filters, in the order in which they were added."""

    @abstractmethod
    def get_instigator_state(self, origin_id: str) -> InstigatorState | None:
        """Return the state of one instigator, or None."""

    @abstractmethod
    def add_instigator_state(self, state: InstigatorState) -> InstigatorState:
        """Record the state of an instigator that has none; return it.

        Raises:
            DagsterInvariantViolationError: it has one.
        """

    @abstractmethod
    def update_instigator_state(self, state: InstigatorState) -> InstigatorState:
        """Put a state in place of the one that the instigator has; return it.

        Raises:
            DagsterInvariantViolationError: it has none.
        """

    @abstractmethod
    def delete_instigator_state(self, origin_id: str) -> None:
        """Forget the state of an instigator, if it has one; its ticks stay."""

    @abstractmethod
    def create_tick(self, tick_data: TickData) -> InstigatorTick:
        """Record a tick; return it with the number that it got."""

    @abstractmethod
    def update_tick(self, tick: InstigatorTick) -> InstigatorTick:
        """Put what is known of a tick now in place of what was recorded; return it.

        Raises:
            DagsterInvariantViolationError: it was purged, or never recorded.
        """

    @abstractmethod
    def get_ticks(
        self,
        origin_id: str,
        before: float | None = None,
        after: float | None = None,
        limit: int | None = None,
        statuses: Iterable[TickStatus] | None = None,
    ) -> list[InstigatorTick]:
        """Return the ticks of an instigator, the latest first.

        Args:
            origin_id: The schedule or sensor.
            before: Only ticks that were due before these unix seconds.
            after: Only ticks that were due after these unix seconds.
            limit: How many at most.
            statuses: Only ticks that went so.
        """

    @abstractmethod
    def purge_ticks(
        self, origin_id: str, before: float, tick_statuses: Iterable[TickStatus] | None = None
    ) -> None:
        """Forget the ticks of an instigator that were due before these unix seconds.

        Args:
            origin_id: The schedule or sensor.
            before: The time, in unix seconds.
            tick_statuses: Only ticks that went so.
        """

    @abstractmethod
    def wipe(self) -> None:
        """Forget all states and ticks."""

    def close(self) -> None:
        """Release connections and files. Closing twice is allowed."""
        return


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


@serializable("StepManifest")
@dataclass(frozen=True)
class StepManifest:
    """The proof that a step is done: its accepted receipt, and all entries of that attempt."""

    receipt: Receipt
    entries: tuple[EventLogEntry, ...] = ()
    #: The run that took the step over from the run of the receipt, and that it is done in too.
    taken_by: str | None = None

    @property
    def run_id(self) -> str:
        """The run that the manifest stands in."""
        return self.receipt.run_id if self.taken_by is None else self.taken_by


@dataclass(frozen=True)
class StagedOutput:
    """A value as it was at one moment, that is to be stored later."""

    #: Where it will lie.
    stored: StoredOutput
    #: Stores it, in any thread; None where it is stored already.
    write: Callable[[], None] | None = None


class IntermediateStorage(ABC):
    """Keeps the outputs of one run's steps: data under an attempt's own name, then one manifest.

    A value counts only once its step's manifest stands, and of two attempts of a step only one
    manifest ever does: readers never see half of a write nor a mix of two attempts.
    """

    @property
    @abstractmethod
    def is_persistent(self) -> bool:
        """Whether values outlive the process."""

    @property
    @abstractmethod
    def address(self) -> str | None:
        """Where the run's values lie, for people; None where they lie in memory."""

    @property
    def has_one_winner(self) -> bool:
        """Whether of several processes that commit a step at once one wins, as each of them sees.

        Where that is not so, only one process of a run may commit: its driver.

        Raises:
            DagsterStorageError: the store had to be asked, and refuses the run altogether.
        """
        return True

    @abstractmethod
    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write a value under the attempt's own name and tell where it lies.

        ``codec`` names how to write it (default: the storage's own choice for the value's type).

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written; nothing half-written stays.
        """

    def write(
        self, output: StepOutputHandle, attempt_id: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write the value of an output, or one of a dynamic output's values under its own name.

        ``codec`` names how to write it (default: the storage's own choice for the value's type).

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written.
        """
        stored = self.write_output(output.step_key, attempt_id, output.label, value, codec)
        if output.mapping_key is None:
            return stored
        return replace(stored, output_name=output.output_name, mapping_key=output.mapping_key)

    def stage_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StagedOutput:
        """Take a value as it is now, to be stored later: what uses it may change it meanwhile.

        A storage that cannot do so stores it at once.

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written.
        """
        return StagedOutput(self.write_output(step_key, attempt_id, output_name, value, codec))

    @abstractmethod
    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return the value that ``output`` tells of.

        Raises:
            DagsterCorruptObjectError: it is missing, cut short, or not what was written.
        """

    @abstractmethod
    def commit(self, manifest: StepManifest) -> StepManifest:
        """Make the step done, unless another attempt was first; return the manifest that stands."""

    @abstractmethod
    def read_manifest(self, step_key: str) -> StepManifest | None:
        """Return the step's manifest, or None where the step is not done.

        Raises:
            DagsterCorruptObjectError: there is one, and it cannot be read.
        """

    @abstractmethod
    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        """Remove what an attempt wrote that was not accepted."""

    def release(self, step_key: str, output_name: str) -> None:
        """Let go of what is only held to serve later steps of this process."""
        return
