"""Stopping user code from outside: another thread, another process, or Ctrl-C.

The exception reaches Python code at its next bytecode; a call that stays in C is not interrupted
before it returns. It is raised only while user code runs, never inside the framework's own work.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from dagsterlite.errors import DagsterExecutionInterruptedError

_set_async_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Interrupts:
    """Whether the work is to stop, and the way to stop user code in the midst of it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._user_thread: int | None = None
        self._is_pending = False
        self._reason: BaseException | None = None
        self._requested = threading.Event()

    @property
    def reason(self) -> BaseException | None:
        """Why the work is to stop; None while it is not."""
        return self._reason

    def request(self, reason: BaseException) -> None:
        """Stop the work: interrupt the user code that runs now, and let no more begin.

        The first reason counts.
        """
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            self._requested.set()
            if self._user_thread is None:
                return
            if self._user_thread != threading.get_ident():
                self._is_pending = True
                _throw(self._user_thread)
                return
        raise DagsterExecutionInterruptedError(str(reason))

    def check(self) -> None:
        """Return if the work is to go on.

        Raises:
            DagsterExecutionInterruptedError: it is to stop.
        """
        if self._reason is not None:
            raise DagsterExecutionInterruptedError(str(self._reason))

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until the work is to stop."""
        self._requested.wait(seconds)

    @contextmanager
    def user_code(self) -> Iterator[None]:
        """Let the block be interrupted.

        Raises:
            DagsterExecutionInterruptedError: the work is to stop.
        """
        self.check()
        self._user_thread = threading.get_ident()
        try:
            yield
        finally:
            self._user_thread = None
            with self._lock:
                if self._is_pending:
                    _clear(threading.get_ident())
                    self._is_pending = False
        self.check()


def _throw(thread_id: int) -> None:
    exception = ctypes.py_object(DagsterExecutionInterruptedError)
    _set_async_exception(ctypes.c_ulong(thread_id), exception)


def _clear(thread_id: int) -> None:
    _set_async_exception(ctypes.c_ulong(thread_id), None)


@contextmanager
def stopped_by_keyboard(interrupts: Interrupts) -> Iterator[None]:
    """Have Ctrl-C stop the work in good order while the block runs; a second one is Python's own.

    Python hands signals to the main thread only; elsewhere, or where somebody has put a handler of
    their own in place, nothing is changed.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if interrupts.reason is not None:
            signal.default_int_handler(number, frame)
        interrupts.request(KeyboardInterrupt())

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
