"""The task of a step, on a worker: decide, recover or run, commit, tell."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

import cloudpickle
from distributed import get_worker, rejoin, secede

from dagsterlite.errors import (
    DagsterExecutionStepExecutionError,
    DagsterInvariantViolationError,
)
from dagsterlite.events.engine import EngineEventData, StepRecovered
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.step import AttemptResult, execute_attempt, pass_over
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.messages import StepResult
from dagsterlite_dask.worker_run import open_run

T = TypeVar("T")


def run_step(payload: tuple[str, bytes], step_key: str, *upstream: StepResult) -> StepResult:
    """Run a step on this worker; what goes wrong in it is in the receipt, not raised.

    Args:
        payload: The run's id, and its payload as bytes.
        step_key: The step.
        upstream: The results of the steps that it needs.
    """
    worker = get_worker()
    run = open_run(*payload)
    context, sink = run.begin(worker)
    try:
        step = context.plan.get_step_by_key(step_key)
        result = _result(context, step, _upstream(upstream), run.resources())
        error = _pickled(result.error)
        sink.finish(result.receipt, error)
        return StepResult(
            receipt=result.receipt,
            values=result.values,
            entries=sink.entries_of(result.receipt.attempt_id),
            error=error,
        )
    finally:
        run.end(context, sink)


def _upstream(results: tuple[StepResult, ...]) -> Upstream:
    receipts = {result.receipt.step_key: result.receipt for result in results}
    values = {
        (result.receipt.step_key, name): value
        for result in results
        for name, value in result.values.items()
    }
    return Upstream(receipts, values)


def _result(
    context: RunContext, step: ExecutionStep, upstream: Upstream, resources: ResourceManager
) -> AttemptResult:
    decision = decide(step, upstream.receipts)
    if not isinstance(decision, Run):
        return _returned(pass_over(context, step, decision))
    manifest = context.storage.read_manifest(step.key)
    if manifest is not None:
        return _recover(context, step, manifest.receipt)
    return _attempts(context, step, upstream, resources)


def _attempts(
    context: RunContext, step: ExecutionStep, upstream: Upstream, resources: ResourceManager
) -> AttemptResult:
    number = 0
    while True:
        result = _returned(execute_attempt(context, step, upstream, resources, number))
        if result.receipt.outcome is not StepOutcome.UP_FOR_RETRY:
            return result
        _wait(context, result.receipt.seconds_to_wait)
        number += 1


def _wait(context: RunContext, seconds: float | None) -> None:
    """Wait before another attempt, while other tasks may use the worker's thread."""
    if not seconds:
        return
    secede()
    context.interrupts.wait(seconds)
    rejoin()


def _recover(context: RunContext, step: ExecutionStep, receipt: Receipt) -> AttemptResult:
    """Load the outputs of a step that was committed before: its code does not run again."""
    log = context.step_log(step)
    message = f'Step "{step.key}" was committed before: its outputs are loaded, it does not run.'
    detail = StepRecovered(step.key, receipt.attempt_id)
    log.event(DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail))
    values = {o.output_name: context.storage.read_output(step.key, o) for o in receipt.outputs}
    return AttemptResult(receipt=receipt, values=values)


def _returned(attempt: Generator[Any, None, T]) -> T:
    """Run a generator to its end; its events went to the sink already."""
    while True:
        try:
            next(attempt)
        except StopIteration as stop:
            result: T = stop.value
            return result


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


def receipt_of(result: StepResult) -> StepResult:
    """Return a step's result without its values, for a driver that missed its end."""
    if not isinstance(result, StepResult):
        message = f"Expected a step's result, found {type(result).__name__}."
        raise DagsterInvariantViolationError(message)
    return StepResult(receipt=result.receipt, entries=result.entries, error=result.error)
