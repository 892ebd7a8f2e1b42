"""What is done with each output that a step yields: checked, kept, written as config asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dagsterlite.errors import (
    DagsterTypeMaterializationError,
    user_code_error_boundary,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.payloads import (
    HandledOutputData,
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    StepOutputData,
)
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.events.yielded import (
    AssetMaterialization,
    DynamicOutput,
    Materialization,
    Output,
)
from dagsterlite.execution.asset_events import asset_event
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.type_checks import check_value, did_not_pass, type_check_data, verdict
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import StepOutput
from dagsterlite.stores import IntermediateStorage


def take_output(
    context: StepExecutionContext,
    output: Output[Any] | DynamicOutput[Any],
    stored: list[StoredOutput],
) -> Iterator[DagsterEvent]:
    """Check an output, keep it, write it where config asks; yield what is told of it.

    Args:
        context: The step's context.
        output: What user code yielded.
        stored: Where the output lies is added here.

    Raises:
        DagsterTypeCheckDidNotPass: the value is not of the output's type.
        DagsterUnpicklableOutputError: the value cannot be stored.
        DagsterExecutionHandleOutputError: the IO manager of the output raised.
        DagsterTypeMaterializationError: the value cannot be written as config asks.
    """
    step_output = context.step.step_output_named(output.output_name)
    handle = StepOutputHandle(context.step.key, output.output_name, output.mapping_key)
    yield from _check(context, step_output, handle, output)
    key = context.run_context.mode_def.io_manager_of(step_output.definition)
    if key is None:
        yield _keep(context, step_output, handle, output.value, stored)
    else:
        yield from _hand_over(context, step_output, key, output, stored)
    yield from _materialize(context, step_output, output.value)


def is_handed_on(storage: IntermediateStorage, step_output: StepOutput, value: Any) -> bool:
    """Return whether the steps to come get the value itself, not what was stored of it.

    What its type's strategy writes may not be able to travel otherwise. What is lazy (Dask's
    collections) would be computed again by each that uses it.
    """
    if not storage.is_persistent:
        return True
    return step_output.dagster_type.serialization_strategy is None and not is_lazy(value)


def is_lazy(value: Any) -> bool:
    """Return whether a value says how to compute it: a collection of Dask's."""
    return hasattr(type(value), "__dask_graph__")


def _check(
    context: StepExecutionContext,
    step_output: StepOutput,
    handle: StepOutputHandle,
    output: Output[Any] | DynamicOutput[Any],
) -> Iterator[DagsterEvent]:
    dagster_type = step_output.dagster_type
    place = f'step output "{handle.label}" of step "{handle.step_key}"'
    answer = check_value(context, dagster_type, output.value, place)
    key = "" if handle.mapping_key is None else f' mapping key "{handle.mapping_key}"'
    message = (
        f'Yielded output "{step_output.name}"{key} of type "{dagster_type.display_name}". '
        f"{verdict(answer)}"
    )
    metadata = [*output.metadata_entries, *context.output_metadata(step_output.name)]
    data = StepOutputData(handle, type_check_data(step_output.name, answer), metadata)
    yield context.log.event(DagsterEventType.STEP_OUTPUT, message, data)
    if not answer.success:
        raise did_not_pass(place, dagster_type, answer)


def _keep(
    context: StepExecutionContext,
    step_output: StepOutput,
    handle: StepOutputHandle,
    value: Any,
    stored: list[StoredOutput],
) -> DagsterEvent:
    storage = context.run_context.storage
    strategy = step_output.dagster_type.serialization_strategy
    codec = strategy.codec_name if strategy else None
    kept = storage.write(handle, context.attempt_id, value, codec)
    stored.append(kept)
    data = ObjectStoreOperationResultData(
        op=ObjectStoreOperationType.SET_OBJECT,
        value_name=handle.label,
        address=kept.address,
        codec=kept.codec,
        size=kept.size,
        checksum=kept.checksum,
        # A path leads somewhere only where the value outlives the process.
        metadata_entries=_path(kept.address) if storage.is_persistent else [],
    )
    message = (
        f"Stored intermediate object for output {handle.label} at {kept.address} using "
        f"{kept.codec}."
    )
    return context.log.event(DagsterEventType.OBJECT_STORE_OPERATION, message, data)


def _hand_over(
    context: StepExecutionContext,
    step_output: StepOutput,
    key: str,
    output: Output[Any] | DynamicOutput[Any],
    stored: list[StoredOutput],
) -> Iterator[DagsterEvent]:
    answer = context.managers.handle(context.step, step_output, key, output)
    stored.append(answer.value)
    for item in answer.assets:
        yield asset_event(context.log, item)
    message = f'Handled output "{step_output.name}" using IO manager "{key}"'
    data = HandledOutputData(
        output_name=step_output.name, manager_key=key, metadata_entries=answer.metadata_entries
    )
    yield context.log.event(DagsterEventType.HANDLED_OUTPUT, message, data)


def _path(address: str) -> list[EventMetadataEntry]:
    return [EventMetadataEntry.path(address, label="key")]


def _materialize(
    context: StepExecutionContext, step_output: StepOutput, value: Any
) -> Iterator[DagsterEvent]:
    config = context.run_context.environment_config.solid(context.step.solid_handle)
    for name, output_config in config.outputs:
        if name == step_output.name and not context.managers.configures(step_output):
            for item in _written(context, step_output, output_config, value):
                yield asset_event(context.log, item)


def _written(
    context: StepExecutionContext, step_output: StepOutput, config: Any, value: Any
) -> list[AssetMaterialization | Materialization]:
    dagster_type = step_output.dagster_type
    message = (
        f"Error occurred while materializing output '{step_output.name}' of step "
        f"'{context.step.key}'"
    )
    with user_code_error_boundary(DagsterTypeMaterializationError, lambda: message):
        return context.run_context.interrupts.call(
            lambda: list(
                dagster_type.materializer.materialize_runtime_values(
                    context.for_type(dagster_type), config, value
                )
            )
        )
