"""Postgres' errors, told as the framework's own: which database, what, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dagsterlite.errors import (
    DagsterSerdesError,
    DagsterStorageError,
    DagsterStorageUnreachableError,
)
from dagsterlite_sql.postgres_address import PostgresAddress

if TYPE_CHECKING:
    import psycopg

_RIGHTS = "let the user create and write tables in the database's schema"
_SERVER = (
    "see that the server is up and reachable from here, has the database and lets the user in; "
    "else correct hostname, port, db_name, username or password"
)
_CONNECTIONS = "raise the server's max_connections, or put a pooler before it"

# By the beginning of the error's SQLSTATE, the longest first.
_MENDS = {
    "42501": _RIGHTS,
    "25006": "name a server that may be written: this one is a read-only copy",
    "53300": _CONNECTIONS,
    "53": "make room on the server's disk or in its memory; what was recorded is kept",
    "57": "see that the server is up; what was recorded is kept",
    "08": _SERVER,
}

_LOST = ("08", "57P")
"""How the states begin of errors that end the connection: it failed, or the server shuts down."""


@contextmanager
def told_of(address: PostgresAddress) -> Iterator[None]:
    """Turn errors of Postgres and of the way to it into typed ones that name the database.

    Raises:
        DagsterSerdesError: a value cannot be written as text.
        DagsterStorageUnreachableError: the database cannot be reached any more.
        DagsterStorageError: it cannot be read or written.
    """
    import psycopg

    try:
        yield
    except DBAPIError as exc:
        if not isinstance(exc.orig, psycopg.Error):
            raise
        raise _typed(address, exc.orig) from exc.orig
    except psycopg.Error as exc:
        raise _typed(address, exc) from exc
    except PoolTimeoutError as exc:
        message = "all connections of this process were in use for too long"
        raise DagsterStorageError(_message(address, message, "let fewer threads use it")) from exc
    except UnicodeEncodeError as exc:
        raise DagsterSerdesError(f"A text cannot be stored in {address}: {exc}") from exc


def _typed(
    address: PostgresAddress, error: psycopg.Error
) -> DagsterStorageError | DagsterSerdesError:
    import psycopg

    text = " ".join(str(error).split())
    if address.password:
        text = text.replace(address.password, "********")
    if isinstance(error, psycopg.DataError):
        return DagsterSerdesError(f"A value cannot be stored in the database {address}: {text}")
    # Where there is no connection, there is no state.
    state = error.sqlstate or "08"
    kind = DagsterStorageUnreachableError if state.startswith(_LOST) else DagsterStorageError
    return kind(_message(address, text, _mend(state)))


def _mend(state: str) -> str:
    return next((mend for start, mend in _MENDS.items() if state.startswith(start)), "")


def _message(address: PostgresAddress, what: str, mend: str) -> str:
    mend = f" Mend: {mend}." if mend else ""
    return f"The Postgres database {address} cannot be used: {what.removesuffix('.')}.{mend}"
