"""MySQL's errors, told as the framework's own: which database, what, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dagsterlite.errors import (
    DagsterSerdesError,
    DagsterStorageError,
    DagsterStorageUnreachableError,
)
from dagsterlite_sql.mysql_address import MySQLAddress

LOCK_SECONDS = 60
"""How long a writer waits for others that it excludes."""

_RIGHTS = "let the user create, alter and write tables in the database"
_READ_ONLY = "name a server that may be written: this one is a read-only copy"
_SERVER = (
    "see that the server is up and reachable from here, has the database and lets the user in; "
    "else correct hostname, port, db_name, username or password"
)
_CONNECTIONS = "raise the server's max_connections, or put a pooler before it"
_SPACE = "make room on the server's disk; what was recorded is kept"
_UP = "see that the server is up; what was recorded is kept"
_OTHERS = f"another process kept it locked for {LOCK_SECONDS} s; find and end that process"
_LARGE = "raise the server's max_allowed_packet: a record is larger"

_MENDS = (
    (_RIGHTS, (1142, 1143, 1227, 1370)),
    (_READ_ONLY, (1290, 1792, 1836)),
    (_SERVER, (1044, 1045, 1049, 1130, 1698, 2002, 2003, 2005, 2061)),
    (_CONNECTIONS, (1040, 1203, 1226)),
    (_SPACE, (3, 1021, 1026, 1030, 1114)),
    (_OTHERS, (1205,)),
    (_LARGE, (1153,)),
    (_UP, (0, 1053, 1080, 1927, 2006, 2013, 4031)),
)

_LOST = frozenset({0, 1053, 1080, 1927, 2002, 2003, 2005, 2006, 2013, 4031})
"""The errors after which there is no connection: it failed, or the server shuts down."""


@contextmanager
def told_of(address: MySQLAddress) -> Iterator[None]:
    """Turn errors of MySQL and of the way to it into typed ones that name the database.

    Raises:
        DagsterSerdesError: a value cannot be written as text, or is too long for its column.
        DagsterStorageUnreachableError: the database cannot be reached any more.
        DagsterStorageError: it cannot be read or written.
    """
    import pymysql

    try:
        yield
    except StatementError as exc:
        if isinstance(exc.orig, pymysql.MySQLError):
            raise _typed(address, exc.orig) from exc.orig
        if isinstance(exc.orig, UnicodeEncodeError):
            raise _unspeakable(address, exc.orig) from exc.orig
        raise
    except pymysql.MySQLError as exc:
        raise _typed(address, exc) from exc
    except PoolTimeoutError as exc:
        message = "all connections of this process were in use for too long"
        raise DagsterStorageError(_message(address, message, "let fewer threads use it")) from exc
    except UnicodeEncodeError as exc:
        raise _unspeakable(address, exc) from exc


def locked(address: MySQLAddress) -> DagsterStorageError:
    """Return the error that others did not let a writer in."""
    return DagsterStorageError(_message(address, "it is locked", _OTHERS))


def _unspeakable(address: MySQLAddress, error: UnicodeEncodeError) -> DagsterSerdesError:
    return DagsterSerdesError(f"A text cannot be stored in the database {address}: {error}")


def _typed(address: MySQLAddress, error: Any) -> DagsterStorageError | DagsterSerdesError:
    import pymysql

    code = error.args[0] if error.args and isinstance(error.args[0], int) else None
    text = " ".join(str(error.args[-1] if error.args else error).split())
    text = text or "the connection was closed"
    if address.password:
        text = text.replace(address.password, "********")
    if isinstance(error, pymysql.DataError):
        return DagsterSerdesError(f"A value cannot be stored in the database {address}: {text}")
    kind = DagsterStorageUnreachableError if code in _LOST else DagsterStorageError
    return kind(_message(address, text, _mend(code)))


def _mend(code: int | None) -> str:
    return next((mend for mend, codes in _MENDS if code in codes), "")


def _message(address: MySQLAddress, what: str, mend: str) -> str:
    mend = f" Mend: {mend}." if mend else ""
    return f"The MySQL database {address} cannot be used: {what.removesuffix('.')}.{mend}"
