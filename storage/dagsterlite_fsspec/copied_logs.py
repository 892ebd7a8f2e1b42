"""Streams of compute logs that lie on this machine while their steps run, and are copied."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from dagsterlite.compute_logs import ComputeIOType, LogKey, LogStream
from dagsterlite.errors import DagsterStorageError
from dagsterlite_fsspec.log_files import LogFile


class Copying:
    """The streams that lie on this machine while their steps run, and what copies them.

    Args:
        copy: Copies a stream of a capture, which is the file at a path.
        interval: Seconds between two copies; None for one copy, at the end.
    """

    def __init__(
        self, copy: Callable[[LogKey, ComputeIOType, str], None], interval: float | None
    ) -> None:
        self._copy = copy
        self._interval = interval
        self._lock = threading.Lock()
        self._streams: dict[tuple[str, ...], dict[ComputeIOType, _Spooled]] = {}
        self._thread: threading.Thread | None = None
        self._idle = threading.Event()

    def stream(self, log_key: LogKey, io_type: ComputeIOType, local_dir: str | None) -> LogStream:
        """Return a new stream, its file in a folder (by default the system's for such)."""
        return _Spooled(
            local_dir,
            on_begin=partial(self._begin, tuple(log_key), io_type),
            on_empty=partial(self._forget, tuple(log_key), io_type),
        )

    def _begin(self, key: tuple[str, ...], io_type: ComputeIOType, spooled: _Spooled) -> None:
        """Have a stream copied from now on."""
        with self._lock:
            self._streams.setdefault(key, {})[io_type] = spooled
            if self._thread is None and self._interval is not None:
                self._idle = threading.Event()
                self._thread = threading.Thread(
                    target=self._run,
                    args=(self._idle,),
                    name="dagsterlite-compute-logs",
                    daemon=True,
                )
                self._thread.start()

    def _run(self, idle: threading.Event) -> None:
        while not idle.wait(self._interval):
            with self._lock:
                streams = [(key, dict(pair)) for key, pair in self._streams.items()]
            for key, pair in streams:
                # What cannot be copied now is tried again, and told at the end.
                with suppress(DagsterStorageError):
                    self._copy_all(key, pair)

    def _copy_all(self, key: tuple[str, ...], pair: Mapping[ComputeIOType, _Spooled]) -> None:
        for io_type, spooled in pair.items():
            spooled.copy(partial(self._copy, key, io_type))

    def _forget(self, key: tuple[str, ...], io_type: ComputeIOType) -> None:
        with self._lock:
            pair = self._streams[key]
            del pair[io_type]
            if not pair:
                del self._streams[key]
        self._rest()

    def finish(self, log_key: LogKey) -> None:
        """Copy what is left of a capture, and forget it."""
        key = tuple(log_key)
        with self._lock:
            pair = self._streams.pop(key, {})
        self._rest()
        try:
            self._copy_all(key, pair)
        finally:
            for spooled in pair.values():
                spooled.remove()

    def _rest(self) -> None:
        """Have nobody copy where nothing is to be copied."""
        with self._lock:
            if self._streams or self._thread is None:
                return
            thread, self._thread = self._thread, None
            self._idle.set()
        thread.join()


class _Spooled(LogFile):
    """A stream in a temporary folder of its own."""

    def __init__(
        self,
        local_dir: str | None,
        on_begin: Callable[[_Spooled], None],
        on_empty: Callable[[], None],
    ) -> None:
        super().__init__(self._place)
        self._local_dir = local_dir
        self._on_begin = on_begin
        self._on_empty = on_empty
        self._copying = threading.Lock()
        self._copied = 0

    def _place(self) -> str:
        if self._local_dir is not None:
            os.makedirs(self._local_dir, exist_ok=True)
        folder = tempfile.mkdtemp(prefix="dagsterlite-logs-", dir=self._local_dir)
        self._on_begin(self)
        return os.path.join(folder, "stream")

    def copy(self, copy: Callable[[str], None]) -> None:
        """Copy the stream if there is more than before."""
        with self._copying:
            size = self._size()
            if size > self._copied:
                copy(self.path)
                self._copied = size

    def _size(self) -> int:
        try:
            return os.path.getsize(self.path)
        except FileNotFoundError:
            return 0

    def _remove(self) -> None:
        self._on_empty()
        self.remove()

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(os.path.dirname(self.path), ignore_errors=True)
