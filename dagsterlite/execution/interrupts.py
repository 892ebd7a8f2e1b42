"""Stopping user code from outside: another thread, another process, or Ctrl-C.

The exception reaches Python code at its next bytecode. In the main thread a call that waits (a
sleep, a lock, a socket) is woken for it; elsewhere, and where it computes, a call that stays in C
is not interrupted before it returns. The exception is raised only while user code runs, never
inside the framework's own work, also where user code has called it.
"""

from __future__ import annotations

import _thread
import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Final, Protocol, TypeVar

from dagsterlite.errors import DagsterExecutionInterruptedError, DagsterTerminatedError

T = TypeVar("T")

INSIST_SECONDS: Final = 1.0
"""How long user code may go on after it was interrupted before it is interrupted again."""

_WAKING: Final = signal.SIGURG
"""Wakes the main thread: a signal that does nothing where nobody handles it."""

_OVERDUE: Final = "its time is over"

STOPS: Final = (DagsterExecutionInterruptedError, KeyboardInterrupt)
"""What does not say that user code is wrong, but that it is to stop."""

_set_async_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


class Watcher(Protocol):
    """What is to know that work is to stop."""

    def request(self, reason: BaseException) -> None:
        """Take up that the work is to stop; must not take long."""


class Interrupts:
    """Whether the work is to stop, and the way to stop user code in the midst of it.

    Several threads may be in user code at a time; all are interrupted.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._inside: set[int] = set()
        self._struck: set[int] = set()
        self._overdue: set[int] = set()
        #: What user code uses that is to stop with it, with the threads that it runs in.
        self._watchers: list[tuple[int, Watcher]] = []
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
            if self._inside:
                self._strike(self._inside - {here})
                # A Thread takes locks to start, which a signal handler may find taken.
                _thread.start_new_thread(self._insist, ())
            watchers = list(self._watchers)
        for _, watcher in watchers:
            watcher.request(reason)
        if here in self._inside:
            self.check()

    def interrupt_thread(self, thread: int) -> None:
        """Stop the user code of one thread: now, or as soon as it goes on there."""
        with self._lock:
            self._overdue.add(thread)
            self._strike({thread} & self._inside - _cleaning_up())
            watchers = [watcher for watched, watcher in self._watchers if watched == thread]
        for watcher in watchers:
            watcher.request(DagsterExecutionInterruptedError(_OVERDUE))

    def spare_thread(self, thread: int) -> None:
        """Let the user code of a thread go on again."""
        with self._lock:
            self._overdue.discard(thread)

    def _strike(self, threads: set[int]) -> None:
        for thread in threads:
            self._struck.add(thread)
            _set_async_exception(
                ctypes.c_ulong(thread), ctypes.py_object(DagsterExecutionInterruptedError)
            )
            _wake(thread)

    def _insist(self) -> None:
        """Strike again where an interrupt was lost: in a finalizer Python itself swallows it."""
        while self._inside:
            time.sleep(INSIST_SECONDS)
            with self._lock:
                self._strike(self._inside - _cleaning_up())

    def check(self) -> None:
        """Return if the work is to go on.

        Raises:
            DagsterExecutionInterruptedError: it is to stop.
        """
        if self._reason is not None:
            raise DagsterExecutionInterruptedError(str(self._reason))
        if self._overdue and threading.get_ident() in self._overdue:
            raise DagsterExecutionInterruptedError(_OVERDUE)

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than until the work is to stop."""
        if self._gate.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
            self._gate.release()

    def call(self, user_code: Callable[[], T]) -> T:
        """Call user code, which may be interrupted, and return its answer; calls may be nested.

        Raises:
            DagsterExecutionInterruptedError: the work is to stop, also where user code has caught
                that error.
        """
        outer = of_this_thread()
        if outer is self:
            return user_code()
        # An interrupt may strike while user code is being left, but only once: what the inner
        # clean-up does not come to do, the outer one does.
        try:
            try:
                _here.interrupts = self
                self.enter()
                answer = user_code()
            finally:
                self.leave()
        finally:
            self.leave()
            _here.interrupts = outer
        self.check()
        return answer

    def shielded(self) -> Shield:
        """Return a block that is not interrupted: the framework's own work, called by user code.

        What was asked for meanwhile is raised at its end.
        """
        return Shield(self)

    @contextmanager
    def lent_to(self, borrower: Interrupts) -> Iterator[None]:
        """Have a run inside user code interrupted in place of the run whose user code it is."""
        with self.shielded(), self.watched_by(borrower):
            yield

    @contextmanager
    def watched_by(self, watcher: Watcher) -> Iterator[None]:
        """Have something else stop with the user code of this thread while the block runs."""
        here = threading.get_ident()
        with self._lock:
            self._watchers.append((here, watcher))
        if self._reason is not None:
            watcher.request(self._reason)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.remove((here, watcher))

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


def _wake(thread: int) -> None:
    """Have a call that waits in C let Python look for what was raised into its thread.

    Python looks between a signal and its handler, in the main thread alone; where nothing was
    raised, the call goes on to wait.
    """
    is_main = thread == threading.main_thread().ident
    if is_main and signal.getsignal(_WAKING) is _woken:
        signal.pthread_kill(thread, _WAKING)


def _woken(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: the interrupt was raised on the way here."""


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


def _cleaning_up() -> set[int]:
    """Return the threads that are in the midst of cleaning up after an interrupt."""
    # As of Python 3.12 these are exceptions, before that what sys.exc_info() returns.
    current: dict[int, Any] = sys._current_exceptions()  # noqa: SLF001 - documented
    return {
        thread
        for thread, found in current.items()
        if _is_interrupt(found[1] if isinstance(found, tuple) else found)
    }


def _is_interrupt(exc: BaseException | None) -> bool:
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        if isinstance(exc, DagsterExecutionInterruptedError):
            return True
        seen.add(id(exc))
        exc = exc.__context__
    return False


@contextmanager
def stopped_by_signals(interrupts: Interrupts) -> Iterator[None]:
    """Have Ctrl-C stop the work in good order while the block runs; a second one is Python's own.

    So is one that comes while the caller's own code runs. The command line has SIGTERM handled as
    SIGINT is. Python hands signals to the main thread only; elsewhere, or where somebody has put a
    handler of their own in place, nothing is changed.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if interrupts.is_suspended or interrupts.reason is not None:
            signal.default_int_handler(number, frame)
        is_term = number == signal.SIGTERM
        interrupts.request(DagsterTerminatedError() if is_term else KeyboardInterrupt())

    with (
        _handled(_WAKING, signal.SIG_DFL, _woken),
        _handled(signal.SIGINT, signal.default_int_handler, stop),
    ):
        yield


@contextmanager
def _handled(number: signal.Signals, usual: Any, handler: Any) -> Iterator[None]:
    """Handle a signal while the block runs, where it is handled as usual before."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(number) is not usual:
        yield
        return
    signal.signal(number, handler)
    try:
        yield
    finally:
        # What was left unread may be collected on another thread, which may not touch signals.
        with suppress(ValueError):
            signal.signal(number, usual)
