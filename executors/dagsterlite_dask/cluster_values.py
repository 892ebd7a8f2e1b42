"""The outputs of a run that keeps them in Dask's memory, as its driver reads them."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from itertools import chain
from threading import Thread
from typing import Any, Final, cast

from distributed import Future

from dagsterlite import plugins
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterStorageError,
    DagsterUnpicklableOutputError,
)
from dagsterlite.events.receipt import OutputPlace, Receipt, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.stores import IntermediateStorage, StepManifest
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.messages import StepResult
from dagsterlite_dask.session import Session
from dagsterlite_dask.travel import Unreadable, value_at

FETCH_SECONDS: Final = 60.0
"""How long the cluster has to hand out one value."""

SAVE_SECONDS: Final = 600.0
"""How long the workers have to save what they hold."""


class ClusterValues(IntermediateStorage):
    """Reads outputs where the run left them: in the cluster's memory, or saved as it was closed."""

    def __init__(self) -> None:
        self._session: Session | None = None
        self._futures: dict[str, Future[Any]] = {}
        self._receipts: dict[str, Receipt] = {}
        self._saved: IntermediateStorage | None = None

    # --- while the run lives ---

    def attach(self, session: Session) -> None:
        """Read from this cluster from now on."""
        self._session = session

    def keep(self, receipt: Receipt, future: Future[Any] | None) -> None:
        """Hold on to what a finished step left."""
        self._receipts[receipt.step_key] = receipt
        if future is not None and receipt.is_success:
            self._futures[receipt.step_key] = future

    def task_of(self, step_key: str) -> TaskKey | None:
        """Return the key of the task that holds what a finished step left, if it left anything."""
        future = self._futures.get(step_key)
        return None if future is None else cast(TaskKey, future.key)

    def lose(self, step_keys: Iterable[str]) -> None:
        """Note that what finished steps left is gone, with the workers of their task."""
        for key in step_keys:
            self._futures.pop(key, None)

    def is_lost(self, step_key: str) -> bool:
        """Return whether a step succeeded and what it left is gone."""
        receipt = self._receipts.get(step_key)
        return receipt is not None and receipt.is_success and step_key not in self._futures

    # --- after it ---

    def stay_open(self, stack: ExitStack) -> None:
        """Keep the connection for as long as anybody may read; ``stack`` closes it."""
        weakref.finalize(self, _close_beside, stack, self._futures).atexit = False

    def save(self, artifacts_dir: str, run_id: str) -> None:
        """Have the workers write what they hold, before their cluster is closed.

        Args:
            artifacts_dir: The folder or URL below which each run has its own folder.
            run_id: The run.
        """
        session, self._session = self._session, None
        if session is not None and self._futures and not session.is_lost:
            _save(session, self._futures, artifacts_dir, run_id)
        self._futures.clear()
        self._saved = _files(artifacts_dir, run_id)

    # --- the contract ---

    @property
    def is_persistent(self) -> bool:
        return False

    @property
    def address(self) -> str | None:
        return None

    def read_manifest(self, step_key: str) -> StepManifest | None:
        if self._saved is not None:
            return self._saved.read_manifest(step_key)
        receipt = self._receipts.get(step_key)
        return None if receipt is None else StepManifest(receipt)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return an output's value.

        Raises:
            DagsterStorageError: the cluster that held it is gone, or does not hand it out.
        """
        if self._saved is not None:
            return self._saved.read_output(step_key, output)
        future = self._futures.get(step_key)
        if future is None or self._session is None or self._session.is_lost:
            raise DagsterStorageError(_gone(step_key, output.output_name, "the cluster is gone"))
        name, mapping_key = output.output_name, output.mapping_key
        call = self._session.call(value_of, future.key, step_key, name, mapping_key)
        try:
            return call.result(FETCH_SECONDS)
        except Exception as exc:
            reason = f"{type(exc).__name__}: {exc}"
            raise DagsterStorageError(_gone(step_key, output.output_name, reason)) from exc

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        raise DagsterInvariantViolationError(_WORKERS_WRITE)

    def commit(self, manifest: StepManifest) -> StepManifest:
        raise DagsterInvariantViolationError(_WORKERS_WRITE)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        return


_WORKERS_WRITE: Final = "The values of a run on Dask are written on its workers, not by its driver."


def _gone(step_key: str, output_name: str, reason: str) -> str:
    return (
        f"Output '{output_name}' of step '{step_key}' was kept in the cluster's memory only, and "
        f"{reason}. Run with intermediate_storage filesystem to keep outputs beyond their cluster."
    )


def _files(artifacts_dir: str, run_id: str) -> IntermediateStorage:
    files: IntermediateStorage = plugins.load("fs_intermediates")(artifacts_dir, run_id)
    return files


def _save(
    session: Session, futures: Mapping[str, Future[Any]], artifacts_dir: str, run_id: str
) -> None:
    held: dict[str, list[Any]] = {}
    for key, workers in session.who_has(list(futures.values())).items():
        if workers:
            held.setdefault(workers[0], []).append(key)
    calls = [
        session.call(save_results, artifacts_dir, run_id, *keys, worker=worker)
        for worker, keys in held.items()
    ]
    for call in calls:
        call.exception(SAVE_SECONDS)


def _close_beside(stack: ExitStack, _futures: Mapping[str, Future[Any]]) -> None:
    """Close a connection; the futures are kept until then, so that they go with it at once."""
    # Whoever collects garbage may be the very thread that closing waits for.
    Thread(target=stack.close, daemon=True).start()


# --- on workers ----------------------------------------------------------------------------------


def value_of(result: StepResult, step_key: str, output_name: str, mapping_key: str | None) -> Any:
    """Return one output of a step out of its task's result."""
    return value_at(result.of(step_key).values, (output_name, mapping_key), step_key)


def save_results(artifacts_dir: str, run_id: str, *results: StepResult) -> None:
    """Write the outputs of steps as files; what cannot be written is left out."""
    storage = _files(artifacts_dir, run_id)
    for result in chain.from_iterable((*task.earlier, task) for task in results):
        receipt = result.receipt
        if receipt is not None:
            managed = (output for output in receipt.outputs if output.is_managed)
            outputs = (*managed, *_written(storage, receipt, result.values))
            storage.commit(StepManifest(replace(receipt, outputs=outputs)))


def _written(
    storage: IntermediateStorage, receipt: Receipt, values: Mapping[OutputPlace, Any]
) -> Iterator[StoredOutput]:
    for (name, mapping_key), value in values.items():
        output = StepOutputHandle(receipt.step_key, name, mapping_key)
        if isinstance(value, Unreadable):
            continue
        with suppress(DagsterUnpicklableOutputError):
            yield storage.write(output, receipt.attempt_id, value)
