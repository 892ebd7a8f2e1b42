"""The in-process executor: steps one after the other, in the driver's own thread."""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.definitions.executor import executor
from dagsterlite.errors import DagsterExecutionStepExecutionError
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.attempt import Attempt, AttemptResult
from dagsterlite.execution.earlier import earlier_receipts
from dagsterlite.execution.executor import (
    Executor,
    InitExecutorContext,
    PlanOrchestrationContext,
    RetryMode,
    retries_field,
    tell_of_tear_down,
)
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.interrupts import STOPS
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.step import execute_attempt, pass_over
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan, Growth
from dagsterlite.plan.ready import ReadyQueue
from dagsterlite.plan.step import ExecutionStep


class InProcessExecutor(Executor):
    """Executes steps one after the other, in this process.

    Args:
        retries: What is done when a step asks to be tried again.
    """

    def __init__(self, retries: RetryMode = RetryMode.ENABLED) -> None:
        self._retries = retries
        self._resources: ResourceManager | None = None

    @property
    def retries(self) -> RetryMode:
        return self._retries

    @contextmanager
    def prepared(self, plan_context: PlanOrchestrationContext) -> Iterator[None]:
        """Make the resources of all steps before the run starts; tear them down at its end."""
        run_context = plan_context.run_context
        log = run_context.run_log()
        resources = run_context.resource_manager(log)

        try:
            resources.make(sorted(plan_context.plan.required_resource_keys()))
            self._resources = resources
            yield
        finally:
            plan_context.keep_managers(resources)
            resources.tear_down(lambda key, exc: tell_of_tear_down(plan_context.log, key, exc))
            self._resources = None

    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[DagsterEvent]:
        """Execute the steps; where ``raise_on_error`` is set, raise the first one's own error."""
        if self._resources is None:
            with self.prepared(plan_context):
                yield from self.execute(plan_context, execution_plan)
            return
        yield from PlanExecution(plan_context, execution_plan, self._resources).run()


@dataclass(frozen=True)
class Done:
    """What steps of a run left in this process, where parts of its plan are executed in turn."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    #: How often each step was tried.
    retry_numbers: dict[str, int] = field(default_factory=dict)


class PlanExecution:
    """Executes a plan, or a part of one, in the thread that reads its events.

    Args:
        plan_context: The run.
        plan: The steps to execute.
        resources: The run's resources in this process.
        done: What earlier parts left; what this one leaves is added.
    """

    def __init__(
        self,
        plan_context: PlanOrchestrationContext,
        plan: ExecutionPlan,
        resources: ResourceManager,
        done: Done | None = None,
    ) -> None:
        self._context = plan_context
        self._run_context = plan_context.run_context
        self._resources = resources
        self._done = done or Done()
        self._receipts: dict[str, Receipt] = earlier_receipts(
            plan_context.run_context, plan, self._done.receipts
        )
        self._plan = GrowingPlan(plan, self._receipts)
        self._queue = ReadyQueue(self._plan)
        self._values: dict[StepOutputHandle, Any] = {}
        self._consumers_left: dict[str, int] = {}
        self._expect(self._plan.start)
        self._delayed: list[tuple[float, str]] = []

    def run(self) -> Iterator[DagsterEvent]:
        """Execute the steps; yield their events.

        Raises:
            DagsterExecutionInterruptedError: the run is to stop.
            Exception: what a step raised, where errors are to be raised.
        """
        yield from self._tell_of(self._plan.start)
        while self._queue or self._delayed:
            self._run_context.interrupts.check()
            self._put_back_due()
            if not self._queue:
                continue
            step = self._queue.take()
            result = yield from self._execute(step)
            yield from self._take_up(step, result)

    def _put_back_due(self) -> None:
        """Make steps ready whose wait is over; where nothing else is to do, wait for the first."""
        while self._delayed:
            wait = self._delayed[0][0] - time.monotonic()
            if wait > 0 and self._queue:
                return
            if wait > 0:
                self._run_context.interrupts.wait(wait)
                return
            _, key = heapq.heappop(self._delayed)
            self._queue.put_back(key)

    def _execute(self, step: ExecutionStep) -> Attempt:
        decision = decide(step, self._receipts)
        if not isinstance(decision, Run):
            return (yield from pass_over(self._run_context, step, decision))
        upstream = Upstream(self._receipts, self._values)
        number = self._done.retry_numbers.get(step.key, 0)
        return (
            yield from execute_attempt(self._run_context, step, upstream, self._resources, number)
        )

    def _take_up(self, step: ExecutionStep, result: AttemptResult) -> Iterator[DagsterEvent]:
        if result.receipt.outcome is StepOutcome.UP_FOR_RETRY:
            self._done.retry_numbers[step.key] = result.receipt.retry_number + 1
            if self._context.retries.deferred:
                return
            due = time.monotonic() + (result.receipt.seconds_to_wait or 0)
            heapq.heappush(self._delayed, (due, step.key))
            return
        self._receipts[step.key] = self._done.receipts[step.key] = result.receipt
        growth = self._plan.take_up(result.receipt)
        self._expect(growth)
        self._keep_values(step, result)
        self._queue.add(growth.steps)
        self._queue.finish(step.key)
        yield from self._tell_of(growth)
        if result.error is None:
            return
        if isinstance(result.error, STOPS) or self._context.raise_on_error:
            raise _raised(result.error)
        if not self._context.causes:
            self._context.causes.append(_raised(result.error))

    def _expect(self, growth: Growth) -> None:
        """Take up that steps came to be known, and which values they need."""
        for step in growth.steps:
            self._consumers_left[step.key] = 0
            for key in self._plan.upstream_keys[step.key]:
                if key in self._consumers_left:
                    self._consumers_left[key] += 1
        kept = {place.step_key for place in self._values} if growth.steps else ()
        for key in kept:
            if not self._is_needed(key):
                self._let_go(key)

    def _tell_of(self, growth: Growth) -> Iterator[DagsterEvent]:
        for resolved in growth.resolved:
            yield self._context.resolved_event(resolved)

    def _keep_values(self, step: ExecutionStep, result: AttemptResult) -> None:
        """Keep values while steps to come need them, and let go of those that none needs more."""
        if self._is_needed(step.key):
            for (name, mapping_key), value in result.values.items():
                self._values[StepOutputHandle(step.key, name, mapping_key)] = value
        for key in self._plan.upstream_keys[step.key]:
            if key in self._consumers_left:
                self._consumers_left[key] -= 1
                if not self._is_needed(key):
                    self._let_go(key)

    def _is_needed(self, key: str) -> bool:
        return self._consumers_left[key] > 0 or self._plan.is_awaited(key)

    def _let_go(self, key: str) -> None:
        for output in self._receipts[key].outputs:
            place = StepOutputHandle(key, output.output_name, output.mapping_key)
            self._values.pop(place, None)


def _raised(error: BaseException) -> BaseException:
    """Return what the caller of a failed step sees: what the user's function raised, itself."""
    if not isinstance(error, DagsterExecutionStepExecutionError):
        return error
    # To the generators on the way, GeneratorExit says that nobody reads on.
    is_taken = isinstance(error.user_exception, GeneratorExit)
    return error if is_taken else error.user_exception


@executor(name="in_process", config_schema={"retries": retries_field()})
def in_process_executor(init_context: InitExecutorContext) -> Executor:
    """Execute steps one after the other in the driver's process.

    The default. The tag ``dagster/priority`` on solids decides which of several ready steps comes
    first: the higher the number, the earlier.
    """
    return InProcessExecutor(RetryMode.from_config(init_context.executor_config["retries"]))
