"""Stopping user code from outside: another thread, another process, or Ctrl-C.

The exception reaches Python code at its next bytecode; a call that stays in C is not interrupted
before it returns. It is raised only while user code runs, never inside the framework's own work,
also where user code has called it.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

from dagsterlite.errors import DagsterExecutionInterruptedError

_set_async_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Interrupts:
    """Whether the work is to stop, and the way to stop user code in the midst of it.

    Several threads may be in user code at a time; all are interrupted.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._inside: set[int] = set()
        self._struck: set[int] = set()
        self._borrowers: list[Interrupts] = []
        self._reason: BaseException | None = None
        # Held until the work is to stop. A signal handler may let go of a plain lock at any
        # moment; an Event could be in the midst of its own lock then.
        self._gate = threading.Lock()
        self._gate.acquire()
        #: Whether the caller's own code runs, between two events that it was handed.
        self.is_suspended = False

    @property
    def reason(self) -> BaseException | None:
        """Why the work is to stop; None while it is not."""
        return self._reason

    def request(self, reason: BaseException) -> None:
        """Stop the work: interrupt the user code that runs now, and let no more begin.

        The first reason counts.

        Raises:
            DagsterExecutionInterruptedError: the caller is itself user code, or a signal handler
                that interrupts it.
        """
        here = threading.get_ident()
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            self._gate.release()
            for thread in self._inside - {here}:
                self._struck.add(thread)
                _set_async_exception(
                    ctypes.c_ulong(thread), ctypes.py_object(DagsterExecutionInterruptedError)
                )
            borrowers = list(self._borrowers)
        for borrower in borrowers:
            borrower.request(reason)
        if here in self._inside:
            self.check()

    def check(self) -> None:
        """Return if the work is to go on.

        Raises:
            DagsterExecutionInterruptedError: it is to stop.
        """
        if self._reason is not None:
            raise DagsterExecutionInterruptedError(str(self._reason))

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until the work is to stop."""
        if self._gate.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            self._gate.release()

    def user_code(self) -> UserCode:
        """Return a block that may be interrupted; blocks may be nested.

        The block raises DagsterExecutionInterruptedError where the work is to stop, also when what
        runs inside has caught that error.
        """
        return UserCode(self)

    def shielded(self) -> Shield:
        """Return a block that is not interrupted: the framework's own work, called by user code.

        What was asked for meanwhile is raised at its end.
        """
        return Shield(self)

    @contextmanager
    def lent_to(self, borrower: Interrupts) -> Iterator[None]:
        """Have a run inside user code interrupted in place of the run whose user code it is."""
        with self.shielded():
            with self._lock:
                self._borrowers.append(borrower)
            if self._reason is not None:
                borrower.request(self._reason)
            try:
                yield
            finally:
                with self._lock:
                    self._borrowers.remove(borrower)

    def enter(self) -> None:
        """Let this thread be interrupted from now on."""
        self._inside.add(threading.get_ident())
        try:
            self.check()
        except DagsterExecutionInterruptedError:
            self.leave()
            raise

    def leave(self) -> bool:
        """Let this thread be no more interrupted; return whether it could be."""
        here = threading.get_ident()
        if here not in self._inside:
            return False
        with self._lock:
            self._inside.discard(here)
            if here in self._struck:
                # The exception may still be on its way.
                _set_async_exception(ctypes.c_ulong(here), None)
                self._struck.discard(here)
        return True


class UserCode:
    """A block that may be interrupted; see :meth:`Interrupts.user_code`."""

    __slots__ = ("_interrupts", "_is_outermost", "_outer")

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._outer: Interrupts | None = getattr(_here, "interrupts", None)
        self._is_outermost = self._outer is not self._interrupts
        if self._is_outermost:
            _here.interrupts = self._interrupts
            try:
                self._interrupts.enter()
            except BaseException:
                _here.interrupts = self._outer
                raise

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._is_outermost:
            _here.interrupts = self._outer
            self._interrupts.leave()
        if kind is None:
            self._interrupts.check()


class Shield:
    """A block that is not interrupted; see :meth:`Interrupts.shielded`."""

    __slots__ = ("_interrupts", "_was_inside")

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._was_inside = self._interrupts.leave()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        if self._was_inside:
            self._interrupts.enter()


_here = threading.local()


def of_this_thread() -> Interrupts | None:
    """Return the interrupts of the user code that this thread is in, if it is in any."""
    found: Interrupts | None = getattr(_here, "interrupts", None)
    return found


@contextmanager
def stopped_by_keyboard(interrupts: Interrupts) -> Iterator[None]:
    """Have Ctrl-C stop the work in good order while the block runs; a second one is Python's own.

    So is one that comes while the caller's own code runs. Python hands signals to the main thread
    only; elsewhere, or where somebody has put a handler of their own in place, nothing is changed.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        if interrupts.is_suspended or interrupts.reason is not None:
            signal.default_int_handler(number, frame)
        interrupts.request(KeyboardInterrupt())

    signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        # What was left unread may be collected on another thread, which may not touch signals.
        with suppress(ValueError):
            signal.signal(signal.SIGINT, signal.default_int_handler)
