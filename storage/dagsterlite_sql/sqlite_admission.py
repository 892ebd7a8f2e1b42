"""Which files are our databases, and how a new one comes into being.

A file is looked at through its first bytes only, so that another program's database is neither
locked nor given a write-ahead log. A new one is made whole under another name and then moved to
its place: nobody ever sees half of it.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import OperationalError

from dagsterlite.errors import DagsterHomeError, DagsterInstanceMigrationRequired
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.sqlite_connection import connect

APPLICATION_ID = 0x64676C74
"""Stands in the header of each database of ours: ``dglt``."""

_MAGIC = b"SQLite format 3\x00"
_APPLICATION_ID_AT = slice(68, 72)
_LOGS = ("-wal", "-shm", "-journal")


def is_there(path: str) -> bool:
    """Return whether a database of ours stands at ``path``; a file of no bytes is none.

    Raises:
        DagsterHomeError: something else stands there.
        OSError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return False
    if header and not header.startswith(_MAGIC):
        raise _foreign(path, "is not a SQLite database")
    if header and header[_APPLICATION_ID_AT] != APPLICATION_ID.to_bytes(4, "big"):
        raise _foreign(path, "is a SQLite database of another program")
    return bool(header)


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
    found = read_version(connection, path, schema)
    if found == schema.version:
        return
    if found < schema.version:
        raise DagsterInstanceMigrationRequired(
            f"The database {path} was written by an older version of dagsterlite (its schema is "
            f"{found}, this version's is {schema.version}). Run `dagsterlite instance migrate`."
        )
    raise DagsterHomeError(
        f"The database {path} was written by a newer version of dagsterlite (its schema is "
        f"{found}, this version's is {schema.version}); it was left as it is. Install that "
        "version, or set $DAGSTER_HOME or base_dir to another folder."
    )


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
