"""Leading what user code writes to standard output and error aside, thread by thread.

``sys.stdout`` and ``sys.stderr`` are swapped for streams that look where the code that writes
belongs to, so that what two steps print at once in one process does not mix. What C code and
subprocesses write goes by the process's descriptors, of which there is one pair: it can be led
aside for one step at a time only.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, Token
from functools import cache
from typing import Any, Final, Protocol, TextIO

_NAMES: Final = ("stdout", "stderr")


class Sink(Protocol):
    """Takes what is written to one stream."""

    def write(self, data: bytes, /) -> object:
        """Take bytes; threads may call this at once."""

    def fileno(self) -> int:
        """Return a descriptor for what is written below Python.

        Raises:
            OSError: there is none.
        """


class Capture:
    """Two sinks for what is written while the capture is :meth:`routed`.

    Args:
        stdout: Takes what goes to standard output.
        stderr: Takes what goes to standard error.
        passes_on: Whether it goes where it would go anyhow, too.
    """

    def __init__(self, stdout: Sink, stderr: Sink, *, passes_on: bool) -> None:
        self.sinks = {"stdout": stdout, "stderr": stderr}
        self.passes_on = passes_on
        #: The threads that it was opened or ever routed in.
        self.threads = {threading.get_ident()}

    def enter(self) -> Token[Capture | None]:
        """Take what this thread, or task of asyncio, writes from now on."""
        self.threads.add(threading.get_ident())
        return _routed.set(self)

    @staticmethod
    def leave(token: Token[Capture | None]) -> None:
        """Take no more of it; ``token`` is what :meth:`enter` returned."""
        _routed.reset(token)

    @contextmanager
    def routed(self) -> Iterator[None]:
        """Take what this thread, or task of asyncio, writes in the block."""
        token = self.enter()
        try:
            yield
        finally:
            self.leave(token)


_routed: ContextVar[Capture | None] = ContextVar("dagsterlite_routed_capture", default=None)
_lock = threading.RLock()
_open: list[Capture] = []


def _current() -> Capture | None:
    """Return what takes what is written here: also in a thread that captured code has started.

    Such a thread is known by being nobody's own; where several captures are open, none has it.
    """
    capture = _routed.get()
    if capture is not None or len(_open) != 1:
        return capture
    (only,) = _open
    return None if threading.get_ident() in only.threads else only


class _Dispatcher:
    """Stands for one of the standard streams, which has all that is not said here."""

    def __init__(self, name: str, original: TextIO) -> None:
        self._name = name
        self.original = original

    def write(self, text: str) -> int:
        capture = _current()
        if capture is None:
            return self.original.write(text)
        capture.sinks[self._name].write(text.encode("utf-8", "backslashreplace"))
        if capture.passes_on:
            self.original.write(text)
        return len(text)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    @property
    def buffer(self) -> Any:
        capture = _current()
        original = getattr(self.original, "buffer", None)
        return original if capture is None else _Bytes(capture, self._name, original)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.original, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.original)


class _Bytes:
    """The binary side of a stream whose writes are taken."""

    def __init__(self, capture: Capture, name: str, original: Any) -> None:
        self._capture = capture
        self._name = name
        self._original = original

    def write(self, data: Any) -> int:
        taken = bytes(data)
        self._capture.sinks[self._name].write(taken)
        if self._capture.passes_on and self._original is not None:
            self._original.write(taken)
        return len(taken)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextmanager
def capturing(
    stdout: Sink, stderr: Sink, *, passes_on: bool = True, below_python: bool = False
) -> Iterator[Capture]:
    """Open a capture; what is written goes to it where it is :meth:`~Capture.routed`.

    Args:
        stdout: Takes what goes to standard output.
        stderr: Takes what goes to standard error.
        passes_on: Whether it goes where it would go anyhow, too; not what is below Python.
        below_python: Whether what C code and subprocesses write is taken as well, whichever
            thread they run in; of several such captures at once only the first one does it.
    """
    capture = Capture(stdout, stderr, passes_on=passes_on and not below_python)
    _enter(capture)
    try:
        if below_python:
            with _descriptors_led_to(stdout, stderr):
                yield capture
        else:
            yield capture
    finally:
        _leave(capture)


def _enter(capture: Capture) -> None:
    with _lock:
        _open.append(capture)
        for name in _NAMES:
            stream = getattr(sys, name)
            # Python has none where the process was started without.
            if stream is not None and not isinstance(stream, _Dispatcher):
                setattr(sys, name, _Dispatcher(name, stream))


def _leave(capture: Capture) -> None:
    with _lock:
        _open.remove(capture)
        if _open:
            return
        for name in _NAMES:
            stream = getattr(sys, name)
            # Whoever has put another in its place meanwhile keeps it.
            if isinstance(stream, _Dispatcher):
                setattr(sys, name, stream.original)


# --- below Python --------------------------------------------------------------------------------

_descriptors = threading.Lock()


@contextmanager
def _descriptors_led_to(stdout: Sink, stderr: Sink) -> Iterator[None]:
    if not _descriptors.acquire(blocking=False):
        yield
        return
    try:
        targets = _targets(stdout, stderr)
        saved = {number: os.dup(number) for number in targets}
        _flush()
        try:
            for number, target in targets.items():
                os.dup2(target, number)
            yield
        finally:
            _flush()
            for number, old in saved.items():
                os.dup2(old, number)
                os.close(old)
    finally:
        _descriptors.release()


def _targets(stdout: Sink, stderr: Sink) -> dict[int, int]:
    """Return where each descriptor is to lead; nowhere else where a sink has none."""
    with suppress(OSError):
        return {1: stdout.fileno(), 2: stderr.fileno()}
    return {}


def _flush() -> None:
    """Have what is in buffers written: those of Python's own streams, and those of C."""
    for name in _NAMES:
        with suppress(OSError, ValueError, AttributeError):
            getattr(sys, f"__{name}__").flush()
    _libc().fflush(None)


@cache
def _libc() -> ctypes.CDLL:
    # To open it takes longer than to write what is in its buffers.
    return ctypes.CDLL(None)
