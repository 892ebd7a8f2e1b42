"""What questions to an instance about events and assets take and give (seed 003)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogRecord


@dataclass(frozen=True)
class AssetRecordsFilter:
    """Filters the records of an asset: all given fields must hold."""

    asset_key: AssetKey
    asset_partitions: Sequence[str] | None = None
    #: Only records after, or before, these unix seconds.
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    #: Only records whose storage id is above, or below.
    after_storage_id: int | None = None
    before_storage_id: int | None = None


@dataclass(frozen=True)
class RunStatusChangeRecordsFilter:
    """Filters the records of runs' changes of status: all given fields must hold.

    Raises:
        ParameterCheckError: the type is not that of a change of a run's status.
    """

    event_type: DagsterEventType
    #: Only records after, or before, these unix seconds.
    after_timestamp: float | None = None
    before_timestamp: float | None = None
    #: Only records whose storage id is above, or below.
    after_storage_id: int | None = None
    before_storage_id: int | None = None
    #: Only records of runs of these jobs (pipelines); of none where the list is empty.
    job_names: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.event_type not in STATUS_AFTER:
            expected = "the type of a run status event, e.g. DagsterEventType.RUN_SUCCESS"
            owner = "RunStatusChangeRecordsFilter"
            raise ParameterCheckError(owner, "event_type", expected, self.event_type)


@dataclass(frozen=True, kw_only=True)
class EventRecordsResult:
    """A page of records."""

    records: Sequence[EventLogRecord]
    #: Leads to the next page.
    cursor: str
    has_more: bool


@dataclass(frozen=True, kw_only=True)
class AssetEntry:
    """An asset with the last records that speak of it."""

    asset_key: AssetKey
    last_materialization_record: EventLogRecord | None = None
    last_observation_record: EventLogRecord | None = None

    @property
    def last_materialization(self) -> EventLogEntry | None:
        """The entry of the last materialization."""
        record = self.last_materialization_record
        return record.event_log_entry if record else None

    @property
    def last_materialization_storage_id(self) -> int | None:
        """The storage id of the last materialization."""
        record = self.last_materialization_record
        return record.storage_id if record else None

    @property
    def last_observation(self) -> EventLogEntry | None:
        """The entry of the last observation."""
        record = self.last_observation_record
        return record.event_log_entry if record else None

    @property
    def last_run_id(self) -> str | None:
        """The run of the last materialization."""
        record = self.last_materialization_record
        return record.run_id if record else None


@dataclass(frozen=True)
class AssetRecord:
    """Internal representation of an asset record, as an event log storage knows it."""

    #: Of the last record that speaks of the asset.
    storage_id: int
    asset_entry: AssetEntry
