"""What is done with each output that a step yields: checked, kept, written as config asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dagsterlite.errors import (
    DagsterTypeCheckDidNotPass,
    DagsterTypeMaterializationError,
    user_code_error_boundary,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.payloads import (
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    StepMaterializationData,
    StepOutputData,
)
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.events.yielded import (
    AssetMaterialization,
    DynamicOutput,
    Materialization,
    Output,
)
from dagsterlite.execution.contexts import StepExecutionContext
from dagsterlite.execution.inputs import because, type_check_data, verdict
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import StepOutput


def take_output(
    context: StepExecutionContext, output: Output | DynamicOutput, stored: list[StoredOutput]
) -> Iterator[DagsterEvent]:
    """Check an output, keep it, write it where config asks; yield what is told of it.

    Args:
        context: The step's context.
        output: What user code yielded.
        stored: Where the output lies is added here.

    Raises:
        DagsterTypeCheckDidNotPass: the value is not of the output's type.
        DagsterUnpicklableOutputError: the value cannot be stored.
        DagsterTypeMaterializationError: the value cannot be written as config asks.
    """
    step_output = context.step.step_output_named(output.output_name)
    handle = StepOutputHandle(context.step.key, output.output_name, output.mapping_key)
    yield from _check(context, step_output, handle, output)
    yield _keep(context, handle, output.value, stored)
    yield from _materialize(context, step_output, output.value)


def _check(
    context: StepExecutionContext,
    step_output: StepOutput,
    handle: StepOutputHandle,
    output: Output | DynamicOutput,
) -> Iterator[DagsterEvent]:
    dagster_type = step_output.dagster_type
    answer = context.run_context.interrupts.call(
        lambda: dagster_type.type_check(context.for_type(dagster_type), output.value)
    )
    key = "" if handle.mapping_key is None else f' mapping key "{handle.mapping_key}"'
    message = (
        f'Yielded output "{step_output.name}"{key} of type "{dagster_type.display_name}". '
        f"{verdict(answer)}"
    )
    data = StepOutputData(
        handle, type_check_data(step_output.name, answer), list(output.metadata_entries or ())
    )
    yield context.log.event(DagsterEventType.STEP_OUTPUT, message, data)
    if not answer.success:
        raise DagsterTypeCheckDidNotPass(
            f'Type check failed for step output "{handle.label}" - expected type '
            f'"{dagster_type.display_name}".{because(answer)}',
            metadata_entries=answer.metadata_entries,
            dagster_type=dagster_type,
        )


def _keep(
    context: StepExecutionContext,
    handle: StepOutputHandle,
    value: Any,
    stored: list[StoredOutput],
) -> DagsterEvent:
    storage = context.run_context.storage
    kept = storage.write(handle, context.attempt_id, value)
    stored.append(kept)
    data = ObjectStoreOperationResultData(
        op=ObjectStoreOperationType.SET_OBJECT,
        value_name=handle.label,
        address=kept.address,
        # A path leads somewhere only where the value outlives the process.
        metadata_entries=_path(kept.address) if storage.is_persistent else [],
    )
    message = (
        f"Stored intermediate object for output {handle.label} at {kept.address} using "
        f"{kept.codec}."
    )
    return context.log.event(DagsterEventType.OBJECT_STORE_OPERATION, message, data)


def _path(address: str) -> list[EventMetadataEntry]:
    return [EventMetadataEntry.path(address, label="key")]


def _materialize(
    context: StepExecutionContext, step_output: StepOutput, value: Any
) -> Iterator[DagsterEvent]:
    config = context.run_context.environment_config.solid(context.step.solid_handle)
    for name, output_config in config.outputs:
        if name == step_output.name:
            for item in _written(context, step_output, output_config, value):
                yield materialization_event(context, item)


def _written(
    context: StepExecutionContext, step_output: StepOutput, config: Any, value: Any
) -> list[AssetMaterialization | Materialization]:
    dagster_type = step_output.dagster_type
    message = (
        f"Error occurred while materializing output '{step_output.name}' of step "
        f"'{context.step.key}'"
    )
    materializer = dagster_type.materializer
    assert materializer is not None
    with user_code_error_boundary(DagsterTypeMaterializationError, lambda: message):
        return context.run_context.interrupts.call(
            lambda: list(
                materializer.materialize_runtime_values(
                    context.for_type(dagster_type), config, value
                )
            )
        )


def materialization_event(
    context: StepExecutionContext, item: AssetMaterialization | Materialization
) -> DagsterEvent:
    """Hand on the event that tells of a materialization."""
    message = item.description or f"Materialized value {item.label}."
    data = StepMaterializationData(item)
    return context.log.event(DagsterEventType.STEP_MATERIALIZATION, message, data)
