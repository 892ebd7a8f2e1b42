"""What it took to bring a task and its inputs to the worker that runs it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

from distributed import Worker

from dagsterlite.events.metrics import Arrival
from dagsterlite_dask.messages import StepResult

NO_ARRIVAL: Final = Arrival()
"""Of a step that another of its task, or an attempt of its own, went before."""

_DIGITS: Final = 6


def could_run(submitted: float, upstream: Iterable[StepResult | str]) -> float:
    """Return when a task was submitted and all that it needs was there.

    Args:
        submitted: Unix seconds of its submission.
        upstream: The results that it was given; receipts were there before.
    """
    return max(submitted, *(one.ended for one in upstream if isinstance(one, StepResult)), 0.0)


def arrival_of(worker: Worker, since: float) -> Arrival:
    """Return what it took to bring the task that this thread runs to its worker.

    Args:
        worker: The worker.
        since: Unix seconds from which on the task could run.
    """
    task = worker.state.tasks[worker.get_current_task()]
    transfers = {(s["start"], s["stop"]) for s in task.startstops if s["action"] == "transfer"}
    return Arrival(
        # Clocks of other machines may be ahead; Dask's guess at how far is the worse measure.
        queue_seconds=round(max(0.0, time.time() - since), _DIGITS),
        transfer_seconds=round(covered(transfers), _DIGITS),
        bytes_received=_received(worker.transfer_incoming_log, transfers),
    )


def covered(stretches: Iterable[tuple[float, float]]) -> float:
    """Return how many seconds lie in at least one of some stretches of time."""
    total, until = 0.0, float("-inf")
    for start, stop in sorted(stretches):
        total += max(0.0, stop - max(start, until))
        until = max(until, stop)
    return total


def _received(log: Iterable[dict[str, Any]], transfers: set[tuple[float, float]]) -> int:
    """Return the bytes of steps' results that came in some transfers, from Dask's log of them."""
    if not transfers:
        return 0
    return sum(
        nbytes or 0
        for transfer in tuple(log)
        if (transfer["start"], transfer["stop"]) in transfers
        # Keys of what belongs to the run as a whole, its payload, are texts.
        for key, nbytes in transfer["keys"].items()
        if isinstance(key, tuple)
    )
