"""Stopping user code that takes longer than it may."""

from __future__ import annotations

import threading
from types import TracebackType

from dagsterlite.errors import DagsterExecutionInterruptedError, DagsterStepTimeoutError
from dagsterlite.execution.interrupts import INSIST_SECONDS, Interrupts


class Deadline:
    """A block that is interrupted when its time is over, as by a cancel of the run.

    A call that stays in C is not interrupted before it returns.

    Args:
        interrupts: Those of the run.
        step_key: The step that the block works for.
        seconds: How long it may take.
    """

    def __init__(self, interrupts: Interrupts, step_key: str, seconds: float) -> None:
        self._interrupts = interrupts
        self._step_key = step_key
        self._seconds = seconds
        self._thread = threading.get_ident()
        self._ended = threading.Event()
        self._is_over = False
        self._watch = threading.Thread(target=self._wait, name="dagsterlite-deadline", daemon=True)

    def __enter__(self) -> None:
        self._watch.start()

    def _wait(self) -> None:
        wait = min(self._seconds, threading.TIMEOUT_MAX)
        while not self._ended.wait(wait):
            self._is_over = True
            self._interrupts.interrupt_thread(self._thread)
            wait = INSIST_SECONDS

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        """End the block.

        Raises:
            DagsterStepTimeoutError: its time was over, whatever came of it since.
        """
        self._ended.set()
        self._watch.join()
        self._interrupts.spare_thread(self._thread)
        if not self._is_over or self._interrupts.reason is not None or kind is GeneratorExit:
            return
        cause = None if isinstance(exc, DagsterExecutionInterruptedError) else exc
        raise DagsterStepTimeoutError(self._step_key, self._seconds) from cause
