"""Event logs in SQLite: a file for each run, and one for the index across runs.

A run's file is the truth; the index is written after it. A process may die between the two: so
before the run's file is written, a row of ``unfinished_writes`` says so, and it goes with the
write to the index. Whoever opens the store looks at the runs of rows that are left, and at no
others, and adds to the index what it lacks.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import inf
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select

from dagsterlite.config import Field, StringSource
from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite.errors import DagsterHomeError, DagsterStorageError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite_sql.bodies import read_body
from dagsterlite_sql.database import Database
from dagsterlite_sql.event_rows import INDEXED, IndexRow, LogRow, to_copy, to_row
from dagsterlite_sql.events import SqlEventLogStorage
from dagsterlite_sql.schema import (
    EVENT_INDEX,
    EVENT_LOGS,
    event_index,
    event_logs,
    unfinished_writes,
)
from dagsterlite_sql.sqlite import SqliteFile
from dagsterlite_sql.sqlite_migrate import migrate_file
from dagsterlite_sql.sqlite_run_files import RunFiles, run_file_paths
from dagsterlite_sql.wipes import Wipes, unwiped, wipes_of

OPEN_FILES = 64
"""How many runs' files a store keeps open."""

LIVE_SECONDS = 600.0
"""An unfinished write that began within this time may still be under way in another process."""


class SqliteEventLogStorage(SqlEventLogStorage, MigratableClass):
    """SQLite-backed event log storage, the default (seed 003).

    Args:
        base_dir: The folder that holds ``index.db`` and, for each run, ``runs/<run id>.db``; made
            when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
        clock: Gives unix seconds.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the files cannot be read.
    """

    def __init__(
        self,
        base_dir: str,
        inst_data: ConfigurableClassData | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._inst_data = inst_data
        self._clock = clock
        self._index = SqliteFile(_index_path(base_dir), EVENT_INDEX)
        self._runs = RunFiles(_runs_folder(base_dir), OPEN_FILES)
        if self._index.check():
            self._finish_writes()

    # --- where things lie ---

    @property
    def index(self) -> Database:
        return self._index

    @contextmanager
    def run_log(self, run_id: str) -> Iterator[Database | None]:
        if self._runs.exists(run_id):
            with self._runs.use(run_id) as file:
                yield file
        else:
            yield None

    def of_run(self, run_id: str) -> Iterator[ColumnElement[bool]]:
        # The file holds nothing else; and a condition on the run would lead SQLite's planner away
        # from reading it in order.
        yield from ()

    # --- writing ---

    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        if not copies:
            self._write_log(run_id, rows, copies, {})
            return
        with self._index.write() as connection:
            wipes = wipes_of(connection, copies)
            token = _mark(connection, run_id, self._clock())
        copies = self._write_log(run_id, rows, copies, wipes)
        with self._index.write() as connection:
            self._write_copies(connection, run_id, copies)
            _unmark(connection, [token])

    def _write_log(
        self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow], wipes: Wipes
    ) -> list[IndexRow]:
        """Write rows to a run's log; return the copies that belong into the index."""
        with self._runs.use(run_id) as file, file.write() as connection:
            kept = unwiped(connection, copies, wipes)
            file.insert_rows(connection, event_logs, rows)
        return kept

    def _write_copies(
        self, connection: Connection, run_id: str, copies: Sequence[IndexRow]
    ) -> None:
        # Within this transaction: a run is deleted file first and index last, so what is written
        # while the file stands is either right or deleted thereafter.
        if not self._runs.exists(run_id):
            connection.execute(delete(event_index).where(event_index.c.run_id == run_id))
        elif copies:
            self._index.insert_rows(connection, event_index, copies)

    def delete_events(self, run_id: str) -> None:
        if not (self._index.exists() or self._runs.exists(run_id)):
            return
        with self._index.write() as connection:
            token = _mark(connection, run_id, self._clock())
        self._runs.delete(run_id)
        with self._index.write() as connection:
            self._write_copies(connection, run_id, ())
            _unmark(connection, [token])

    # --- what a process that died left undone ---

    def _finish_writes(self) -> None:
        with self._index.read() as connection:
            left = connection.execute(select(unfinished_writes)).all()
        for run_id in {row.run_id for row in left}:
            old = [row.token for row in left if row.run_id == run_id and self._is_over(row.since)]
            # One run's damaged file must not shut the home: it is told of when the run is read,
            # and its mark stays.
            with suppress(DagsterStorageError, DagsterHomeError):
                self._finish_run(run_id, old)

    def _finish_run(self, run_id: str, tokens: Sequence[str]) -> None:
        copies = self._missing_copies(run_id)
        with self._index.write() as connection:
            wipes = wipes_of(connection, copies)
            kept = [row for row in copies if row.timestamp > wipes.get(row.asset_key, -inf)]
            self._write_copies(connection, run_id, kept)
            _unmark(connection, tokens)

    def _is_over(self, since: float) -> bool:
        return since < self._clock() - LIVE_SECONDS

    def _missing_copies(self, run_id: str) -> list[IndexRow]:
        query = select(event_logs.c.id, event_logs.c.body).order_by(event_logs.c.id)
        query = query.where(event_logs.c.event_type.in_(INDEXED))
        with self.run_log(run_id) as database:
            if database is None:
                return []
            with database.read() as connection:
                rows = connection.execute(query).all()
            place = f"{database.address}, event_logs.id"
        entries = [read_body(row.body, EventLogEntry, f"{place} {row.id}") for row in rows]
        return [to_copy(to_row(entry), entry) for entry in entries]

    def close(self) -> None:
        self._runs.close()
        self._index.close()

    # --- config ---

    @classmethod
    def config_type(cls) -> Any:
        text = "The folder that holds index.db and, for each run, runs/<run id>.db."
        return {"base_dir": Field(StringSource, description=text)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> SqliteEventLogStorage:
        return cls(config_value["base_dir"], inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        base_dir = config_value["base_dir"]
        files = dict.fromkeys(run_file_paths(_runs_folder(base_dir)), EVENT_LOGS)
        files[_index_path(base_dir)] = EVENT_INDEX
        return [path for path, schema in files.items() if migrate_file(path, schema)]


def _index_path(base_dir: str) -> str:
    return os.path.join(os.path.abspath(base_dir), "index.db")


def _runs_folder(base_dir: str) -> str:
    return os.path.join(os.path.abspath(base_dir), "runs")


def _mark(connection: Connection, run_id: str, since: float) -> str:
    token = uuid.uuid4().hex
    row = {"token": token, "run_id": run_id, "since": since}
    connection.execute(insert(unfinished_writes), row)
    return token


def _unmark(connection: Connection, tokens: Sequence[str]) -> None:
    if tokens:
        mark = delete(unfinished_writes).where(unfinished_writes.c.token == bindparam("mark"))
        connection.execute(mark, [{"mark": token} for token in tokens])
