"""Step launchers: resources that have steps executed in processes of their own choice."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any

from dagsterlite.errors import (
    DagsterExecutionStepExecutionError,
    DagsterInvariantViolationError,
    shown,
    type_name,
    user_code_error_boundary,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import TERMINAL_STEP_EVENTS, DagsterEventType
from dagsterlite.events.payloads import (
    HandledOutputData,
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
)
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.types.callables import can_take


class StepLauncher(ABC):
    """Executes steps, either in this process or in another one (seed 003).

    A solid that requires a resource whose value is a launcher is not executed where its step is
    given out: the launcher is asked to, with all that :class:`StepRunRef` says of the step.
    """

    @abstractmethod
    def launch_step(
        self, step_context: StepExecutionContext, prior_attempts_count: int
    ) -> Iterator[DagsterEvent]:
        """Have a step executed; yield the events that ``run_step_from_ref`` yields there.

        The second argument may be left out of the signature.

        Args:
            step_context: The step, as it would be executed here.
            prior_attempts_count: How often it was tried before in this run.
        """


def launcher_of(context: StepExecutionContext) -> StepLauncher | None:
    """Return the launcher among the resources that the step's solid requires, if there is one.

    Raises:
        DagsterResourceFunctionError: a resource cannot be made.
        DagsterInvariantViolationError: there are several, or the run keeps its intermediates in
            this process's memory.
    """
    definition = context.step.solid_def
    if not definition.required_resource_keys:
        return None
    resources = context.resources_for(definition.required_resource_keys)
    launchers = [value for value in resources if isinstance(value, StepLauncher)]
    if not launchers:
        return None
    if len(launchers) > 1:
        message = (
            f"{definition.label} requires {len(launchers)} resources that are step launchers; only "
            "one can execute its steps. Leave out the others."
        )
        raise DagsterInvariantViolationError(message)
    if not context.run_context.storage.is_persistent:
        message = (
            f"Step '{context.step.key}' is executed by a step launcher, which cannot reach values "
            "in this process's memory. Run with intermediate_storage filesystem."
        )
        raise DagsterInvariantViolationError(message)
    return launchers[0]


def launched(context: StepExecutionContext, launcher: StepLauncher) -> Iterator[DagsterEvent]:
    """Have a launcher execute a step; yield its events, the start left out.

    Raises:
        DagsterExecutionStepExecutionError: the launcher raised.
        DagsterInvariantViolationError: it yields something else, or does not tell how the step
            ended.
    """
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


_STARTS = frozenset({DagsterEventType.STEP_START, DagsterEventType.STEP_RESTARTED})
_END = object()


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


def stored_output_of(event: DagsterEvent, run_id: str) -> StoredOutput | None:
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
