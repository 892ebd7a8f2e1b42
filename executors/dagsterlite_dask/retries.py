"""What a worker knows of the attempts that others made at a step.

A step that asks for another attempt writes its number down on the scheduler and tells the workers
that are there before that attempt begins; workers that come later read it when they open the run.
So the number survives the worker, and a run without retries pays one question a worker for it.
A step that must not run twice leaves a mark on the scheduler before each attempt.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from distributed import Worker
from distributed.protocol.pickle import dumps
from distributed.utils import sync

from dagsterlite_dask.keys import topic_of

SECONDS: Final = 10
"""How long the scheduler and the workers have to answer."""

_TRIED: Final = "tried"
_BEGUN: Final = "begun"


def read_numbers(worker: Worker, run_id: str) -> Mapping[str, int]:
    """Return for each step that was tried before, how often."""
    ask = worker.scheduler.get_metadata
    found = _answer(worker, ask, keys=[topic_of(run_id), _TRIED], default=None)
    return found if isinstance(found, dict) else {}


def write_number(worker: Worker, run_id: str, step_key: str, number: int, tell: Any) -> None:
    """Write down that a step is about to be tried again.

    Args:
        worker: The worker that it runs on.
        run_id: The run.
        step_key: The step.
        number: How often it was tried before.
        tell: Called with run, step and number on each worker.
    """
    write = worker.scheduler.set_metadata
    _answer(worker, write, keys=[topic_of(run_id), _TRIED, step_key], value=number)
    message = {
        "op": "run",
        "function": dumps(tell),
        "args": dumps((run_id, step_key, number)),
        "kwargs": dumps({}),
    }
    _answer(worker, worker.scheduler.broadcast, msg=message, on_error="ignore")


def mark_begun(worker: Worker, run_id: str, step_key: str, number: int) -> str | None:
    """Leave the mark of an attempt; return the worker that made it before, if one did.

    Args:
        worker: The worker that is about to make it.
        run_id: The run.
        step_key: The step.
        number: How often the step was tried before.

    Raises:
        OSError: the scheduler does not answer.
    """
    keys = [topic_of(run_id), _BEGUN, step_key]
    scheduler = worker.scheduler
    found = sync(
        worker.loop, scheduler.get_metadata, callback_timeout=SECONDS, keys=keys, default=None
    )
    if found is not None and found[0] == number:
        return str(found[1])
    mark = (number, worker.address)
    sync(worker.loop, scheduler.set_metadata, callback_timeout=SECONDS, keys=keys, value=mark)
    return None


def _answer(worker: Worker, ask: Any, **message: Any) -> Any:
    # A number that is not known makes for one attempt more, not for a step that fails.
    with suppress(OSError):
        return sync(worker.loop, ask, callback_timeout=SECONDS, **message)
    return None
