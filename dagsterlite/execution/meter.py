"""What an attempt of a step costs, measured where it runs."""

from __future__ import annotations

import os
import time
from typing import Final

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metrics import Arrival, StepMetrics
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.execution.peak_memory import PeakMemory

_DIGITS: Final = 6
"""Microseconds: the clocks tell nothing finer that could be had again."""


class Meter:
    """Measures one attempt, from when it is made until it is stopped.

    Args:
        worker: The worker that the attempt runs on; empty for the driver's own process.
        attempt: Which attempt of its step it is, from 1 on.
        arrival: What it took to bring the step there.
    """

    def __init__(self, worker: str, attempt: int, arrival: Arrival) -> None:
        self._worker = worker
        self._attempt = attempt
        self._arrival = arrival
        self._read = 0
        self._written = 0
        self._memory = _memory
        self._stretch = _memory.begin()
        self._wall = time.perf_counter()
        self._cpu = time.thread_time()

    def count(self, event: DagsterEvent) -> DagsterEvent:
        """Add up the bytes that an event of the attempt tells of; return the event."""
        if event.event_type is DagsterEventType.OBJECT_STORE_OPERATION:
            data = event.object_store_operation_result_data
            if data.op is ObjectStoreOperationType.GET_OBJECT:
                self._read += data.size or 0
            elif data.op is ObjectStoreOperationType.SET_OBJECT:
                self._written += data.size or 0
        return event

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
            attempt=self._attempt,
            bytes_read=self._read,
            bytes_written=self._written,
            queue_seconds=self._arrival.queue_seconds,
            transfer_seconds=self._arrival.transfer_seconds,
            bytes_received=self._arrival.bytes_received,
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
