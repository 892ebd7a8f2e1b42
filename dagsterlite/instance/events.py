"""What an instance knows of events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dagsterlite.arguments import check_is
from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.fold import RunStats, StepStats, fold
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.instance.checks import check_cursor, check_limit
from dagsterlite.instance.pages import fetch_page
from dagsterlite.instance.parts import InstanceParts
from dagsterlite.instance.records import (
    AssetRecordsFilter,
    EventRecordsResult,
    RunStatusChangeRecordsFilter,
)
from dagsterlite.instance.watching import EventCallback
from dagsterlite.runs import sources_of
from dagsterlite.stores import EventLogRecord, EventRecordsFilter


class EventMethods(InstanceParts):
    """The methods about events."""

    def record_entries(self, entries: Sequence[EventLogEntry]) -> None:
        """Record entries of a run's event log; known ones are passed over."""
        self._event_storage.store_entries(entries)

    def record_status(self, entry: EventLogEntry) -> bool:
        """Record a run-level event and set the run's status after it; return whether it was set.

        Where the run's status does not allow it (it ended, or was never there), nothing is
        recorded: terminal states never change again.
        """
        allowed = self.set_status_after(entry)
        if allowed:
            self.record_entries([entry])
        return allowed

    def set_status_after(self, entry: EventLogEntry) -> bool:
        """Set a run's status after a run-level event, and record no more; return whether it was."""
        status = STATUS_AFTER[entry.get_dagster_event().event_type]
        return self._run_storage.change_status(
            entry.run_id, status, expected=sources_of(status), timestamp=entry.timestamp
        )

    def all_logs(
        self, run_id: str, of_type: DagsterEventType | Iterable[DagsterEventType] | None = None
    ) -> list[EventLogEntry]:
        """Return a run's entries in the order they were recorded.

        Args:
            run_id: The run.
            of_type: The type or types of events wanted; all entries by default.
        """
        types = [of_type] if isinstance(of_type, DagsterEventType) else of_type
        return self._event_storage.get_logs_for_run(run_id, types)

    def get_run_stats(self, run_id: str) -> RunStats:
        """Return what a run's events tell of it: steps that succeeded and failed, times, counts.

        Of a run that has no events, all counts are 0 and its times are None.
        """
        return fold(self.all_logs(run_id))

    def get_run_step_stats(
        self, run_id: str, step_keys: Iterable[str] | None = None
    ) -> list[StepStats]:
        """Return what a run's events tell of its steps, in the order in which they began.

        Args:
            run_id: The run.
            step_keys: The steps wanted (default: all); those without events are left out.
        """
        steps = self.get_run_stats(run_id).steps
        wanted = steps if step_keys is None else set(step_keys)
        return [step for key, step in steps.items() if key in wanted]

    def get_records_for_run(
        self,
        run_id: str,
        after: int = 0,
        of_types: Iterable[DagsterEventType] | None = None,
        limit: int | None = None,
    ) -> list[EventLogRecord]:
        """Return a run's records whose storage id is above ``after``, in the order recorded."""
        return self._event_storage.get_records_for_run(
            run_id, after=after, of_types=of_types, limit=check_limit("get_records_for_run", limit)
        )

    def get_event_records(
        self,
        event_records_filter: EventRecordsFilter,
        limit: int | None = None,
        ascending: bool = False,
    ) -> list[EventLogRecord]:
        """Return the asset, observation or status events of all runs that pass the filter.

        Raises:
            ParameterCheckError: the filter is none, or the limit is negative.
        """
        owner, expected = "get_event_records", "an EventRecordsFilter"
        check_is(owner, "event_records_filter", event_records_filter, EventRecordsFilter, expected)
        return self._event_storage.get_event_records(
            event_records_filter, check_limit(owner, limit), ascending=ascending
        )

    def fetch_materializations(
        self,
        records_filter: AssetKey | AssetRecordsFilter,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """Return a list of materialization records stored in the event log storage.

        Args:
            records_filter: The asset, or the filter by which to filter event records.
            limit: Number of results to get.
            cursor: Cursor to use for pagination: that of the page before.
            ascending: Sort the result in ascending order if True, descending otherwise.

        Raises:
            ParameterCheckError: an argument is not what it must be.
        """
        kind, owner = DagsterEventType.ASSET_MATERIALIZATION, "fetch_materializations"
        wanted = [_of_asset(owner, kind, records_filter)]
        return fetch_page(owner, self._event_storage, wanted, limit, cursor, ascending=ascending)

    def fetch_observations(
        self,
        records_filter: AssetKey | AssetRecordsFilter | None,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """Return a list of observation records stored in the event log storage.

        Takes the arguments of :meth:`fetch_materializations`; None for a filter means those of all
        assets.
        """
        kind, owner = DagsterEventType.ASSET_OBSERVATION, "fetch_observations"
        wanted = [
            EventRecordsFilter(event_type=kind)
            if records_filter is None
            else _of_asset(owner, kind, records_filter)
        ]
        return fetch_page(owner, self._event_storage, wanted, limit, cursor, ascending=ascending)

    def fetch_run_status_changes(
        self,
        records_filter: DagsterEventType | RunStatusChangeRecordsFilter | None,
        limit: int,
        cursor: str | None = None,
        ascending: bool = False,
    ) -> EventRecordsResult:
        """Return a list of run status event records stored in the event log storage.

        Args:
            records_filter: The type of event, or the filter by which to filter event records; None
                means every change of status.
            limit: Number of results to get.
            cursor: Cursor to use for pagination: that of the page before.
            ascending: Sort the result in ascending order if True, descending otherwise.

        Raises:
            ParameterCheckError: an argument is not what it must be.
        """
        owner = "fetch_run_status_changes"
        kinds = STATUS_AFTER if records_filter is None else (records_filter,)
        wanted = [_of_status(owner, kind) for kind in kinds]
        return fetch_page(owner, self._event_storage, wanted, limit, cursor, ascending=ascending)

    # --- watching ---

    def watch_event_logs(
        self, run_id: str, cursor: int | str | None, callback: EventCallback
    ) -> None:
        """Call a function with each entry of a run's log, those that are there and those to come.

        It is called from a thread of the instance, with one entry at a time, in the order
        recorded, by whatever process. It must not dispose of the instance.

        Args:
            run_id: The run, which need not be there yet.
            cursor: The storage id to go on after; from the beginning by default.
            callback: Takes the entry, and the cursor to go on after it. Where it raises, that is
                logged and it is not called again.

        Raises:
            ParameterCheckError: the cursor is none that was given before.
        """
        after = 0 if cursor is None else check_cursor("watch_event_logs", cursor)
        self._watcher.watch(run_id, after, callback)

    def end_watch_event_logs(self, run_id: str, callback: EventCallback) -> None:
        """Stop calling a function that watches a run; do nothing where it does not."""
        self._watcher.end_watch(run_id, callback)


def _of_asset(owner: str, kind: DagsterEventType, given: object) -> EventRecordsFilter:
    wanted = AssetRecordsFilter(asset_key=given) if isinstance(given, AssetKey) else given
    if not isinstance(wanted, AssetRecordsFilter):
        expected = "an AssetKey or an AssetRecordsFilter"
        raise ParameterCheckError(owner, "records_filter", expected, given)
    return EventRecordsFilter(
        event_type=kind,
        asset_key=wanted.asset_key,
        asset_partitions=wanted.asset_partitions,
        after_cursor=wanted.after_storage_id,
        before_cursor=wanted.before_storage_id,
        after_timestamp=wanted.after_timestamp,
        before_timestamp=wanted.before_timestamp,
    )


def _of_status(owner: str, given: object) -> EventRecordsFilter:
    wanted = given
    if isinstance(given, DagsterEventType):
        wanted = RunStatusChangeRecordsFilter(event_type=given)
    if not isinstance(wanted, RunStatusChangeRecordsFilter):
        expected = "a DagsterEventType or a RunStatusChangeRecordsFilter"
        raise ParameterCheckError(owner, "records_filter", expected, given)
    return EventRecordsFilter(
        event_type=wanted.event_type,
        after_cursor=wanted.after_storage_id,
        before_cursor=wanted.before_storage_id,
        after_timestamp=wanted.after_timestamp,
        before_timestamp=wanted.before_timestamp,
        job_names=wanted.job_names,
    )
