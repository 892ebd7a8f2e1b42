"""Running a solid's function, and holding what it yields against its definition."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

from dagsterlite.definitions.compute import SIDE_EVENTS, UserEvent
from dagsterlite.errors import (
    DagsterError,
    DagsterExecutionInterruptedError,
    DagsterExecutionStepExecutionError,
    DagsterInvariantViolationError,
    DagsterStepOutputNotFoundError,
    listed,
    near,
    shown,
    type_name,
)
from dagsterlite.events.receipt import OutputPlace
from dagsterlite.events.yielded import DynamicOutput, Output
from dagsterlite.execution.contexts import SolidExecutionContext
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_logger import logging_to
from dagsterlite.plan.step import ExecutionStep


def run_user_code(
    context: StepExecutionContext, inputs: Mapping[str, Any]
) -> Generator[UserEvent, None, None]:
    """Run the solid's function and yield what it yields, each output and mapping key once.

    Raises:
        DagsterExecutionStepExecutionError: the function raised; its exception is the cause.
        DagsterInvariantViolationError: it yielded what it must not.
        DagsterStepOutputNotFoundError: it left out a required output.
        DagsterExecutionInterruptedError: the run is to stop.
    """
    step = context.step
    seen: set[OutputPlace] = set()
    with closing(_compute(context, inputs)) as events:
        for event in events:
            if isinstance(event, (Output, DynamicOutput)):
                _check_output(step, event, seen)
            elif not isinstance(event, SIDE_EVENTS):
                raise DagsterInvariantViolationError(_no_event(step, event))
            yield event
    yield from _implied(context, seen)


def _compute(
    context: StepExecutionContext, inputs: Mapping[str, Any]
) -> Generator[Any, None, None]:
    compute = context.step.solid_def.compute_fn
    answer = _call(context, lambda: compute(SolidExecutionContext(context), inputs))
    events = () if answer is None else answer
    if not isinstance(events, Iterable):
        raise DagsterInvariantViolationError(_no_events(context.step, events))
    iterator = iter(events)
    try:
        while (event := _call(context, lambda: next(iterator, _END))) is not _END:
            yield event
    finally:
        _close(context, iterator)


_END = object()


def _call(context: StepExecutionContext, fn: Callable[[], Any]) -> Any:
    """Call user code; what it raises leaves as one of our errors, unless it stops the run."""
    try:
        with logging_to(context.log):
            return context.run_context.interrupts.call(fn)
    except (DagsterError, DagsterExecutionInterruptedError, KeyboardInterrupt):
        raise
    except BaseException as exc:
        step = context.step
        message = (
            f'Error occurred during the execution of step "{step.key}" '
            f"({step.solid_def.kind} definition '{step.solid_def.name}')"
        )
        raise DagsterExecutionStepExecutionError(message, user_exception=exc) from exc


def _close(context: StepExecutionContext, iterator: Iterator[Any]) -> None:
    """Let a generator that was left in the midst clean up now, not when it is collected."""
    if not isinstance(iterator, Generator):
        return
    try:
        iterator.close()
    except Exception:
        solid = context.step.solid_name
        context.log.exception("Solid '%s' raised an error while it was closed.", solid)


def _check_output(
    step: ExecutionStep, output: Output | DynamicOutput, seen: set[OutputPlace]
) -> None:
    name = output.output_name
    known = {item.name: item for item in step.outputs}
    if name not in known:
        message = (
            f"Core compute for {step.label} returned an output '{name}' that does not "
            f"exist.{near(name, known)} The available outputs are {listed(known)}."
        )
        raise DagsterInvariantViolationError(message)
    if known[name].is_dynamic is not isinstance(output, DynamicOutput):
        raise DagsterInvariantViolationError(_other_kind(step, output))
    place = (name, output.mapping_key)
    if place in seen:
        twice = (
            f"output '{name}' multiple times."
            if output.mapping_key is None
            else f"dynamic output '{name}' with mapping key '{output.mapping_key}' multiple times. "
            "Give each of its values a mapping key of its own."
        )
        message = f"Compute for {step.label} returned {twice}"
        raise DagsterInvariantViolationError(message)
    seen.add(place)


def _other_kind(step: ExecutionStep, output: Output | DynamicOutput) -> str:
    if isinstance(output, DynamicOutput):
        return (
            f"Compute for {step.label} yielded a DynamicOutput for output "
            f"'{output.output_name}', which is not dynamic. Define it by "
            f"{step.solid_def.words.dynamic_output}, or yield one Output."
        )
    return (
        f"Compute for {step.label} yielded an Output for dynamic output "
        f"'{output.output_name}'. Yield DynamicOutput(value, mapping_key) for each of its values."
    )


def _no_events(step: ExecutionStep, answer: object) -> str:
    return (
        f"The compute_fn of {step.label} returned {shown(answer)} of type "
        f"{type_name(answer)}; it must yield events, e.g. Output."
    )


def _no_event(step: ExecutionStep, event: object) -> str:
    return (
        f"Compute function for {step.label} yielded a value of type "
        f"{type(event).__name__} rather than an instance of Output, AssetMaterialization, "
        "AssetObservation or ExpectationResult. Values that are yielded must be wrapped in one of "
        "these types; with one output and no other events the value may be returned instead."
    )


def _implied(context: StepExecutionContext, seen: set[OutputPlace]) -> Iterator[Output]:
    step = context.step
    for step_output in step.outputs:
        is_free = step_output.optional or step_output.is_dynamic
        if is_free or (step_output.name, None) in seen:
            continue
        if not step_output.dagster_type.is_nothing:
            message = (
                f"Core compute for {step.label} did not return an output for "
                f"non-optional output '{step_output.name}'."
            )
            raise DagsterStepOutputNotFoundError(
                message, step_key=step.key, output_name=step_output.name
            )
        yield Output(None, step_output.name)
