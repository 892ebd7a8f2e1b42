"""The runs that this worker process lets in: opened by the first task, shut once and for all."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from distributed import Worker

from dagsterlite.errors import DagsterRunCanceledError
from dagsterlite_dask.payload import decode_payload
from dagsterlite_dask.worker_run import WorkerRun

ADMIT_SECONDS: Final = 10.0
"""How long a task waits until its run is let into its process."""


class _Door:
    """A run that this process may open, and has opened perhaps."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.workers = 0
        self.is_shut = False
        self.run: WorkerRun | None = None


_doors: dict[str, _Door] = {}
#: The last runs whose door was shut.
_shut_doors: deque[str] = deque(maxlen=100)
# Held for an instant only: the worker's event loop takes it too.
_doors_lock = threading.Lock()
_door_opened = threading.Condition(_doors_lock)


def admit_run(run_id: str) -> None:
    """Let tasks of a run open it here; each worker of this process does so once."""
    with _door_opened:
        _doors.setdefault(run_id, _Door()).workers += 1
        _door_opened.notify_all()


def open_run(run_id: str, data: bytes, worker: Worker) -> WorkerRun:
    """Return the run in this process, made from its payload when it is first asked for.

    Raises:
        DagsterRunCanceledError: its driver has closed it, or never opened it.
    """
    door = _doors.get(run_id) or _awaited_door(run_id)
    if door is None:
        raise DagsterRunCanceledError(run_id)
    if door.run is not None:
        return door.run
    with door.lock:
        if door.is_shut:
            raise DagsterRunCanceledError(run_id)
        if door.run is None:
            door.run = WorkerRun(decode_payload(data), worker)
        return door.run


def _awaited_door(run_id: str) -> _Door | None:
    """Wait for a run's door: where this worker is slow, a task may be here before that."""
    with _door_opened:
        _door_opened.wait_for(lambda: run_id in _doors or run_id in _shut_doors, ADMIT_SECONDS)
        return _doors.get(run_id)


def note_retry(run_id: str, step_key: str, number: int) -> None:
    """Take up how often a step of a run was tried, if the run is open in this process."""
    run = _opened(run_id)
    if run is not None:
        run.note_retry(step_key, number)


def tell_of_run(run_id: str) -> None:
    """Send what the ended steps of a run have told, if it is open in this process."""
    run = _opened(run_id)
    if run is not None:
        run.tell()


def interrupt_run(run_id: str) -> list[str]:
    """Stop the run in this process, if it is open; return the steps that run now."""
    run = _opened(run_id)
    return [] if run is None else run.interrupt(DagsterRunCanceledError(run_id))


def running_steps(run_id: str) -> list[str]:
    """Return the steps of the run that run in this process."""
    run = _opened(run_id)
    return [] if run is None else run.running()


def _opened(run_id: str) -> WorkerRun | None:
    door = _doors.get(run_id)
    return None if door is None else door.run


async def end_run(run_id: str) -> Mapping[str, Any] | None:
    """Close the run in this process, for all its workers; return what the run's resources told."""
    return await asyncio.to_thread(_shut, run_id)


def close_run(run_id: str) -> None:
    """Close the run in this process when its last worker does so."""
    with _doors_lock:
        door = _doors.get(run_id)
        if door is None:
            return
        door.workers -= 1
        if door.workers > 0:
            return
    if door.run is not None:
        door.run.drain()
        door.run.leave()
    _shut(run_id)


def _shut(run_id: str) -> Mapping[str, Any] | None:
    with _doors_lock:
        door = _doors.pop(run_id, None)
        if door is not None:
            _shut_doors.append(run_id)
    if door is None:
        return None
    with door.lock:
        door.is_shut = True
    return None if door.run is None else door.run.close()
