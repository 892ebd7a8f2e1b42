"""Files for what steps may write below Python: those that write nothing hand one on.

To make a file, and a folder for it, takes longer than many a step does; to rename one takes next to
nothing. A file bears the name of the attempt that has it all the same, so that the last words of a
process that dies are found.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from dagsterlite.compute_logs import ComputeIOType, LogKey
from dagsterlite_fsspec.disk import make_folder, open_for_writing
from dagsterlite_fsspec.log_files import SPARES, LogFile, log_ending, log_folder, segment_of
from dagsterlite_fsspec.paths import joined_names

_BETWEEN: Final = "%,"
"""No segment holds it."""

_LONGEST_NAME: Final = 250


def spare_folder(run_id: str) -> str:
    """Return the folder of a run's spares, relative to the base."""
    return f"{log_folder([run_id])}/{SPARES}"


def spare_path(log_key: LogKey, kind: ComputeIOType) -> str | None:
    """Return where an attempt's spare lies, relative to the base; None where it can have none."""
    name = _BETWEEN.join(segment_of(part) for part in log_key[1:]) + log_ending(kind)
    if "/" in name or len(name) > _LONGEST_NAME:
        return None
    return f"{spare_folder(log_key[0])}/{name}"


def log_key_of_spare(run_id: str, name: str, kind: ComputeIOType) -> tuple[str, ...] | None:
    """Return whose spare a file of :func:`spare_folder` is; None where it is another kind's."""
    if not name.endswith(log_ending(kind)):
        return None
    return (run_id, *joined_names(name.removesuffix(log_ending(kind)).replace(_BETWEEN, "/")))


@dataclass(frozen=True)
class _Spare:
    path: str
    descriptor: int

    def renamed(self, path: str) -> _Spare:
        os.rename(self.path, path)
        return _Spare(path, self.descriptor)

    def remove(self) -> None:
        os.close(self.descriptor)
        with suppress(OSError):
            os.unlink(self.path)
        with suppress(OSError):
            os.rmdir(os.path.dirname(self.path))


class SpareLogs:
    """The files that are handed on, of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: dict[tuple[str, ComputeIOType], _Spare] = {}
        self._is_open = True

    def take(self, path: str, kind: ComputeIOType) -> _Spare:
        """Return an empty file at a path: one that was handed on, or a new one."""
        with self._lock:
            spare = self._idle.pop((os.path.dirname(path), kind), None)
        if spare is None:
            return _Spare(path, open_for_writing(path, os.O_APPEND))
        return spare.renamed(path)

    def hand_on(self, spare: _Spare, kind: ComputeIOType) -> None:
        """Keep a file to which nothing was written for the next attempt, if it can be had alone."""
        with self._lock:
            place = (os.path.dirname(spare.path), kind)
            if self._is_open and place not in self._idle and _is_childless():
                self._idle[place] = spare
                return
        spare.remove()

    def close(self) -> None:
        """Remove what nobody has, and keep nothing from now on."""
        with self._lock:
            self._is_open = False
            idle, self._idle = self._idle, {}
        for spare in idle.values():
            spare.remove()


def _is_childless() -> bool:
    """Return whether this process has no other that may have its files open still."""
    wait = getattr(os, "waitid", None)
    if wait is None:
        return False
    try:
        wait(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


class SparedLogFile(LogFile):
    """A stream whose file goes to its place once something is written to it.

    Args:
        find_path: Says where the file is to be.
        spares: Where it has a file from meanwhile, and hands it on.
        find_spare: Says where that is to be; None for nowhere.
        kind: The stream.
    """

    def __init__(
        self,
        find_path: Callable[[], str],
        spares: SpareLogs,
        find_spare: Callable[[], str | None],
        kind: ComputeIOType,
    ) -> None:
        super().__init__(find_path)
        self._spares = spares
        self._find_spare = find_spare
        self._kind = kind
        self._spare: _Spare | None = None

    def fileno(self) -> int:
        with self._lock:
            if self._descriptor is None and (path := self._find_spare()) is not None:
                self._spare = self._spares.take(path, self._kind)
                self.path, self._descriptor = self._spare.path, self._spare.descriptor
            return super()._opened()

    def _opened(self) -> int:
        self._settle()
        return super()._opened()

    def _settle(self) -> None:
        """Have the file at its place."""
        if self._spare is not None:
            path = self._find_path()
            make_folder(os.path.dirname(path))
            self.path = self._spare.renamed(path).path
            self._spare = None

    def close(self) -> bool:
        with self._lock:
            spare = self._spare
            if spare is not None and os.fstat(spare.descriptor).st_size == 0:
                self._spare = self._descriptor = None
                self._spares.hand_on(spare, self._kind)
            elif spare is not None:
                try:
                    self._settle()
                except OSError as exc:
                    self._error = exc
        return super().close()
