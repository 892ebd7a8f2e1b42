"""Which files are our databases, and how a new one comes into being.

A file is looked at without a lock or a log, so that another program's database stays as it is. A
new one is made whole under another name and then moved to its place: nobody ever sees half of it.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import OperationalError

from dagsterlite.errors import DagsterHomeError
from dagsterlite_sql import versions
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.sqlite_connection import connect

APPLICATION_ID = 0x64676C74
"""Stands in the header of each database of ours: ``dglt``."""

_PAGE_BYTES = 8192
"""Of a new file: an event takes some 900 bytes, of which the default of 4,096 holds few."""

_LOGS = ("-wal", "-shm", "-journal")


def may_be_there(path: str) -> bool:
    """Return whether a file that is not empty stands at ``path``, without a look into it.

    Raises:
        OSError: it cannot be told, or something that is no file stands there.
    """
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "not a file", path)
    return found.st_size > 0


def is_there(path: str) -> bool:
    """Return whether a database of ours stands at ``path``; an empty file is none.

    Raises:
        DagsterHomeError: something else stands there.
        OSError: it cannot be told.
        sqlite3.Error: it cannot be read.
    """
    if not may_be_there(path):
        return False
    found = _application_id(path)
    if found is None:
        raise _foreign(path, "is not a SQLite database")
    if found != APPLICATION_ID:
        raise _foreign(path, "is a SQLite database of another program")
    return True


def _application_id(path: str) -> int | None:
    # By SQLite and never by open(): to close any descriptor of a file drops all locks that this
    # process holds on it, those of its connections too; SQLite knows and waits. Immutable: it
    # takes no lock, plays no log and writes nothing.
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro&immutable=1", uri=True)
    try:
        # Another process may be moving its log into the file, whose header then counts pages that
        # are still to come: damage to SQLite, unless this flag of the connection is set.
        connection.execute("PRAGMA writable_schema=ON")
        found: int = connection.execute("PRAGMA application_id").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        if exc.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        return None
    finally:
        connection.close()
    return found


def _foreign(path: str, what: str) -> DagsterHomeError:
    return DagsterHomeError(
        f"The file {path} {what}; it was left as it is. dagsterlite keeps a database of its own "
        "there: move the file away, or set $DAGSTER_HOME or base_dir to another folder."
    )


def create(path: str, schema: Schema) -> None:
    """Make an empty database at ``path``, unless one is there by now.

    Raises:
        DagsterHomeError: something else stands there.
        OSError: the folder cannot be written.
    """
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    with _only_one(folder):
        if not is_there(path):
            _refuse_orphans(path)
            _make(path, schema)


@contextmanager
def _only_one(folder: str) -> Iterator[None]:
    with open(os.path.join(folder, ".dagsterlite.lock"), "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _refuse_orphans(path: str) -> None:
    # SQLite would play a log that outlived its database into the new one.
    for log in (path + suffix for suffix in _LOGS):
        if os.path.exists(log):
            raise DagsterHomeError(
                f"The file {log} belongs to a database that is not there any more: {path}. Put "
                "that database back, or move the file away."
            )


def _make(path: str, schema: Schema) -> None:
    new = f"{path}.{uuid.uuid4().hex}.new"
    try:
        connection = connect(new, mode="rwc")
        try:
            _fill(connection, schema)
        finally:
            connection.close()
        os.replace(new, path)
    except BaseException:
        for suffix in ("", *_LOGS):
            with suppress(OSError):
                os.remove(new + suffix)
        raise


def _fill(connection: Connection, schema: Schema) -> None:
    # Nobody else knows the file yet: no need to wait for the disk.
    connection.exec_driver_sql("PRAGMA synchronous=OFF")
    connection.exec_driver_sql(f"PRAGMA page_size={_PAGE_BYTES}")
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    schema.metadata.create_all(connection, checkfirst=False)
    connection.execute(insert(schema.version_table), {"version_num": schema.version})
    connection.commit()
    connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    connection.commit()


def check_version(connection: Connection, path: str, schema: Schema) -> None:
    """Look whether the database has the tables that this version of dagsterlite knows.

    Raises:
        DagsterInstanceMigrationRequired: it has those of an older version.
        DagsterHomeError: it has those of a newer version, or tables for something else.
    """
    elsewhere = "$DAGSTER_HOME or base_dir to another folder"
    versions.check_version(read_version(connection, path, schema), schema, path, elsewhere)


def read_version(connection: Connection, path: str, schema: Schema) -> str:
    """Return the version that a database of ours has.

    Raises:
        DagsterHomeError: it has tables for something else.
    """
    try:
        found = connection.scalar(select(schema.version_table.c.version_num))
    except OperationalError as exc:
        if not _is_missing_table(exc):
            raise
        found = None
    if found is None:
        raise DagsterHomeError(
            f"The database {path} does not hold dagsterlite's {schema.name}: a file was moved to "
            "the wrong place. Put the right one there, or set base_dir to another folder."
        )
    return str(found)


def _is_missing_table(error: OperationalError) -> bool:
    orig = error.orig
    return isinstance(orig, sqlite3.OperationalError) and "no such table" in str(orig)
