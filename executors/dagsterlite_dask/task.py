"""The task of a step or a chain of steps, on a worker: decide, recover or run, commit, tell."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Final

import cloudpickle
from distributed import Worker, get_worker

from dagsterlite.config.secrets import Redact
from dagsterlite.errors import DagsterExecutionStepExecutionError
from dagsterlite.events.engine import EngineEventData, StepRecovered
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metrics import Arrival
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome
from dagsterlite.execution.attempt import Attempt, AttemptResult
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.outputs import is_handed_on
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.step import pass_over
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.serdes import from_json
from dagsterlite.stores import StepManifest
from dagsterlite_dask.admission import open_run
from dagsterlite_dask.arrival import NO_ARRIVAL, arrival_of, could_run
from dagsterlite_dask.attempts import Attempts, returned
from dagsterlite_dask.graph import Again
from dagsterlite_dask.messages import StepResult, chains_from_wire, keys_from_wire
from dagsterlite_dask.topic_sink import KEPT_CHARACTERS, TopicSink
from dagsterlite_dask.travel import Unreadable, value_at
from dagsterlite_dask.worker_run import WorkerRun

FIRST: Final = (0, False)


def run_steps(
    payload: tuple[str, bytes],
    chains: str,
    again: Again | None,
    submitted: float,
    *upstream: StepResult | str,
) -> StepResult:
    """Run the steps of a task one after the other on this worker; return the last one's result.

    What goes wrong in a step is in its receipt, not raised. Where one waits for another attempt,
    those behind it in its chain do not run.

    Args:
        payload: The run's id, and its payload as bytes.
        chains: The steps as they travel; in a chain, each but the first needs the one before it,
            and only that.
        again: What is known of a step alone where it was given to the cluster before.
        submitted: Unix seconds of the task's submission.
        upstream: The results of the steps that the first of each chain needs, or their receipts
            as JSON.

    Raises:
        DagsterRunCanceledError: the run is over.
        Exception: what the pipeline's modules raise where they are loaded.
    """
    found = Found(upstream)
    worker = get_worker()
    arrival = arrival_of(worker, could_run(submitted, upstream))
    todo = chains_from_wire(chains)
    work = _Work(worker, open_run(*payload, worker), arrival, is_alone=len(todo) == 1)
    for steps in todo:
        work.run(steps, found, again or FIRST)
    return work.result()


class Found:
    """What a task was given of the steps before its own.

    Args:
        upstream: Results of tasks, or receipts as JSON.
    """

    def __init__(self, upstream: Iterable[StepResult | str]) -> None:
        self._results: dict[str, StepResult] = {}
        for one in upstream:
            result = StepResult(receipt=from_json(one)) if isinstance(one, str) else one
            self._results |= {
                part.receipt.step_key: part
                for part in (*result.earlier, result)
                if part.receipt is not None and part.receipt.outcome is not StepOutcome.UP_FOR_RETRY
            }

    def of(self, step_keys: Iterable[str]) -> Upstream | None:
        """Return what some steps left; None where one of them waits for another attempt."""
        receipts: dict[str, Receipt] = {}
        values = _Values()
        for key in step_keys:
            result = self._results.get(key)
            if result is None or result.receipt is None:
                return None
            receipts[key] = result.receipt
            for (name, mapping_key), value in result.values.items():
                if not (isinstance(value, Unreadable) and _is_stored(result, name, mapping_key)):
                    values[StepOutputHandle(key, name, mapping_key)] = value
        return Upstream(receipts, values)


class _Values(dict[StepOutputHandle, Any]):
    """The values that came over; to ask for one that did not raises what became of it."""

    def __getitem__(self, handle: StepOutputHandle) -> Any:
        place = (handle.output_name, handle.mapping_key)
        return value_at({place: super().__getitem__(handle)}, place, handle.step_key)


def _is_stored(result: StepResult, name: str, mapping_key: str | None) -> bool:
    """Return whether a value can be read where it is kept too."""
    receipt = result.receipt
    output = None if receipt is None else receipt.output(name, mapping_key)
    return output is not None and output.size is not None


class _Work:
    """The steps of one task, and what they leave.

    Args:
        worker: The worker of the task.
        run: The run in this process.
        arrival: What it took to bring the task here: its first step bears it.
        is_alone: Whether no other chain waits for the task.
    """

    def __init__(self, worker: Worker, run: WorkerRun, arrival: Arrival, *, is_alone: bool) -> None:
        self._arrival = arrival
        self._worker = worker
        self._run = run
        self._is_alone = is_alone
        self._keeps_all = not run.context.storage.is_persistent
        self._ended: list[StepResult] = []
        self._told: list[Mapping[str, Any]] = []
        self._room = KEPT_CHARACTERS

    def run(self, steps: list[tuple[str, str | None]], found: Found, again: Again) -> None:
        """Run a chain, as far as its steps do not wait for another attempt."""
        for key, mapping_keys in steps:
            step = self._run.context.plan.step_for(key, keys_from_wire(mapping_keys))
            upstream = found.of(step.upstream_keys())
            if upstream is None:
                return
            is_last = key == steps[-1][0]
            result = self._run_one(step, upstream, again, is_last=is_last)
            again, found = FIRST, Found([result])
            if is_last or self._keeps_all:
                self._ended.append(result)

    def _run_one(
        self, step: ExecutionStep, upstream: Upstream, again: Again, *, is_last: bool
    ) -> StepResult:
        arrival, self._arrival = self._arrival, NO_ARRIVAL
        with ExitStack() as stack:
            entering = self._run.task(step.key, self._worker.address, arrival)
            context, sink = stack.enter_context(entering)
            task = _Task(self._worker, self._run, context, sink, again, is_alone=self._is_alone)
            # What was committed before is read where it is needed: by the step behind, if it runs.
            result = task.result(step, upstream, reads_recovered=is_last)
            if result.rest is None:
                self._keep(task.tell_of_end(result))
            else:
                self._run.end_later(step.key, partial(_end, task, result.rest, stack.pop_all()))
        return StepResult(receipt=result.receipt, values=result.values, ended=time.time())

    def _keep(self, told: Mapping[str, Any] | None) -> None:
        self._room -= len(told["entries"]) if told else 0
        if told is not None and self._room >= 0:
            self._told.append(told)

    def result(self) -> StepResult:
        """Return what the task leaves."""
        *earlier, last = self._ended or [StepResult(receipt=None)]
        return replace(last, earlier=tuple(earlier), told=tuple(self._told))


class _Task:
    def __init__(
        self,
        worker: Worker,
        run: WorkerRun,
        context: RunContext,
        sink: TopicSink,
        again: Again,
        *,
        is_alone: bool,
    ) -> None:
        self._is_alone = is_alone
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
        attempts = Attempts(
            self._worker, self._run, self._context, self._sink, may_wait=self._is_alone
        )
        return self._heard(attempts.run(step, upstream, *self._again))

    def end(self, rest: Attempt) -> AttemptResult:
        """Commit an attempt that has handed its outputs on."""
        return self._heard(returned(rest))

    def _heard(self, result: AttemptResult) -> AttemptResult:
        if self._sink.has_told_of(result.receipt.attempt_id):
            return result
        # Another copy of this task was committed first; it may not live to tell.
        standing = self._context.storage.read_manifest(result.receipt.step_key)
        self._sink.hand_on(() if standing is None else standing.entries)
        return result

    def tell_of_end(self, result: AttemptResult) -> Mapping[str, Any] | None:
        """Tell how the step ended; return all that was told, if that is not too much."""
        error = _pickled(result.error, self._context.redact)
        return self._sink.finish(result.receipt, error, self._worker.address)

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
            load = partial(storage.read_output, step.key, output)
            value, _ = self._context.loaded.get(output, load)
            if is_handed_on(storage, step.step_output_named(output.output_name), value):
                values[output.place] = value
        return values


def _end(task: _Task, rest: Attempt, stack: ExitStack) -> None:
    """Commit an attempt that has handed its outputs on, and tell of its end."""
    with stack:
        task.tell_of_end(task.end(rest))


def _pickled(error: BaseException | None, redact: Redact | None) -> bytes | None:
    """Return what the user's code raised as bytes; None where that cannot be sent.

    It is not where a secret stands in it: the error's text, which has none, tells of it.
    """
    if isinstance(error, DagsterExecutionStepExecutionError):
        error = error.user_exception
    if not isinstance(error, Exception):
        return None
    try:
        data: bytes = cloudpickle.dumps(error)
    except Exception:  # noqa: BLE001 - any object may refuse, in any way
        return None
    text = data.decode(errors="replace")
    return data if redact is None or redact(text) == text else None


def told_by(result: StepResult) -> Sequence[Mapping[str, Any]]:
    """Return what the steps of a task told, for a driver that did not hear all; less if gone."""
    return result.told
