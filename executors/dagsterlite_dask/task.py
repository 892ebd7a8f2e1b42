"""The task of a step or a chain of steps, on a worker: decide, recover or run, commit, tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import cloudpickle
from distributed import Worker, get_worker

from dagsterlite.errors import DagsterExecutionStepExecutionError
from dagsterlite.events.engine import EngineEventData, StepRecovered
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.outputs import is_handed_on
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.step import AttemptResult, pass_over
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.serdes import from_json
from dagsterlite.stores import StepManifest
from dagsterlite_dask.attempts import Attempts, returned
from dagsterlite_dask.graph import Again
from dagsterlite_dask.messages import StepResult, keys_from_wire, steps_from_wire
from dagsterlite_dask.topic_sink import KEPT_CHARACTERS, TopicSink
from dagsterlite_dask.worker_run import WorkerRun, open_run

FIRST: Final = (0, False)


def run_steps(
    payload: tuple[str, bytes], steps: str, again: Again | None, *upstream: StepResult | str
) -> StepResult:
    """Run the steps of a task one after the other on this worker; return the last one's result.

    What goes wrong in a step is in its receipt, not raised. Where one waits for another attempt,
    those behind it do not run.

    Args:
        payload: The run's id, and its payload as bytes.
        steps: The steps as they travel; each but the first needs the one before it, and only that.
        again: What is known of the first where it was given to the cluster before.
        upstream: The results of the steps that the first needs, or their receipts as JSON.

    Raises:
        DagsterRunCanceledError: the run is over.
        Exception: what the pipeline's modules raise where they are loaded.
    """
    found = _upstream(upstream)
    if found is None:
        return StepResult(receipt=None)
    worker = get_worker()
    chain = _Chain(worker, open_run(*payload, worker))
    todo = steps_from_wire(steps)
    for step in todo:
        result = chain.run(*step, found, again or FIRST, is_last=step is todo[-1])
        again, found = None, _upstream([result])
        if found is None:
            return chain.result(StepResult(receipt=None))
    return chain.result(result)


def _upstream(found: Iterable[StepResult | str]) -> Upstream | None:
    """Return what the steps before left; None where one of them waits for another attempt."""
    receipts: dict[str, Receipt] = {}
    values: dict[StepOutputHandle, Any] = {}
    for one in found:
        if isinstance(one, str):
            receipt = from_json(one)
        elif one.receipt is None or one.receipt.outcome is StepOutcome.UP_FOR_RETRY:
            return None
        else:
            receipt = one.receipt
            for (name, mapping_key), value in one.values.items():
                values[StepOutputHandle(receipt.step_key, name, mapping_key)] = value
        receipts[receipt.step_key] = receipt
    return Upstream(receipts, values)


class _Chain:
    """The steps of one task, and what they leave."""

    def __init__(self, worker: Worker, run: WorkerRun) -> None:
        self._worker = worker
        self._run = run
        self._keeps_all = not run.context.storage.is_persistent
        self._ended: list[StepResult] = []
        self._told: list[Mapping[str, Any]] = []
        self._room = KEPT_CHARACTERS

    def run(
        self,
        step_key: str,
        mapping_keys: str | None,
        upstream: Upstream,
        again: Again,
        *,
        is_last: bool,
    ) -> StepResult:
        with self._run.task(step_key, self._worker.address) as (context, sink):
            step = context.plan.step_for(step_key, keys_from_wire(mapping_keys))
            task = _Task(self._worker, self._run, context, sink, again)
            # What was committed before is read where it is needed: by the step behind, if it runs.
            result = task.result(step, upstream, reads_recovered=is_last)
            told = sink.finish(result.receipt, _pickled(result.error), self._worker.address)
        self._keep(told)
        ended = StepResult(receipt=result.receipt, values=result.values)
        if self._keeps_all:
            self._ended.append(ended)
        return ended

    def _keep(self, told: Mapping[str, Any] | None) -> None:
        self._room -= sum(map(len, told["entries"])) if told else 0
        if told is not None and self._room >= 0:
            self._told.append(told)

    def result(self, last: StepResult) -> StepResult:
        """Return what the task leaves: the result of its last step, and what else is needed."""
        earlier = tuple(one for one in self._ended if one is not last)
        return replace(last, earlier=earlier, told=tuple(self._told))


class _Task:
    def __init__(
        self, worker: Worker, run: WorkerRun, context: RunContext, sink: TopicSink, again: Again
    ) -> None:
        self._worker = worker
        self._run = run
        self._context = context
        self._sink = sink
        self._again = again

    def result(
        self, step: ExecutionStep, upstream: Upstream, *, reads_recovered: bool
    ) -> AttemptResult:
        decision = decide(step, upstream.receipts)
        if not isinstance(decision, Run):
            return returned(pass_over(self._context, step, decision))
        manifest = self._context.storage.read_manifest(step.key)
        if manifest is not None:
            return self._recover(step, manifest, reads=reads_recovered)
        attempts = Attempts(self._worker, self._run, self._context, self._sink)
        result = attempts.run(step, upstream, *self._again)
        if self._sink.has_told_of(result.receipt.attempt_id):
            return result
        # Another copy of this task was committed first; it may not live to tell.
        standing = self._context.storage.read_manifest(step.key)
        self._sink.hand_on(() if standing is None else standing.entries)
        return result

    def _recover(
        self, step: ExecutionStep, manifest: StepManifest, *, reads: bool
    ) -> AttemptResult:
        """Load the outputs of a step that was committed before: its code does not run again."""
        self._sink.hand_on(manifest.entries)
        receipt = manifest.receipt
        message = (
            f'Step "{step.key}" was committed before: its outputs are loaded, it does not run.'
        )
        detail = StepRecovered(step.key, receipt.attempt_id)
        self._context.step_log(step).event(
            DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail)
        )
        values = self._stored_values(step, receipt) if reads else {}
        return AttemptResult(receipt=receipt, values=values)

    def _stored_values(self, step: ExecutionStep, receipt: Receipt) -> dict[OutputPlace, Any]:
        storage = self._context.storage
        values: dict[OutputPlace, Any] = {}
        for output in receipt.outputs:
            if output.is_managed:
                continue
            value = storage.read_output(step.key, output)
            if is_handed_on(storage, step.step_output_named(output.output_name), value):
                values[output.place] = value
        return values


def _pickled(error: BaseException | None) -> bytes | None:
    """Return what the user's code raised as bytes; None where that cannot be done."""
    if isinstance(error, DagsterExecutionStepExecutionError):
        error = error.user_exception
    if not isinstance(error, Exception):
        return None
    try:
        data: bytes = cloudpickle.dumps(error)
    except Exception:  # noqa: BLE001 - any object may refuse, in any way
        return None
    return data


def told_by(result: StepResult) -> Sequence[Mapping[str, Any]]:
    """Return what the steps of a task told, for a driver that did not hear all; less if gone."""
    return result.told
