"""One attempt of one step: the same on every executor."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.definitions.compute import UserEvent
from dagsterlite.errors import DagsterExecutionInterruptedError, DagsterStorageError
from dagsterlite.events.engine import AttemptSuperseded, EngineEventData, StepAbandoned
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import (
    AssetObservationData,
    StepExpectationResultData,
    StepFailureData,
    StepRetryData,
    StepSuccessData,
    UserFailureData,
)
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome, StoredOutput
from dagsterlite.events.yielded import (
    AssetObservation,
    DynamicOutput,
    ExpectationResult,
    Failure,
    Output,
    RetryRequested,
)
from dagsterlite.execution.contexts import StepExecutionContext
from dagsterlite.execution.inputs import Upstream, load_inputs
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.outputs import materialization_event, take_output
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.user_events import run_user_code
from dagsterlite.plan.decide import Abandon, Retry, Skip, decide_retry
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.stores import StepManifest


@dataclass(frozen=True, kw_only=True)
class AttemptResult:
    """How an attempt ended, and the values that it leaves at hand in this process."""

    receipt: Receipt
    values: Mapping[OutputPlace, Any] = field(default_factory=dict)
    #: What stopped it, for whoever raises it on.
    error: BaseException | None = None


Attempt = Generator[DagsterEvent, None, AttemptResult]

_STOPS = (DagsterExecutionInterruptedError, KeyboardInterrupt)
"""What does not say that the step is wrong, but that it is to stop."""

_SECOND = 1000


def execute_attempt(
    run_context: RunContext,
    step: ExecutionStep,
    upstream: Upstream,
    resources: ResourceManager,
    retry_number: int = 0,
) -> Attempt:
    """Execute a step once; yield its events, and return how it ended.

    Whatever the step's code raises, SystemExit too, becomes the attempt's outcome; only what the
    sink raises is raised. Where nobody reads on, the attempt is recorded as interrupted.

    Args:
        run_context: The run.
        step: The step.
        upstream: What the steps before it left.
        resources: The run's resources in this process.
        retry_number: How often the step was tried before.
    """
    log = run_context.step_log(step)
    context = StepExecutionContext(run_context, step, log, resources, retry_number)
    return (yield from _Attempt(context, upstream).run())


class _Attempt:
    def __init__(self, context: StepExecutionContext, upstream: Upstream) -> None:
        self._context = context
        self._step = context.step
        self._upstream = upstream
        self._started = time.perf_counter()
        self._stored: list[StoredOutput] = []
        self._values: dict[OutputPlace, Any] = {}

    def run(self) -> Attempt:
        try:
            yield self._start()
            yield from self._work()
            return (yield from self._succeed())
        except GeneratorExit:
            self._discard()
            self._tell_failure(DagsterExecutionInterruptedError("nobody reads on"))
            raise
        except BaseException as exc:  # noqa: BLE001 - a step may raise anything
            self._discard()
            return (yield from self._fail(exc))

    def _discard(self) -> None:
        """Remove what the attempt stored; what cannot be removed is told, and does no harm."""
        try:
            self._context.run_context.storage.discard(self._step.key, self._stored)
        except DagsterStorageError as exc:
            self._context.log.warning("Outputs of a failed attempt cannot be removed: %s", exc)

    def _start(self) -> DagsterEvent:
        key = self._step.key
        number = self._context.retry_number
        if number:
            message = f'Started re-execution (attempt # {number + 1}) of step "{key}".'
            return self._event(DagsterEventType.STEP_RESTARTED, message)
        return self._event(DagsterEventType.STEP_START, f'Started execution of step "{key}".')

    def _event(self, event_type: DagsterEventType, message: str, data: Any = None) -> DagsterEvent:
        return self._context.log.event(event_type, message, data)

    def _work(self) -> Iterator[DagsterEvent]:
        self._context.resources_for(self._step.solid_def.required_resource_keys)
        inputs: dict[str, Any] = {}
        yield from load_inputs(self._context, self._upstream, inputs)
        with closing(run_user_code(self._context, inputs)) as events:
            for event in events:
                if isinstance(event, (Output, DynamicOutput)):
                    yield from take_output(self._context, event, self._stored)
                    self._values[event.output_name, event.mapping_key] = event.value
                else:
                    yield self._side_event(event)

    def _side_event(self, event: UserEvent) -> DagsterEvent:
        if isinstance(event, ExpectationResult):
            message = _expectation_message(event)
            data = StepExpectationResultData(event)
            return self._event(DagsterEventType.STEP_EXPECTATION_RESULT, message, data)
        if isinstance(event, AssetObservation):
            message = event.description or f"Observed {event.label}."
            return self._event(
                DagsterEventType.ASSET_OBSERVATION, message, AssetObservationData(event)
            )
        assert not isinstance(event, (Output, DynamicOutput))
        return materialization_event(self._context, event)

    def _succeed(self) -> Attempt:
        log = self._context.attempt_log
        duration = (time.perf_counter() - self._started) * 1000
        message = f'Finished execution of step "{self._step.key}" in {_duration(duration)}.'
        success = log.make_event(DagsterEventType.STEP_SUCCESS, message, StepSuccessData(duration))
        entry = log.entry_to_come(success)
        receipt = self._receipt(
            StepOutcome.SUCCESS, outputs=tuple(self._stored), entry_count=log.count + 1
        )
        manifest = StepManifest(receipt, log.entries_with(entry))
        accepted = self._context.run_context.storage.commit(manifest)
        if accepted.receipt.attempt_id != receipt.attempt_id:
            return (yield from self._stand_back(accepted.receipt))
        self._context.log.tell(success)
        yield log.hand_on(entry)
        return AttemptResult(receipt=receipt, values=self._values)

    def _stand_back(self, accepted: Receipt) -> Attempt:
        self._discard()
        detail = AttemptSuperseded(self._step.key, self._context.attempt_id, accepted.attempt_id)
        message = (
            f'Another attempt of step "{self._step.key}" was committed first; this one stands back.'
        )
        yield self._event(DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail))
        return AttemptResult(receipt=accepted)

    def _fail(self, exc: BaseException) -> Attempt:
        retry = self._retry(exc)
        if retry is not None:
            return (yield from self._ask_for_retry(exc, retry))
        event = self._tell_failure(exc)
        yield event
        outcome = StepOutcome.CANCELED if isinstance(exc, _STOPS) else StepOutcome.FAILURE
        error = event.step_failure_data.error
        return AttemptResult(receipt=self._receipt(outcome, error=error), error=exc)

    def _tell_failure(self, exc: BaseException) -> DagsterEvent:
        how = "was interrupted" if isinstance(exc, _STOPS) else "failed"
        message = f'Execution of step "{self._step.key}" {how}.'
        data = StepFailureData(error_info_from_exception(exc), _user_failure(exc))
        self._context.attempt_log.seal()
        return self._event(DagsterEventType.STEP_FAILURE, message, data)

    def _retry(self, exc: BaseException) -> Retry | None:
        run_context = self._context.run_context
        if not isinstance(exc, RetryRequested) or not run_context.retries_enabled:
            return None
        if run_context.interrupts.reason is not None:
            return None
        return decide_retry(exc.max_retries, self._context.retry_number, exc.seconds_to_wait)

    def _ask_for_retry(self, exc: BaseException, retry: Retry) -> Attempt:
        wait = retry.seconds_to_wait
        when = f"in {wait} seconds" if wait else "now"
        message = f'Execution of step "{self._step.key}" failed and has requested a retry {when}.'
        self._context.attempt_log.seal()
        data = StepRetryData(error_info_from_exception(exc.__cause__ or exc), wait)
        event = self._event(DagsterEventType.STEP_UP_FOR_RETRY, message, data)
        yield event
        error = event.step_retry_data.error
        receipt = self._receipt(StepOutcome.UP_FOR_RETRY, error=error, seconds_to_wait=wait)
        return AttemptResult(receipt=receipt, error=exc)

    def _receipt(self, outcome: StepOutcome, **facts: Any) -> Receipt:
        facts.setdefault("entry_count", self._context.attempt_log.count)
        return Receipt(
            run_id=self._context.run_id,
            step_key=self._step.key,
            attempt_id=self._context.attempt_id,
            outcome=outcome,
            retry_number=self._context.retry_number,
            **facts,
        )


def pass_over(run_context: RunContext, step: ExecutionStep, decision: Skip | Abandon) -> Attempt:
    """Tell that a step does not run; return the receipt that later steps decide from."""
    log = run_context.step_log(step)
    context_log = DagsterLogManager(log, run_context.loggers)
    if isinstance(decision, Skip):
        names = ", ".join(f"{h.step_key}.{h.label}" for h in decision.missing)
        message = (
            f'Skipped execution of step "{step.key}": these outputs were not yielded: {names}.'
        )
        yield context_log.event(DagsterEventType.STEP_SKIPPED, message)
        outcome = StepOutcome.SKIPPED
    else:
        failed = ", ".join(decision.failed_step_keys)
        message = f"Dependencies for step {step.key} failed: {failed}. Not executing."
        detail = StepAbandoned(step.key, decision.failed_step_keys)
        yield context_log.event(
            DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail)
        )
        outcome = StepOutcome.ABANDONED
    receipt = Receipt(
        run_id=run_context.run_id,
        step_key=step.key,
        attempt_id=log.attempt_id,
        outcome=outcome,
        entry_count=log.count,
    )
    return AttemptResult(receipt=receipt)


def _expectation_message(result: ExpectationResult) -> str:
    verdict = "passed" if result.success else "failed"
    description = f" {result.description}" if result.description else ""
    return f"Expectation {result.label} {verdict}.{description}"


def _user_failure(exc: BaseException) -> UserFailureData | None:
    if not isinstance(exc, Failure):
        return None
    return UserFailureData("intentional-failure", exc.description, exc.metadata_entries)


def _duration(milliseconds: float) -> str:
    if milliseconds < _SECOND:
        return f"{milliseconds:.2f}ms"
    return f"{milliseconds / _SECOND:.2f}s"
