"""What a run on Dask has come to: what was told of its steps is recorded, and followed up."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress

import cloudpickle

from dagsterlite.errors import DagsterStepExecutionFailed
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import StepFailureData
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.dispatch import tell_of_entry
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.step import pass_over
from dagsterlite.plan.decide import Abandon, Skip
from dagsterlite.plan.growing import GrowingPlan, Growth
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.asking import Asking
from dagsterlite_dask.deferred_commits import DriverCommits
from dagsterlite_dask.follow import Accepted, Following, Postponed, Recorded, Superseded, Told
from dagsterlite_dask.graph import Again
from dagsterlite_dask.messages import StepMessage
from dagsterlite_dask.submissions import Submissions


class Recording:
    """Records what is told of steps, and yields the events of it.

    Args:
        context: The run.
        plan: The plan.
        following: What is known of the steps that were given to the cluster.
        submissions: What lies there.
        asking: Finds what was not heard.
        commits: Commits steps in the place of workers that cannot do it safely.
    """

    def __init__(
        self,
        context: PlanOrchestrationContext,
        plan: GrowingPlan,
        *,
        following: Following,
        submissions: Submissions,
        asking: Asking,
        commits: DriverCommits | None,
    ) -> None:
        self._context = context
        self._run_context = context.run_context
        self._plan = plan
        self._following = following
        self._submissions = submissions
        self._asking = asking
        self._commits = commits
        self._errors: dict[str, SerializableErrorInfo] = {}
        self._cause: Exception | None = None

    def grow(self, growth: Growth) -> Iterator[DagsterEvent]:
        """Take up what came to be known of the plan."""
        self._submissions.add([step.key for step in growth.steps])
        for resolved in growth.resolved:
            yield self._context.resolved_event(resolved)

    # --- what is told of steps ---

    def hear(self, messages: Iterable[StepMessage]) -> Iterator[DagsterEvent]:
        """Take up what steps tell."""
        for message in messages:
            yield from self._tell(self._following.hear(message))

    def drain(self) -> Iterator[DagsterEvent]:
        """Record what waits for steps whose end will never come."""
        yield from self._tell(self._following.drain())

    def pass_over(self, step: ExecutionStep, decision: Skip | Abandon) -> Iterator[DagsterEvent]:
        """Have a step end that does not run."""
        result = yield from pass_over(self._run_context, step, decision)
        yield from self._tell(self._following.settle(result.receipt))

    def fail(self, key: str, error: Exception) -> Iterator[DagsterEvent]:
        """Have a step fail that cannot tell of its end itself."""
        log = self._run_context.step_log(self._plan.step_by_key[key])
        info = error_info_from_exception(error)
        yield DagsterLogManager(log, self._run_context.loggers).event(
            DagsterEventType.STEP_FAILURE,
            f'Execution of step "{key}" failed.',
            StepFailureData(info),
        )
        receipt = Receipt(
            run_id=self._context.run_id,
            step_key=key,
            attempt_id=log.attempt_id,
            outcome=StepOutcome.FAILURE,
            entry_count=log.count,
            error=info,
        )
        yield from self._tell(self._following.settle(receipt))

    def take_off(self, key: str, due: float, again: Again) -> None:
        """Take a step off the cluster, as for :meth:`Submissions.take_off`."""
        for one in self._submissions.take_off(key, due, again):
            self._asking.forget(one)

    # --- what follows from it ---

    def _tell(self, found: Iterable[Told]) -> Iterator[DagsterEvent]:
        # All of it now: what follows from it may lead back here.
        for told in list(found):
            match told:
                case Recorded(entry, counts):
                    yield from self._record(entry, counts=counts)
                case Superseded(detail):
                    text = f'An attempt of step "{detail.step_key}" does not count: another does.'
                    yield self._context.engine_event(text, EngineEventData(detail=detail))
                case Accepted(receipt, error, worker):
                    self._accept(receipt, error, worker)
                    yield from self.grow(self._plan.take_up(receipt))
                case Postponed(receipt) if not self._submissions.is_outdated(receipt):
                    due = time.monotonic() + (receipt.seconds_to_wait or 0)
                    self.take_off(receipt.step_key, due, (receipt.retry_number + 1, False))

    def _record(self, entry: EventLogEntry, *, counts: bool) -> Iterator[DagsterEvent]:
        if counts and self._commits is not None:
            self._commits.note(entry)
        self._run_context.sink.emit(entry)
        tell_of_entry(self._run_context.loggers, self._run_context.tags, entry)
        if counts and entry.dagster_event is not None:
            yield entry.dagster_event

    def _accept(self, receipt: Receipt, error: bytes | None, worker: str | None) -> None:
        if self._commits is not None:
            self._commits.commit(receipt)
        self._submissions.end(receipt, worker)
        self._asking.forget(receipt.step_key)
        if receipt.outcome is StepOutcome.FAILURE and receipt.error is not None:
            self._errors[receipt.step_key] = receipt.error
            if self._cause is None and error is not None:
                # Its class may be known on the worker only.
                with suppress(Exception):
                    self._cause = cloudpickle.loads(error)

    def raise_errors(self) -> None:
        """Raise the run's error if steps failed.

        Raises:
            DagsterStepExecutionFailed: that is so.
        """
        if self._errors:
            raise DagsterStepExecutionFailed(self._context.run_id, self._errors) from self._cause
