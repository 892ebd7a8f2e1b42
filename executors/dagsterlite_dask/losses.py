"""What is told of workers that are gone, and of steps that Dask could not run. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dask.utils import format_bytes
from distributed import KilledWorker

from dagsterlite.errors import DagsterStepLostError
from dagsterlite.events.engine import WorkerLost
from dagsterlite_dask.watch import Sight


def lost_worker(worker: str, steps: Sequence[str], last: Sight | None) -> tuple[str, WorkerLost]:
    """Return what is told of a worker that is gone, as text and as detail.

    Args:
        worker: Its address.
        steps: The steps that it was given and that have no end.
        last: How it was when it was seen last.
    """
    text = f"Worker {worker} was lost."
    if steps:
        text += f" It had been given: {', '.join(steps)}."
    memory, limit = (last.memory, last.memory_limit or None) if last else (None, None)
    return text + _memory(last), WorkerLost(worker, tuple(steps), memory, limit)


def unrunnable(
    key: str, error: BaseException, last_of: Callable[[str], Sight | None]
) -> DagsterStepLostError:
    """Return the error of a step whose task ended in an error of Dask's.

    Args:
        key: The step.
        error: What Dask says.
        last_of: Returns how a worker was when it was seen last.
    """
    if isinstance(error, KilledWorker):
        text = _killed(key, error, last_of(error.last_worker.address))
    else:
        text = f"Dask could not run step '{key}': {type(error).__name__}: {error}"
    lost = DagsterStepLostError(text)
    lost.__cause__ = error
    return lost


def taken_away(key: str) -> DagsterStepLostError:
    """Return the error of a step whose task somebody else took off the cluster."""
    return DagsterStepLostError(
        f"The task of step '{key}' was canceled on the cluster by somebody else than the run's "
        "driver."
    )


def unheard(key: str) -> DagsterStepLostError:
    """Return the error of a step that ended, and of which nothing is left that tells how."""
    return DagsterStepLostError(
        f"Step '{key}' ended, but what it told was lost with its worker before the driver heard "
        "all of it, and it left no manifest. Execute the run again."
    )


def _killed(key: str, error: KilledWorker, last: Sight | None) -> str:
    text = (
        f"Step '{key}' was given up: {error.allowed_failures + 1} workers died one after the "
        f"other while they ran it, at last {error.last_worker.address}.{_memory(last)}"
    )
    if last is not None and last.is_stopped:
        return f"{text} Give the step's workers more memory, or have it hold less at once."
    limit = error.last_worker.memory_limit
    if limit and last is None:
        text += f" It might use {format_bytes(limit)} of memory."
    return (
        f"{text} The step may need more memory than they have, or it ends its process; the "
        "workers' own logs say more."
    )


def _memory(last: Sight | None) -> str:
    """Return what is known of the memory of a worker that is gone, as a sentence."""
    if last is None:
        return ""
    if last.is_stopped:
        return f" Its nanny stopped it because of its memory: it held {last.memory_text}."
    return f" When it was seen last it held {last.memory_text} memory."
