"""What an attempt of a step costs, measured where it runs."""

from __future__ import annotations

import os
import time
from typing import Final

from dagsterlite.events.metrics import StepMetrics
from dagsterlite.execution.peak_memory import PeakMemory

_DIGITS: Final = 6
"""Microseconds: the clocks tell nothing finer that could be had again."""


class Meter:
    """Measures one attempt, from when it is made until it is stopped.

    Args:
        worker: The worker that the attempt runs on; empty for the driver's own process.
    """

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._memory = _memory
        self._stretch = _memory.begin()
        self._wall = time.perf_counter()
        self._cpu = time.thread_time()

    def read(self) -> StepMetrics:
        """Return what the attempt has cost up to now."""
        wall, cpu = time.perf_counter() - self._wall, time.thread_time() - self._cpu
        self._memory.look()
        return StepMetrics(
            wall_seconds=round(wall, _DIGITS),
            # Another thread may read on where this one began.
            cpu_seconds=round(max(0.0, cpu), _DIGITS),
            peak_memory=self._stretch.peak or None,
            shared=self._stretch.is_shared,
            worker=self._worker,
        )

    def stop(self) -> None:
        """Measure no more."""
        self._memory.end(self._stretch)


_memory = PeakMemory()


def _begin_anew() -> None:
    """Forget, after a fork, what runs in the process that was forked."""
    global _memory  # noqa: PLW0603 - a process has one peak of memory
    _memory = PeakMemory()


os.register_at_fork(after_in_child=_begin_anew)
