"""One SQLite file that threads and processes share."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects.sqlite import dialect, insert
from sqlalchemy.exc import DBAPIError

from dagsterlite_sql.database import Database
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.sqlite_admission import check_version, create, is_there, may_be_there
from dagsterlite_sql.sqlite_connection import connect
from dagsterlite_sql.sqlite_errors import told_of

_FileId = tuple[int, int]


class SqliteFile(Database):
    """A database in a file, made when it is first written or read.

    One connection serves all threads, one after the other; other processes wait for each other in
    SQLite. A fork closes it first (see below), a file that was replaced is opened anew.

    Args:
        path: The file.
        schema: The tables it holds.

    """

    def __init__(self, path: str, schema: Schema) -> None:
        self.path = path
        self._schema = schema
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._file_id: _FileId | None = None
        with GATE:
            _files.add(self)

    @property
    def address(self) -> str:
        return self.path

    def check(self) -> bool:
        """Return whether the database is there, and open it if so, to find out its faults.

        Raises:
            DagsterHomeError: something else stands there, or a newer version's database.
            DagsterInstanceMigrationRequired: an older version's database stands there.
            DagsterStorageError: it cannot be read.
        """
        found = self.exists()
        if found:
            with self.read():
                pass
        return found

    def exists(self) -> bool:
        """Return whether the database is there, without a look into it.

        Raises:
            DagsterStorageError: it cannot be told.
        """
        with told_of(self.path):
            return may_be_there(self.path)

    def read(self) -> AbstractContextManager[Connection]:
        return self._transaction("BEGIN")

    def write(self, scope: str = "") -> AbstractContextManager[Connection]:
        return self._transaction("BEGIN IMMEDIATE")

    def exclude(self, connection: Connection, scope: str) -> None:
        # A transaction that writes excludes all others that do.
        return

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        with self._lock, told_of(self.path):
            connection = self._opened()
            try:
                connection.exec_driver_sql(begin)
                yield connection
                connection.commit()
            except BaseException:
                # Closing undoes what was not committed, whatever state the connection is in.
                self._release()
                raise

    def insert_new(self, table: Table) -> Insert:
        return insert(table).on_conflict_do_nothing()

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[NamedTuple]) -> None:
        # Past SQLAlchemy's handling of each row, which takes as long as SQLite's own.
        statement = _insert_text(table, type(rows[0])._fields)
        connection.exec_driver_sql(statement, list(rows))

    def _opened(self) -> Connection:
        if self._connection is None or self._file_id != _file_id(self.path):
            self._release()
            if not is_there(self.path):
                create(self.path, self._schema)
            self._connection = self._checked_connection()
            self._file_id = _file_id(self.path)
        return self._connection

    def _checked_connection(self) -> Connection:
        connection = connect(self.path)
        try:
            # A commit is safe from the death of processes, and from a power cut but for the last.
            connection.exec_driver_sql("PRAGMA synchronous=NORMAL")
            check_version(connection, self.path, self._schema)
            connection.commit()
        except BaseException:
            connection.close()
            raise
        return connection

    def _release(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    def close(self) -> None:
        with self._lock:
            self._release()

    def freeze(self) -> None:
        """Wait for the running transaction, close, and keep everyone out until :meth:`thaw`."""
        self._lock.acquire()
        self._release()

    def thaw(self) -> None:
        """Let everyone in again."""
        self._lock.release()


@cache
def _insert_text(table: Table, columns: tuple[str, ...]) -> str:
    statement = insert(table).on_conflict_do_nothing()
    return str(statement.compile(dialect=dialect(), column_keys=columns))


def _file_id(path: str) -> _FileId | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino)


# --- forks ---------------------------------------------------------------------------------------

# SQLite's locks belong to a process: a child that inherits a connection, or only SQLite's own
# knowledge of an open file, believes that it holds locks which it does not, and corrupts the file.
# So a fork waits for running transactions and finds no connection open on either side.

GATE = threading.RLock()
"""Held by a fork, and by whoever keeps books of several files. Taken before any file's lock."""

_files: weakref.WeakSet[SqliteFile] = weakref.WeakSet()
_held: list[SqliteFile] = []


def _before_fork() -> None:
    GATE.acquire()
    for file in list(_files):
        file.freeze()
        _held.append(file)


def _after_fork() -> None:
    while _held:
        _held.pop().thaw()
    GATE.release()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
