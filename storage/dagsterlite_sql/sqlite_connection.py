"""Connections to SQLite files."""

from __future__ import annotations

import sqlite3
from contextvars import ContextVar
from typing import Literal
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from dagsterlite_sql.sqlite_errors import BUSY_SECONDS

_uri: ContextVar[str] = ContextVar("uri")


def _open() -> sqlite3.Connection:
    # Transactions begin and end where we say so (isolation_level), and whoever holds a
    # connection keeps threads off each other (check_same_thread).
    return sqlite3.connect(
        _uri.get(),
        uri=True,
        timeout=BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )


# One engine for all files, as it holds the compiled statements; an engine for each of thousands of
# runs would compile them anew. It asks _open for each connection, which takes the file from _uri.
_ENGINE = create_engine("sqlite://", creator=_open, poolclass=NullPool)


def connect(path: str, mode: Literal["rw", "rwc"] = "rw") -> Connection:
    """Open a connection to the file at ``path``, which must be there unless mode is ``rwc``.

    Raises:
        sqlalchemy.exc.OperationalError: it cannot be opened.
    """
    token = _uri.set(f"file:{quote(path)}?mode={mode}")
    try:
        return _ENGINE.connect()
    finally:
        _uri.reset(token)
