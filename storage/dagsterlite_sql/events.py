"""Event logs in any SQL database."""

from __future__ import annotations

from abc import abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from sqlalchemy import ColumnElement, select

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogRecord, EventLogStorage, EventRecordsFilter
from dagsterlite_sql import asset_queries, event_queries
from dagsterlite_sql.bodies import read_body
from dagsterlite_sql.database import Database
from dagsterlite_sql.event_rows import IndexRow, LogRow, is_indexed, to_copy, to_row
from dagsterlite_sql.schema import event_index, event_logs


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
        """Write rows to a run's log, all or none, and their copies to the index."""

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
        order = event_index.c.id.asc() if ascending else event_index.c.id.desc()
        query = select(event_index.c.id, event_index.c.body).order_by(order).limit(limit)
        query = query.where(*event_queries.conditions(records_filter))
        with self.index.read() as connection:
            rows = connection.execute(query).all()
        return [_to_record(*row, f"{self.index.address}, event_index.id") for row in rows]

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


def _to_record(storage_id: int, body: str, place: str) -> EventLogRecord:
    return EventLogRecord(storage_id, read_body(body, EventLogEntry, f"{place} {storage_id}"))
