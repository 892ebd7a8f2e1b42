"""The files of runs: one database each, of which a bounded number is kept open."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from urllib.parse import quote

from dagsterlite_sql.schema import EVENT_LOGS
from dagsterlite_sql.sqlite import GATE, SqliteFile
from dagsterlite_sql.sqlite_admission import is_there, may_be_there
from dagsterlite_sql.sqlite_errors import told_of

_LONGEST_NAME = 180
_SUFFIX = ".db"


class RunFiles:
    """Hands out the databases of runs, and closes those not used for longest.

    Args:
        folder: Where they lie.
        bound: How many may stay open.
    """

    def __init__(self, folder: str, bound: int) -> None:
        self._folder = folder
        self._bound = bound
        self._open: OrderedDict[str, SqliteFile] = OrderedDict()
        self._users: dict[str, int] = {}

    def path(self, run_id: str) -> str:
        """Return the file of a run."""
        return os.path.join(self._folder, file_name(run_id))

    def exists(self, run_id: str) -> bool:
        """Return whether the run has a file, without a look into it.

        Raises:
            DagsterStorageError: it cannot be told.
        """
        path = self.path(run_id)
        with told_of(path):
            return may_be_there(path)

    @contextmanager
    def use(self, run_id: str) -> Iterator[SqliteFile]:
        """Hand out the database of a run; it stays open at least until the block ends."""
        path = self.path(run_id)
        with GATE:
            file = self._open.pop(path, None) or SqliteFile(path, EVENT_LOGS)
            self._open[path] = file
            self._users[path] = self._users.get(path, 0) + 1
        try:
            yield file
        finally:
            with GATE:
                self._leave(path)
                self._close_oldest()

    def _leave(self, path: str) -> None:
        self._users[path] -= 1
        if not self._users[path]:
            del self._users[path]

    def _close_oldest(self) -> None:
        spare = [path for path in self._open if path not in self._users]
        for path in spare[: max(len(self._open) - self._bound, 0)]:
            self._open.pop(path).close()

    def delete(self, run_id: str) -> None:
        """Delete the run's database; do nothing when there is none.

        Raises:
            DagsterHomeError: another program's file stands there; it is left as it is.
            DagsterStorageError: it cannot be deleted.
        """
        path = self.path(run_id)
        with self.use(run_id) as file, told_of(path):
            file.close()
            if is_there(path):
                # The database last: a log that outlives it would be played into the next one.
                for name in (f"{path}-wal", f"{path}-shm", path):
                    with suppress(FileNotFoundError):
                        os.remove(name)

    def close(self) -> None:
        """Close all files."""
        with GATE:
            for file in self._open.values():
                file.close()
            self._open = OrderedDict((p, f) for p, f in self._open.items() if p in self._users)


@lru_cache(maxsize=1024)
def file_name(run_id: str) -> str:
    """Return the name of a run's file: no two runs share one, and none leads out of the folder.

    Also where a file system does not tell capitals apart: they are percent-encoded.
    """
    name = "".join(f"%{ord(c):02X}" if "A" <= c <= "Z" else quote(c, safe="") for c in run_id)
    if len(name) > _LONGEST_NAME:
        digest = hashlib.sha256(run_id.encode()).hexdigest()
        # A blank is never left by quoting, so no other run's name has this form.
        name = f"{name[:80]} {digest}"
    return f"{name}{_SUFFIX}"


def run_file_paths(folder: str) -> list[str]:
    """Return the files of all runs."""
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return []
    return [os.path.join(folder, name) for name in names if name.endswith(_SUFFIX)]
