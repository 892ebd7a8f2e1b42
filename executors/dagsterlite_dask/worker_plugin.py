"""What a worker does for a run beside its tasks: stop them, and clean up at its end."""

from __future__ import annotations

import asyncio
from typing import Any

from distributed import Worker, WorkerPlugin

from dagsterlite.errors import DagsterRunCanceledError
from dagsterlite_dask.worker_run import close_run, interrupt_run


class RunPlugin(WorkerPlugin):
    """Owns the run in each worker process: unregistering it, or the worker's end, cleans up.

    Args:
        run_id: The run.
    """

    idempotent = True

    def __init__(self, run_id: str) -> None:
        self.name = f"dagsterlite-{run_id}"
        self._run_id = run_id
        self._worker: Any = None

    def setup(self, worker: Worker) -> None:
        """Remember the worker."""
        self._worker = worker

    async def teardown(self, worker: Worker) -> None:
        """Tear the run's resources down, off the worker's event loop."""
        await asyncio.to_thread(close_run, self._run_id, worker)


def stop_tasks(run_id: str) -> None:
    """Stop the run's tasks on the worker that this is called on."""
    interrupt_run(run_id, DagsterRunCanceledError(run_id))
