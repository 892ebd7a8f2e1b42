"""SQLite's and the system's errors, told as the framework's own: which file, what, what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from dagsterlite.errors import DagsterCorruptObjectError, DagsterSerdesError, DagsterStorageError

BUSY_SECONDS = 30
"""How long a connection waits for another one's transaction."""

_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB"}
_SPACE = "make room on its disk, or raise the limit on file sizes; what was recorded is kept"
_ACCESS = "let this user read and write the file and its folder, or set another base_dir"
_OTHERS = f"another process kept it locked for {BUSY_SECONDS} s; find and end that process"

_MENDS = {
    "SQLITE_FULL": _SPACE,
    "SQLITE_IOERR": f"look after its disk, and {_SPACE}",
    "SQLITE_READONLY": _ACCESS,
    "SQLITE_CANTOPEN": _ACCESS,
    "SQLITE_PERM": _ACCESS,
    "SQLITE_AUTH": _ACCESS,
    "SQLITE_BUSY": _OTHERS,
    "SQLITE_LOCKED": _OTHERS,
}


@contextmanager
def told_of(path: str) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into typed ones that name ``path``.

    Raises:
        DagsterCorruptObjectError: the file is damaged.
        DagsterSerdesError: a value cannot be written as text.
        DagsterStorageError: the file cannot be read or written.
    """
    try:
        yield
    except DBAPIError as exc:
        if not isinstance(exc.orig, sqlite3.Error):
            raise
        raise _typed(path, exc.orig) from exc.orig
    except sqlite3.Error as exc:
        raise _typed(path, exc) from exc
    except OSError as exc:
        message = f"The database {path} cannot be used: {exc}. Mend: {_ACCESS}."
        raise DagsterStorageError(message) from exc
    except UnicodeEncodeError as exc:
        raise DagsterSerdesError(f"A text cannot be stored in {path}: {exc}") from exc


def _typed(path: str, error: sqlite3.Error) -> DagsterStorageError:
    name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
    if name in _DAMAGED:
        return DagsterCorruptObjectError(path, str(error))
    mend = _MENDS.get(name)
    mend = f" Mend: {mend}." if mend else ""
    return DagsterStorageError(f"The database {path} cannot be used: {error}.{mend}")
