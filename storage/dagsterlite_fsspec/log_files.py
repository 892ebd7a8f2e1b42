"""The files that compute logs are written to: made when first written to, read at any time."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from dagsterlite.compute_logs import ComputeIOType, LogKey, LogStream
from dagsterlite.errors import ParameterCheckError
from dagsterlite_fsspec.disk import open_for_writing
from dagsterlite_fsspec.failures import storage_error
from dagsterlite_fsspec.paths import joined_names, segment

_FOLDER: Final = "compute_logs"
_ENDINGS: Final = {ComputeIOType.STDOUT: ".out", ComputeIOType.STDERR: ".err"}
COMPLETE: Final = ".complete"
SPARES: Final = "%,"
"""The folder of spares, beside those of steps: no name gives such a segment."""


def log_folder(prefix: Sequence[str]) -> str:
    """Return the folder of all captures whose keys begin so, relative to the base.

    Raises:
        ParameterCheckError: the prefix is empty.
    """
    if not prefix:
        raise ParameterCheckError("ComputeLogManager", "prefix", "not empty", list(prefix))
    first, *rest = map(segment_of, prefix)
    return "/".join([first, _FOLDER, *rest])


def segment_of(name: str) -> str:
    """Return a part of a log key as a path segment that is no stream's."""
    found = segment(name)
    stem, dot, ending = found.rpartition(".")
    return f"{stem}%2E{ending}" if dot + ending in {COMPLETE, *_ENDINGS.values()} else found


def log_ending(kind: ComputeIOType) -> str:
    """Return how the names of a stream's files end."""
    return _ENDINGS[kind]


def log_path(log_key: LogKey, kind: ComputeIOType | None) -> str:
    """Return where a stream of a capture lies, relative to the base; the mark of its end for None.

    Raises:
        ParameterCheckError: the key has fewer than two parts.
    """
    if len(log_key) < 2:  # noqa: PLR2004 - what it is of, and which of those it is
        expected = "of two parts or more, e.g. [run id, step key, attempt id]"
        raise ParameterCheckError("ComputeLogManager", "log_key", expected, list(log_key))
    return log_folder(log_key) + (COMPLETE if kind is None else _ENDINGS[kind])


def log_key_of(prefix: Sequence[str], path: str, io_type: ComputeIOType) -> Sequence[str] | None:
    """Return the key of the stream at a path in the prefix's folder; None where it is no such."""
    ending = _ENDINGS[io_type]
    if not path.endswith(ending) or path.startswith(f"{SPARES}/"):
        return None
    return [*prefix, *joined_names(path.removesuffix(ending))]


class LogFile(LogStream):
    """Appends to a file of this machine.

    What the disk refuses must not fail the code that prints: the rest is lost, as :meth:`close`
    tells.

    Args:
        find_path: Says where the file is to be, when it is first written to.
    """

    def __init__(self, find_path: Callable[[], str]) -> None:
        self._find_path = find_path
        #: The file; empty before it is first written to.
        self.path = ""
        self._error: OSError | None = None
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._is_closed = False

    def write(self, data: bytes, /) -> None:
        with self._lock:
            if self._is_closed or self._error is not None:
                return
            try:
                view = memoryview(data)
                while view:
                    view = view[os.write(self._opened(), view) :]
            except OSError as exc:
                self._error = exc

    def fileno(self) -> int:
        with self._lock:
            return self._opened()

    def _opened(self) -> int:
        if self._descriptor is None:
            self.path = self._find_path()
            self._descriptor = open_for_writing(self.path, os.O_APPEND)
        return self._descriptor

    def close(self) -> bool:
        """End the stream; return whether anything was written. An empty file goes.

        Raises:
            DagsterStorageError: the disk refused a part of what was written.
        """
        with self._lock:
            self._is_closed = True
            descriptor, self._descriptor = self._descriptor, None
        is_empty = descriptor is None or os.fstat(descriptor).st_size == 0
        if descriptor is not None:
            os.close(descriptor)
            if is_empty:
                self._remove()
        if self._error is not None:
            raise storage_error("write", self.path, self._error, str(self._error))
        return not is_empty

    def _remove(self) -> None:
        with suppress(OSError):
            os.unlink(self.path)
