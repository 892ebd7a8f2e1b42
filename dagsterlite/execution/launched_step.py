"""A step that a launcher executes: its events are taken up, and how it ended there is told."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from dagsterlite.errors import (
    DagsterExecutionStepExecutionError,
    DagsterInvariantViolationError,
    shown,
    type_name,
    user_code_error_boundary,
)
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import TERMINAL_STEP_EVENTS, DagsterEventType
from dagsterlite.events.payloads import (
    HandledOutputData,
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    StepFailureData,
    StepRetryData,
)
from dagsterlite.events.receipt import StepOutcome, StoredOutput
from dagsterlite.execution.meter import Meter
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_launcher import StepLauncher
from dagsterlite.types.callables import can_take

_STARTS = frozenset({DagsterEventType.STEP_START, DagsterEventType.STEP_RESTARTED})
_END = object()


@dataclass(frozen=True, kw_only=True)
class LaunchedFailure:
    """How a step ended that did not succeed where it was launched."""

    #: Tells of it.
    event: DagsterEvent
    outcome: StepOutcome
    error: SerializableErrorInfo | None
    #: Seconds until the next attempt, for UP_FOR_RETRY.
    seconds_to_wait: float | None = None


def perform_launched(
    context: StepExecutionContext, launcher: StepLauncher, meter: Meter, stored: list[StoredOutput]
) -> Generator[DagsterEvent, None, LaunchedFailure | None]:
    """Have a launcher execute a step; yield its events, and return how it failed, if it did.

    The event that tells of its end is left out: the end is the attempt's to tell.

    Args:
        context: The step.
        launcher: Executes it.
        meter: Counts what is read and written there.
        stored: Takes the outputs that are kept.

    Raises:
        DagsterExecutionStepExecutionError: the launcher raised.
        DagsterInvariantViolationError: it yields something else, or does not tell how the step
            ended.
    """
    failure: LaunchedFailure | None = None
    for event in _launched(context, launcher):
        if event.event_type in TERMINAL_STEP_EVENTS:
            failure = _failure_of(event)
            continue
        yield meter.count(context.log.relay(event))
        output = _stored_output_of(event, context.run_id)
        if output is not None:
            stored.append(output)
    return failure


def _failure_of(end: DagsterEvent) -> LaunchedFailure | None:
    match end.event_specific_data:
        case StepRetryData(error=error, seconds_to_wait=wait):
            outcome = StepOutcome.UP_FOR_RETRY
            return LaunchedFailure(event=end, outcome=outcome, error=error, seconds_to_wait=wait)
        case StepFailureData(error=error):
            return LaunchedFailure(event=end, outcome=StepOutcome.FAILURE, error=error)
    return None


def _launched(context: StepExecutionContext, launcher: StepLauncher) -> Iterator[DagsterEvent]:
    """Have a launcher execute a step; yield its events, the start left out."""
    has_ended = False
    with closing(_events(context, launcher)) as events:
        for event in events:
            _check(context, launcher, event)
            has_ended = has_ended or event.event_type in TERMINAL_STEP_EVENTS
            if event.event_type not in _STARTS:
                yield event
    if has_ended:
        return
    message = (
        f"{_name(launcher)} yielded no event that tells how step '{context.step.key}' ended. It "
        "must yield all events that run_step_from_ref yields."
    )
    raise DagsterInvariantViolationError(message)


def _events(context: StepExecutionContext, launcher: StepLauncher) -> Generator[Any, None, None]:
    key = context.step.key
    message = f'Error occurred while step "{key}" was executed by {_name(launcher)}'
    call = context.run_context.interrupts.call
    launch: Any = launcher.launch_step
    arguments = (context, context.retry_number) if can_take(launch, 2) else (context,)
    with user_code_error_boundary(DagsterExecutionStepExecutionError, lambda: message):
        iterator = call(lambda: iter(launch(*arguments)))
        try:
            while (event := call(lambda: next(iterator, _END))) is not _END:
                yield event
        finally:
            if isinstance(iterator, Generator):
                iterator.close()


def _check(context: StepExecutionContext, launcher: StepLauncher, event: Any) -> None:
    key = context.step.key
    if not isinstance(event, DagsterEvent):
        message = (
            f"{_name(launcher)} yielded {shown(event)} of type {type_name(event)}; it must yield "
            "the events of the step."
        )
        raise DagsterInvariantViolationError(message)
    if event.step_key != key:
        message = f"{_name(launcher)} yielded an event of '{event.step_key}' for step '{key}'."
        raise DagsterInvariantViolationError(message)


def _name(launcher: StepLauncher) -> str:
    return f"step launcher {type_name(launcher)}"


def _stored_output_of(event: DagsterEvent, run_id: str) -> StoredOutput | None:
    """Return where an output lies, if an event tells that one was kept."""
    match event.event_specific_data:
        case (
            ObjectStoreOperationResultData(
                op=ObjectStoreOperationType.SET_OBJECT,
                address=str() as address,
                codec=str() as codec,
            ) as data
        ):
            return StoredOutput(
                output_name=data.value_name,
                address=address,
                codec=codec,
                size=data.size,
                checksum=data.checksum,
            )
        case HandledOutputData() as handled:
            return StoredOutput.managed(handled.output_name, handled.manager_key, run_id)
    return None
