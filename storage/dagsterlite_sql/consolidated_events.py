"""Event logs of all runs, and the index across them, in one database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, delete

from dagsterlite.errors import DagsterStorageUnreachableError
from dagsterlite_sql.database import Database
from dagsterlite_sql.event_rows import IndexRow, LogRow
from dagsterlite_sql.events import INDEX_SCOPE, SqlEventLogStorage
from dagsterlite_sql.schema import event_index, event_logs
from dagsterlite_sql.wipes import unwiped, wipes_of


class ConsolidatedEventLogStorage(SqlEventLogStorage):
    """Writes the log of a run and its copies in the index in one transaction.

    Writers of one run exclude each other, and whoever writes to the index excludes all others
    there until its transaction ends: a reader that goes on after an id misses no row that was
    given a lower one and committed later.

    Args:
        database: Holds the schema ``EVENTS``.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def index(self) -> Database:
        return self._database

    @contextmanager
    def run_log(self, run_id: str) -> Iterator[Database | None]:
        yield self._database

    def of_run(self, run_id: str) -> Iterator[ColumnElement[bool]]:
        yield event_logs.c.run_id == run_id

    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        try:
            self._write_rows(run_id, rows, copies)
        except DagsterStorageUnreachableError:
            # Whether they were written before the connection was lost: known ones are passed over.
            self._write_rows(run_id, rows, copies)

    def _write_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        with self._database.write(_scope(run_id)) as connection:
            copies = unwiped(connection, copies, wipes_of(connection, copies))
            self._database.insert_rows(connection, event_logs, rows)
            if copies:
                self._database.exclude(connection, INDEX_SCOPE)
                self._database.insert_rows(connection, event_index, copies)
            self.tell(connection, run_id)

    def tell(self, connection: Connection, run_id: str) -> None:
        """Have watchers of the run told when the transaction is committed, where that is known."""
        return

    def delete_events(self, run_id: str) -> None:
        with self._database.write(_scope(run_id)) as connection:
            self._database.exclude(connection, INDEX_SCOPE)
            for table in (event_logs, event_index):
                connection.execute(delete(table).where(table.c.run_id == run_id))

    def close(self) -> None:
        self._database.close()


def _scope(run_id: str) -> str:
    return f"run {run_id}"
