"""What follows an attempt that ends a step: its hooks, where the step ran."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagsterlite.definitions.hook import HookDefinition, HookDefs, HookExecutionResult
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    HookExecutionError,
    shown,
    type_name,
    user_code_error_boundary,
)
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import HookErroredData
from dagsterlite.execution.hook_contexts import HookContext
from dagsterlite.execution.interrupts import STOPS
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.step_context import StepExecutionContext


@dataclass(frozen=True, kw_only=True)
class AttemptEnd:
    """What hooks are told of the attempt that they follow."""

    events: Sequence[DagsterEvent]
    #: What it raised, if it failed.
    exception: BaseException | None
    #: The outputs that it yielded, by name.
    output_values: Mapping[str, Any]


def run_hooks(
    context: StepExecutionContext, hooks: HookDefs, end: AttemptEnd
) -> Generator[DagsterEvent, None, BaseException | None]:
    """Run the hooks of a step one after the other, by name; yield their events.

    They go on with the attempt's numbers in the event log. What a hook raises is recorded and
    raised nowhere. Return what stopped them, if the run is to stop: none begins after that.

    Args:
        context: The attempt that ended.
        hooks: Its step's hooks.
        end: How it ended.
    """
    run_context = context.run_context
    log = context.attempt_log.continued()
    hook_log = DagsterLogManager(log, run_context.loggers, run_context.interrupts)
    stop: BaseException | None = None
    try:
        for hook in sorted(hooks, key=lambda hook: hook.name):
            if stop is None and run_context.interrupts.reason is None:
                event, stop = _run_one(context, hook, hook_log, end)
                yield event
        return stop
    finally:
        log.seal()


def _run_one(
    context: StepExecutionContext, hook: HookDefinition, log: DagsterLogManager, end: AttemptEnd
) -> tuple[DagsterEvent, BaseException | None]:
    solid = context.step.solid_name
    try:
        result = _call(context, hook, log, end)
    except BaseException as exc:  # noqa: BLE001 - a hook may raise anything
        data = HookErroredData(error_info_from_exception(exc))
        event = log.event(DagsterEventType.HOOK_ERRORED, _errored(hook, solid), data)
        return event, exc if isinstance(exc, STOPS) else None
    if result.is_skipped:
        message = (
            f'Skipped the execution of hook "{hook.name}". It did not meet its triggering '
            f'condition during the execution of solid "{solid}".'
        )
        return log.event(DagsterEventType.HOOK_SKIPPED, message), None
    message = f'Finished the execution of hook "{hook.name}" triggered for solid "{solid}".'
    return log.event(DagsterEventType.HOOK_COMPLETED, message), None


def _errored(hook: HookDefinition, solid: str) -> str:
    return (
        f'Error occurred during the execution of hook "{hook.name}" triggered for solid "{solid}".'
    )


def _call(
    context: StepExecutionContext, hook: HookDefinition, log: DagsterLogManager, end: AttemptEnd
) -> HookExecutionResult:
    message = _errored(hook, context.step.solid_name)
    with user_code_error_boundary(HookExecutionError, lambda: message):
        hook_context = HookContext(
            context,
            log,
            hook,
            resources=context.resources_for(hook.required_resource_keys),
            exception=end.exception,
            output_values=end.output_values,
        )
        result = context.run_context.interrupts.call(
            lambda: hook.hook_fn(hook_context, list(end.events))
        )
    if not isinstance(result, HookExecutionResult):
        raise DagsterInvariantViolationError(
            f"{hook.label} returned {shown(result)} of type {type_name(result)}; its function must "
            f"return HookExecutionResult('{hook.name}')."
        )
    return result
