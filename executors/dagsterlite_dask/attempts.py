"""The attempts of one task at its step: again and again, as long as the step asks for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from distributed import Worker, rejoin, secede

from dagsterlite.errors import DagsterStepBegunBeforeError, DagsterStepLostError
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.attempt import Attempt, AttemptResult
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.step import execute_attempt, tell_of_loss
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.plan.worker_loss import RERUN_TAG, may_run_again
from dagsterlite_dask.admission import note_retry
from dagsterlite_dask.arrival import NO_ARRIVAL
from dagsterlite_dask.retries import mark_begun, write_number
from dagsterlite_dask.topic_sink import TopicSink
from dagsterlite_dask.worker_run import WorkerRun

LONGEST_WAIT: Final = 10.0
"""Seconds that a task waits for its next attempt; where it is longer, the driver waits."""


def returned(attempt: Attempt) -> AttemptResult:
    """Run a generator of events to its end; they went to the sink already."""
    while True:
        try:
            next(attempt)
        except StopIteration as stop:
            result: AttemptResult = stop.value
            return result


class Attempts:
    """Tries a step in one task.

    Args:
        worker: The worker of the task.
        run: The run in this process.
        context: The run as the task sees it.
        sink: Where the task's entries go.
        may_wait: Whether the task may wait between attempts: nothing else waits for it.
    """

    def __init__(
        self,
        worker: Worker,
        run: WorkerRun,
        context: RunContext,
        sink: TopicSink,
        *,
        may_wait: bool,
    ) -> None:
        self._may_wait = may_wait
        self._worker = worker
        self._run = run
        self._context = context
        self._sink = sink

    def run(
        self,
        step: ExecutionStep,
        upstream: Upstream,
        number: int,
        is_announced: bool,
        loss: str | None = None,
    ) -> AttemptResult:
        """Return how the step's last attempt here ended.

        Args:
            step: The step.
            upstream: What the steps before it left.
            number: How often the driver knows that it was tried before.
            is_announced: Whether the driver is to know that it starts before it starts.
            loss: What became of the step, where that is only to be told.
        """
        number = max(number, self._run.retry_number(step.key))
        if is_announced:
            self._run.announce(step.key)
        with self._run.resources.of_step() as resources:
            if loss is not None:
                error = DagsterStepLostError(loss)
                return self._made(step, tell_of_loss(self._context, step, error, resources, number))
            return self._tried(step, upstream, resources, number)

    def _tried(
        self, step: ExecutionStep, upstream: Upstream, resources: ResourceManager, number: int
    ) -> AttemptResult:
        context = self._context
        while True:
            attempt = self._attempt(context, step, upstream, resources, number)
            result = self._made(step, attempt)
            if not self._waits_here(result.receipt):
                return result
            number += 1
            self._wait(result.receipt)
            context = replace(context, arrival=NO_ARRIVAL)

    def _attempt(
        self,
        context: RunContext,
        step: ExecutionStep,
        upstream: Upstream,
        resources: ResourceManager,
        number: int,
    ) -> Attempt:
        if not may_run_again(step):
            before = mark_begun(self._worker, context.run_id, step.key, number)
            if before is not None:
                error = DagsterStepBegunBeforeError(_begun_before(step.key, before))
                return tell_of_loss(context, step, error, resources, number)
        return execute_attempt(context, step, upstream, resources, number)

    def _made(self, step: ExecutionStep, attempt: Attempt) -> AttemptResult:
        """Make an attempt; where another follows, have its number known before it starts."""
        result = returned(attempt)
        if result.receipt.outcome is StepOutcome.UP_FOR_RETRY:
            self._sink.flush()
            self._note(step, result.receipt.retry_number + 1)
        return result

    def _note(self, step: ExecutionStep, number: int) -> None:
        self._run.note_retry(step.key, number)
        write_number(self._worker, self._context.run_id, step.key, number, note_retry)

    def _waits_here(self, receipt: Receipt) -> bool:
        if receipt.outcome is not StepOutcome.UP_FOR_RETRY:
            return False
        wait = receipt.seconds_to_wait or 0
        if wait and not self._may_wait:
            return False
        # Dask gives a worker's resources to no other task before this one ends.
        return wait <= LONGEST_WAIT and not (wait and self._holds_resources())

    def _holds_resources(self) -> bool:
        task = self._worker.state.tasks[self._worker.get_current_task()]
        return bool(task.resource_restrictions)

    def _wait(self, receipt: Receipt) -> None:
        """Wait for the next attempt, while other tasks may use the worker's thread."""
        if not receipt.seconds_to_wait:
            return
        secede()
        self._context.interrupts.wait(receipt.seconds_to_wait)
        # The thread that is not needed any more does not wait for its place.
        if self._context.interrupts.reason is None:
            rejoin()


def _begun_before(key: str, worker: str) -> str:
    return (
        f"Step '{key}' was begun on worker {worker}, which is gone or has lost what it made. Its "
        f"tag '{RERUN_TAG}' says that it does not run again: look at what it has done, and "
        "re-execute it where that does no harm."
    )
