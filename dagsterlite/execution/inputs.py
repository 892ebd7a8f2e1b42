"""The values of a step's inputs: handed on, loaded from storage or config, checked."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterTypeCheckDidNotPass,
    DagsterTypeLoadingError,
    user_code_error_boundary,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.payloads import (
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    StepInputData,
    TypeCheckData,
)
from dagsterlite.events.receipt import Receipts
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.execution.contexts import StepExecutionContext
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import is_yielded
from dagsterlite.plan.step import (
    FromConfig,
    FromDefault,
    FromMultipleSources,
    FromStepOutput,
    SingleSource,
    StepInput,
)

Values = Mapping[StepOutputHandle, Any]
"""Values at hand in this process, by the output that they are of."""


_NOT_AT_HAND: Any = object()


@dataclass(frozen=True)
class Upstream:
    """What the steps before left: their receipts, and the values that are at hand."""

    receipts: Receipts = field(default_factory=dict)
    values: Values = field(default_factory=dict)


def load_inputs(
    context: StepExecutionContext, upstream: Upstream, loaded: MutableMapping[str, Any]
) -> Iterator[DagsterEvent]:
    """Put the value of each input into ``loaded``, by name, and yield what is told of it.

    Inputs of type Nothing have no value: they are passed over.

    Raises:
        DagsterTypeCheckDidNotPass: a value is not of its input's type.
        DagsterTypeLoadingError: a value cannot be loaded from config.
        DagsterCorruptObjectError: a stored value is damaged.
    """
    for step_input in context.step.inputs:
        if step_input.dagster_type.is_nothing:
            continue
        value = yield from _value(context, step_input, upstream)
        loaded[step_input.name] = value
        yield from _check(context, step_input, value)


def _value(
    context: StepExecutionContext, step_input: StepInput, upstream: Upstream
) -> Generator[DagsterEvent, None, Any]:
    source = step_input.source
    if not isinstance(source, FromMultipleSources):
        return (yield from _one(context, step_input, source, upstream))
    values = []
    for part in source.sources:
        is_there = not isinstance(part, FromStepOutput) or is_yielded(
            part.step_output_handle, upstream.receipts
        )
        if is_there:
            values.append((yield from _one(context, step_input, part, upstream)))
    return values


def _one(
    context: StepExecutionContext,
    step_input: StepInput,
    source: SingleSource,
    upstream: Upstream,
) -> Generator[DagsterEvent, None, Any]:
    if isinstance(source, FromDefault):
        return source.input_def.default_value
    if isinstance(source, FromConfig):
        return _from_config(context, step_input, source)
    # Steps that run are resolved.
    assert isinstance(source, FromStepOutput)
    handle = source.step_output_handle
    value = upstream.values.get(handle, _NOT_AT_HAND)
    if value is not _NOT_AT_HAND:
        return value
    return (yield from _from_storage(context, step_input, handle, upstream))


def _from_config(context: StepExecutionContext, step_input: StepInput, source: FromConfig) -> Any:
    dagster_type = source.input_def.dagster_type
    config = context.run_context.environment_config.solid(source.solid_handle)
    message = f"Error occurred while loading input '{step_input.name}' of step '{context.step.key}'"
    loader = dagster_type.loader
    assert loader is not None
    with user_code_error_boundary(DagsterTypeLoadingError, lambda: message):
        return context.run_context.interrupts.call(
            lambda: loader.construct_from_config_value(
                context.for_type(dagster_type), config.inputs[source.input_def.name]
            )
        )


def _from_storage(
    context: StepExecutionContext,
    step_input: StepInput,
    handle: StepOutputHandle,
    upstream: Upstream,
) -> Generator[DagsterEvent, None, Any]:
    output = upstream.receipts[handle.step_key].output(handle.output_name, handle.mapping_key)
    if output is None:
        message = f"Step '{handle.step_key}' did not yield output '{handle.label}'."
        raise DagsterInvariantViolationError(message)
    storage = context.run_context.storage
    value = storage.read_output(handle.step_key, output)
    if storage.is_persistent:
        message = (
            f"Retrieved intermediate object for input {step_input.name} from {output.address} "
            f"using {output.codec}."
        )
        data = ObjectStoreOperationResultData(
            op=ObjectStoreOperationType.GET_OBJECT,
            value_name=step_input.name,
            address=output.address,
            metadata_entries=[EventMetadataEntry.path(output.address, label="key")],
        )
        yield context.log.event(DagsterEventType.OBJECT_STORE_OPERATION, message, data)
    return value


def _check(
    context: StepExecutionContext, step_input: StepInput, value: Any
) -> Iterator[DagsterEvent]:
    dagster_type = step_input.dagster_type
    answer = context.run_context.interrupts.call(
        lambda: dagster_type.type_check(context.for_type(dagster_type), value)
    )
    message = f'Got input "{step_input.name}" of type "{dagster_type.display_name}".'
    data = StepInputData(step_input.name, type_check_data(step_input.name, answer))
    yield context.log.event(DagsterEventType.STEP_INPUT, f"{message} {verdict(answer)}", data)
    if not answer.success:
        raise DagsterTypeCheckDidNotPass(
            f'Type check failed for step input "{step_input.name}" - expected type '
            f'"{dagster_type.display_name}".{because(answer)}',
            metadata_entries=answer.metadata_entries,
            dagster_type=dagster_type,
        )


def type_check_data(label: str, answer: TypeCheck) -> TypeCheckData:
    """Return what an event tells of a type check."""
    return TypeCheckData(
        success=answer.success,
        label=label,
        description=answer.description,
        metadata_entries=answer.metadata_entries,
    )


def verdict(answer: TypeCheck) -> str:
    """Return how a message tells the outcome of a type check."""
    return "(Type check passed)." if answer.success else "(Type check failed)."


def because(answer: TypeCheck) -> str:
    """Return how a message tells why a type check failed."""
    return f" Description: {answer.description}" if answer.description else ""
