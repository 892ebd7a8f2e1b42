"""Event logs in any SQL database."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from heapq import merge
from itertools import islice

from sqlalchemy import ColumnElement, delete, insert, select

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogRecord, EventLogStorage, EventRecordsFilter
from dagsterlite_sql import asset_queries, event_queries, partition_queries
from dagsterlite_sql.bodies import read_body
from dagsterlite_sql.database import Database
from dagsterlite_sql.event_rows import IndexRow, LogRow, is_indexed, to_copy, to_row
from dagsterlite_sql.parts import parts
from dagsterlite_sql.schema import asset_wipes, dynamic_partitions, event_index, event_logs

INDEX_SCOPE = "the index"
"""What writers of the index exclude each other from."""


class SqlEventLogStorage(EventLogStorage):
    """Keeps event logs in databases (seed 003).

    A run's log and the index across runs may lie in different ones: an implementation says where,
    and how the two are kept in step.
    """

    @abstractmethod
    def run_log(self, run_id: str) -> AbstractContextManager[Database | None]:
        """Hand out the database of a run's log for reading, or None where there is no log."""

    @abstractmethod
    def of_run(self, run_id: str) -> Iterator[ColumnElement[bool]]:
        """Yield what tells the run's rows from others in the database of its log."""

    @property
    @abstractmethod
    def index(self) -> Database:
        """The database of the index."""

    @abstractmethod
    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        """Write rows to a run's log, all or none, and the copies that are unwiped to the index."""

    def store_entries(self, entries: Sequence[EventLogEntry]) -> None:
        rows: defaultdict[str, list[LogRow]] = defaultdict(list)
        copies: defaultdict[str, list[IndexRow]] = defaultdict(list)
        for entry in entries:
            row = to_row(entry)
            rows[entry.run_id].append(row)
            if is_indexed(row):
                copies[entry.run_id].append(to_copy(row, entry))
        for run_id, run_rows in rows.items():
            self.store_rows(run_id, run_rows, copies[run_id])

    def get_records_for_run(
        self,
        run_id: str,
        *,
        after: int = 0,
        of_types: Iterable[DagsterEventType] | None = None,
        limit: int | None = None,
    ) -> list[EventLogRecord]:
        query = select(event_logs.c.id, event_logs.c.body).where(event_logs.c.id > after)
        query = query.where(*self.of_run(run_id))
        if of_types is not None:
            types = sorted({kind.value for kind in of_types})
            query = query.where(event_logs.c.event_type.in_(types))
        query = query.order_by(event_logs.c.id).limit(limit)
        with self.run_log(run_id) as database:
            if database is None:
                return []
            with database.read() as connection:
                rows = connection.execute(query).all()
            return [_to_record(*row, f"{database.address}, event_logs.id") for row in rows]

    def get_event_records(
        self,
        records_filter: EventRecordsFilter,
        limit: int | None = None,
        *,
        ascending: bool = False,
    ) -> list[EventLogRecord]:
        with self.index.read() as connection:
            answers = [
                connection.execute(query).all()
                for query in event_queries.pages(records_filter, limit, ascending=ascending)
            ]
        in_order = merge(*answers, key=lambda row: row[0], reverse=not ascending)
        rows = islice(in_order, limit)
        return [_to_record(*row, self._index_place) for row in rows]

    def get_asset_keys(
        self,
        prefix: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[AssetKey]:
        with self.index.read() as connection:
            found = connection.scalars(asset_queries.asset_keys(prefix, limit, cursor)).all()
        return [AssetKey.from_db_string(text) for text in found]

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        with self.index.read() as connection:
            return connection.scalar(asset_queries.mentions(asset_key)) is not None

    def get_latest_records(
        self, event_type: DagsterEventType, asset_keys: Sequence[AssetKey]
    ) -> dict[AssetKey, EventLogRecord]:
        found: dict[AssetKey | None, EventLogRecord] = {}
        with self.index.read() as connection:
            for part in parts(asset_keys):
                rows = connection.execute(asset_queries.latest(event_type, part)).all()
                records = [_to_record(*row, self._index_place) for row in rows]
                found |= {record.asset_key: record for record in records}
        return {key: found[key] for key in asset_keys if key in found}

    def get_materialized_partitions(self, asset_key: AssetKey) -> dict[str, int]:
        query = asset_queries.partitions(DagsterEventType.ASSET_MATERIALIZATION, asset_key)
        with self.index.read() as connection:
            return dict(connection.execute(query).all())

    def wipe_asset(self, asset_key: AssetKey, timestamp: float) -> None:
        key = asset_key.to_string()
        with self.index.write(INDEX_SCOPE) as connection:
            connection.execute(delete(event_index).where(event_index.c.asset_key == key))
            connection.execute(delete(asset_wipes).where(asset_wipes.c.asset_key == key))
            connection.execute(insert(asset_wipes), {"asset_key": key, "timestamp": timestamp})

    # --- partitions ---

    def add_dynamic_partitions(self, partitions_def_name: str, keys: Sequence[str]) -> None:
        rows = [{"partitions_def_name": partitions_def_name, "partition_key": key} for key in keys]
        with self.index.write(partition_queries.SCOPE) as connection:
            known = set(connection.scalars(partition_queries.keys(partitions_def_name)))
            new = [row for row in rows if row["partition_key"] not in known]
            if new:
                connection.execute(self.index.insert_new(dynamic_partitions), new)

    def get_dynamic_partitions(self, partitions_def_name: str) -> list[str]:
        with self.index.read() as connection:
            return list(connection.scalars(partition_queries.keys(partitions_def_name)))

    def has_dynamic_partition(self, partitions_def_name: str, key: str) -> bool:
        query = partition_queries.one(select(dynamic_partitions.c.id), partitions_def_name, key)
        with self.index.read() as connection:
            return connection.scalar(query) is not None

    def delete_dynamic_partition(self, partitions_def_name: str, key: str) -> None:
        statement = partition_queries.one(delete(dynamic_partitions), partitions_def_name, key)
        with self.index.write(partition_queries.SCOPE) as connection:
            connection.execute(statement)

    @property
    def _index_place(self) -> str:
        return f"{self.index.address}, event_index.id"


def _to_record(storage_id: int, body: str, place: str) -> EventLogRecord:
    return EventLogRecord(storage_id, read_body(body, EventLogEntry, f"{place} {storage_id}"))
