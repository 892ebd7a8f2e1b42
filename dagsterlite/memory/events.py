"""Event logs kept in this process."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, starmap

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import (
    INDEXED_EVENTS,
    EventLogRecord,
    EventLogStorage,
    EventRecordsFilter,
)


class _RunLog:
    """One run's entries in the order recorded, and their keys."""

    def __init__(self) -> None:
        self.entries: list[EventLogEntry] = []
        self.keys: set[tuple[str, str, str, int]] = set()


class InMemoryEventLogStorage(EventLogStorage):
    """Keeps the entries themselves; threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: defaultdict[str, _RunLog] = defaultdict(_RunLog)
        self._index: list[EventLogRecord] = []
        self._last_indexed = 0
        # Keys in the order added: a dict keeps it.
        self._partitions: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._news = threading.Condition()

    def store_entries(self, entries: Sequence[EventLogEntry]) -> None:
        with self._lock:
            for entry in entries:
                run = self._runs[entry.run_id]
                key = entry.key
                if key not in run.keys:
                    run.keys.add(key)
                    run.entries.append(entry)
                    if entry.dagster_event_type in INDEXED_EVENTS:
                        self._add_to_index(entry)
        with self._news:
            self._news.notify_all()

    def wait_for_events(self, seconds: float) -> None:
        with self._news:
            self._news.wait(seconds)

    def _add_to_index(self, entry: EventLogEntry) -> None:
        self._last_indexed += 1
        self._index.append(EventLogRecord(self._last_indexed, entry))

    def get_records_for_run(
        self,
        run_id: str,
        *,
        after: int = 0,
        of_types: Iterable[DagsterEventType] | None = None,
        limit: int | None = None,
    ) -> list[EventLogRecord]:
        first = max(after, 0)
        with self._lock:
            run = self._runs.get(run_id)
            entries = run.entries[first:] if run else []
        # An entry's storage id is its place among all of the run.
        records: Iterator[EventLogRecord] = starmap(EventLogRecord, enumerate(entries, first + 1))
        if of_types is not None:
            types = frozenset(of_types)
            records = (r for r in records if r.event_log_entry.dagster_event_type in types)
        return list(islice(records, limit))

    def get_event_records(
        self,
        records_filter: EventRecordsFilter,
        limit: int | None = None,
        *,
        ascending: bool = False,
    ) -> list[EventLogRecord]:
        with self._lock:
            records = list(self._index) if ascending else self._index[::-1]
        return list(islice((r for r in records if all(_answers(r, records_filter))), limit))

    def get_asset_keys(
        self,
        prefix: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[AssetKey]:
        keys = {key.to_string(): key for key in self._asset_keys() if key.has_prefix(prefix or ())}
        return [keys[text] for text in sorted(keys) if cursor is None or text > cursor][:limit]

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        return asset_key in self._asset_keys()

    def _asset_keys(self) -> set[AssetKey]:
        with self._lock:
            records = list(self._index)
        return {record.asset_key for record in records if record.asset_key is not None}

    def get_latest_records(
        self, event_type: DagsterEventType, asset_keys: Sequence[AssetKey]
    ) -> dict[AssetKey, EventLogRecord]:
        with self._lock:
            told = [r for r in self._index if r.event_log_entry.dagster_event_type is event_type]
        latest = {record.asset_key: record for record in told}
        return {key: latest[key] for key in asset_keys if key in latest}

    def get_materialized_partitions(self, asset_key: AssetKey) -> dict[str, int]:
        wanted = EventRecordsFilter(
            event_type=DagsterEventType.ASSET_MATERIALIZATION, asset_key=asset_key
        )
        records = self.get_event_records(wanted, ascending=True)
        return {r.partition_key: r.storage_id for r in records if r.partition_key is not None}

    def wipe_asset(self, asset_key: AssetKey, timestamp: float) -> None:
        with self._lock:
            self._index = [record for record in self._index if record.asset_key != asset_key]

    def add_dynamic_partitions(self, partitions_def_name: str, keys: Sequence[str]) -> None:
        with self._lock:
            self._partitions[partitions_def_name].update(dict.fromkeys(keys))

    def get_dynamic_partitions(self, partitions_def_name: str) -> list[str]:
        with self._lock:
            return list(self._partitions[partitions_def_name])

    def has_dynamic_partition(self, partitions_def_name: str, key: str) -> bool:
        with self._lock:
            return key in self._partitions[partitions_def_name]

    def delete_dynamic_partition(self, partitions_def_name: str, key: str) -> None:
        with self._lock:
            self._partitions[partitions_def_name].pop(key, None)

    def delete_events(self, run_id: str) -> None:
        with self._lock:
            self._runs.pop(run_id, None)
            self._index = [record for record in self._index if record.run_id != run_id]


def _answers(record: EventLogRecord, wanted: EventRecordsFilter) -> Iterator[bool]:
    yield record.event_log_entry.dagster_event_type is wanted.event_type
    if wanted.asset_key is not None:
        yield record.asset_key == wanted.asset_key
    if wanted.asset_partitions is not None:
        yield record.partition_key in wanted.asset_partitions
    if wanted.after_id is not None:
        yield record.storage_id > wanted.after_id
    if wanted.before_id is not None:
        yield record.storage_id < wanted.before_id
    if wanted.after_timestamp is not None:
        yield record.timestamp > wanted.after_timestamp
    if wanted.before_timestamp is not None:
        yield record.timestamp < wanted.before_timestamp
    if wanted.job_names is not None:
        yield record.event_log_entry.job_name in wanted.job_names
