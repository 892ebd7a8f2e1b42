"""The values of a step's inputs: handed on, loaded from storage or config, checked."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.io_context import OutputContext
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterTypeLoadingError,
    user_code_error_boundary,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.payloads import (
    LoadedInputData,
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    StepInputData,
)
from dagsterlite.events.receipt import Receipts, StoredOutput
from dagsterlite.execution.asset_events import asset_event
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.type_checks import check_value, did_not_pass, type_check_data, verdict
from dagsterlite.handles import SolidHandle, StepOutputHandle
from dagsterlite.plan.decide import is_yielded
from dagsterlite.plan.step import (
    FromConfig,
    FromDefault,
    FromManager,
    FromMultipleSources,
    FromStepOutput,
    SingleSource,
    StepInput,
)

Values = Mapping[StepOutputHandle, Any]
"""Values at hand in this process, by the output that they are of."""


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
        DagsterExecutionLoadInputError: the manager of an output or input raised.
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
    if isinstance(source, FromManager):
        manager = (source.manager_key, source.input_def, source.solid_handle)
        return (yield from _from_manager(context, step_input, *manager))
    # Steps that run are resolved.
    assert isinstance(source, FromStepOutput)
    return (yield from _from_output(context, step_input, source.step_output_handle, upstream))


def _from_output(
    context: StepExecutionContext,
    step_input: StepInput,
    handle: StepOutputHandle,
    upstream: Upstream,
) -> Generator[DagsterEvent, None, Any]:
    input_def = context.step.solid_def.input_dict[step_input.name]
    own_key = input_def.input_manager_key
    if own_key is None and handle in upstream.values:
        return upstream.values[handle]
    output = _stored(handle, upstream)
    if own_key is None and not output.is_managed:
        return (yield from _from_storage(context, step_input, handle, output))
    key = own_key or output.manager_and_run[0]
    told = context.managers.upstream(upstream.receipts[handle.step_key], output, key)
    config_handle = context.step.solid_handle
    return (yield from _from_manager(context, step_input, key, input_def, config_handle, told))


def _from_manager(
    context: StepExecutionContext,
    step_input: StepInput,
    key: str,
    input_def: InputDefinition,
    config_handle: SolidHandle | None,
    upstream: OutputContext | None = None,
) -> Generator[DagsterEvent, None, Any]:
    answer = context.managers.load(context.step, input_def, key, upstream, config_handle)
    for item in answer.assets:
        yield asset_event(context.log, item)
    message = f'Loaded input "{step_input.name}" using input manager "{key}"'
    if upstream is not None:
        message += f', from output "{upstream.name}" of step "{upstream.step_key}"'
    data = LoadedInputData(
        input_name=step_input.name,
        manager_key=key,
        upstream_output_name=upstream.name if upstream else None,
        upstream_step_key=upstream.step_key if upstream else None,
        metadata_entries=answer.metadata_entries,
    )
    yield context.log.event(DagsterEventType.LOADED_INPUT, message, data)
    return answer.value


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


def _stored(handle: StepOutputHandle, upstream: Upstream) -> StoredOutput:
    output = upstream.receipts[handle.step_key].output(handle.output_name, handle.mapping_key)
    if output is None:
        message = f"Step '{handle.step_key}' did not yield output '{handle.label}'."
        raise DagsterInvariantViolationError(message)
    return output


def _from_storage(
    context: StepExecutionContext,
    step_input: StepInput,
    handle: StepOutputHandle,
    output: StoredOutput,
) -> Generator[DagsterEvent, None, Any]:
    storage = context.run_context.storage
    value, is_read = context.run_context.loaded.get(
        output, lambda: storage.read_output(handle.step_key, output)
    )
    if storage.is_persistent and is_read:
        message = (
            f"Retrieved intermediate object for input {step_input.name} from {output.address} "
            f"using {output.codec}."
        )
        data = ObjectStoreOperationResultData(
            op=ObjectStoreOperationType.GET_OBJECT,
            value_name=step_input.name,
            address=output.address,
            codec=output.codec,
            size=output.size,
            checksum=output.checksum,
            metadata_entries=[EventMetadataEntry.path(output.address, label="key")],
        )
        yield context.log.event(DagsterEventType.OBJECT_STORE_OPERATION, message, data)
    return value


def _check(
    context: StepExecutionContext, step_input: StepInput, value: Any
) -> Iterator[DagsterEvent]:
    dagster_type = step_input.dagster_type
    place = f'step input "{step_input.name}" of step "{context.step.key}"'
    answer = check_value(context, dagster_type, value, place)
    message = f'Got input "{step_input.name}" of type "{dagster_type.display_name}".'
    data = StepInputData(step_input.name, type_check_data(step_input.name, answer))
    yield context.log.event(DagsterEventType.STEP_INPUT, f"{message} {verdict(answer)}", data)
    if not answer.success:
        raise did_not_pass(place, dagster_type, answer)
