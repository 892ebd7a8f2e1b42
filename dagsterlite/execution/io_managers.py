"""IO managers at work: what a step or a reader asks of them, with the context that each needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.io_context import InputContext, OutputContext
from dagsterlite.definitions.io_manager import (
    InputManager,
    InputManagerDefinition,
    IOManager,
)
from dagsterlite.errors import (
    DagsterExecutionHandleOutputError,
    DagsterExecutionLoadInputError,
    DagsterInvariantViolationError,
    shown,
    type_name,
    user_code_error_boundary,
)
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.receipt import Receipt, StoredOutput
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    DynamicOutput,
    Materialization,
    Output,
)
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.run_context import RunContext
from dagsterlite.handles import SolidHandle
from dagsterlite.plan.step import ExecutionStep, StepOutput

AssetItem = AssetMaterialization | AssetObservation | Materialization

T = TypeVar("T")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What a manager did, and what it tells of it."""

    value: T
    assets: list[AssetItem] = field(default_factory=list)
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


class Managers:
    """Hands outputs to IO managers and loads inputs by them.

    Args:
        run_context: The run.
        resources_for: Returns resources by their keys, made if they are not there.
        log: What their contexts log to.
        step_context: The step that runs; None where values are read after the run.
    """

    def __init__(
        self,
        run_context: RunContext,
        resources_for: Callable[[Iterable[str]], ScopedResources],
        log: Any,
        step_context: Any = None,
    ) -> None:
        self._run_context = run_context
        self._resources_for = resources_for
        self._log = log
        self._step_context = step_context

    # --- outputs ---

    def configures(self, step_output: StepOutput) -> bool:
        """Return whether the run config of an output is for its manager, not for its type."""
        return self._run_context.mode_def.output_config_of(step_output.definition) is not None

    def handle(
        self,
        step: ExecutionStep,
        step_output: StepOutput,
        key: str,
        output: Output[Any] | DynamicOutput[Any],
    ) -> Answer[StoredOutput]:
        """Hand an output to its manager.

        Raises:
            DagsterExecutionHandleOutputError: the manager raised.
            DagsterInvariantViolationError: the resource is no IO manager, or tells what it must
                not.
        """
        name = step_output.name
        stored = StoredOutput.managed(name, key, self._run_context.run_id, output.mapping_key)
        context = self._output_context(step, step_output, stored)
        message = f'Error occurred while handling output "{name}" of step "{step.key}"'
        with user_code_error_boundary(DagsterExecutionHandleOutputError, lambda: message):
            manager = self._manager(key)
            if not isinstance(manager, IOManager):
                raise DagsterInvariantViolationError(_no_manager(key, manager, IOManager))
            call = self._run_context.interrupts.call
            told = call(lambda: list(_told(key, manager.handle_output(context, output.value))))
            asset_key = step_output.definition.asset_key
            if asset_key is None:
                asset_key = call(lambda: manager.get_output_asset_key(context))
            partitions = call(lambda: manager.get_output_asset_partitions(context))
        entries = [item for item in told if isinstance(item, EventMetadataEntry)]
        entries += context.get_logged_metadata()
        assets = [item for item in told if not isinstance(item, EventMetadataEntry)]
        assets += context.get_logged_events()
        assets += _materializations(asset_key, sorted(partitions), entries)
        return Answer(stored, assets, entries)

    def _output_context(
        self,
        step: ExecutionStep,
        step_output: StepOutput,
        stored: StoredOutput,
        loaded_by: tuple[str, str] | None = None,
    ) -> OutputContext:
        key, run_id = loaded_by or stored.manager_and_run
        definition = step_output.definition
        solid_config = self._run_context.environment_config.solid(step.solid_handle)
        config = dict(solid_config.outputs) if self.configures(step_output) else {}
        return OutputContext(
            name=step_output.name,
            run_id=run_id,
            mapping_key=stored.mapping_key,
            metadata=definition.metadata,
            config=config.get(step_output.name),
            dagster_type=step_output.dagster_type,
            asset_key=definition.asset_key,
            version=definition.code_version or step.solid_def.version,
            **self._facts(step, key),
        )

    def _facts(self, step: ExecutionStep, key: str) -> dict[str, Any]:
        manager_def = self._run_context.mode_def.resource_defs[key]
        return {
            "step_key": step.key,
            "pipeline_name": self._run_context.run.pipeline_name,
            "solid_def": step.solid_def,
            "log": self._log,
            "resource_config": self._run_context.environment_config.resources.get(key),
            "resources": self._resources_for(manager_def.required_resource_keys),
            "step_context": self._step_context,
        }

    # --- inputs ---

    def load(
        self,
        step: ExecutionStep,
        input_def: InputDefinition,
        key: str,
        upstream: OutputContext | None,
        config_handle: SolidHandle | None,
    ) -> Answer[Any]:
        """Load an input of a step.

        Args:
            step: The step.
            input_def: Its input, or that of the composite that stands for it.
            key: The resource key of the manager that loads it.
            upstream: The output that the input is connected to, if any.
            config_handle: The solid whose config the input's config stands with.

        Raises:
            DagsterExecutionLoadInputError: the manager raised.
            DagsterInvariantViolationError: the resource is no manager.
        """
        context = InputContext(
            name=input_def.name,
            run_id=self._run_context.run_id,
            metadata=input_def.metadata,
            config=self._input_config(config_handle, input_def, key),
            dagster_type=input_def.dagster_type,
            upstream_output=upstream,
            asset_key=input_def.asset_key or _asset_key_of(upstream),
            **self._facts(step, key),
        )
        message = f'Error occurred while loading input "{input_def.name}" of step "{step.key}"'
        value = self._load(key, context, message)
        return Answer(value, list(context.get_logged_events()), context.get_logged_metadata())

    def _input_config(
        self, handle: SolidHandle | None, input_def: InputDefinition, key: str
    ) -> Any:
        manager_def = self._run_context.mode_def.resource_defs[key]
        assert isinstance(manager_def, InputManagerDefinition)
        if manager_def.input_config_field is None:
            return None
        return self._run_context.environment_config.solid(handle).inputs.get(input_def.name)

    def upstream(
        self, receipt: Receipt, output: StoredOutput, loaded_by: str | None = None
    ) -> OutputContext:
        """Return what tells a manager of an output that is to be loaded.

        Args:
            receipt: What the step that yielded it left.
            output: Where it lies.
            loaded_by: The manager that loads it, where no manager keeps it.
        """
        step = self._run_context.plan.step_for(receipt.step_key, {})
        step_output = step.step_output_named(output.output_name)
        if output.is_managed:
            return self._output_context(step, step_output, output)
        assert loaded_by is not None
        return self._output_context(step, step_output, output, (loaded_by, receipt.run_id))

    def read(self, receipt: Receipt, output: StoredOutput) -> Any:
        """Return the value of an output that a manager keeps, for no input of a step.

        Raises:
            DagsterExecutionLoadInputError: the manager raised.
        """
        key, _ = output.manager_and_run
        upstream = self.upstream(receipt, output)
        context = InputContext(
            run_id=self._run_context.run_id,
            dagster_type=upstream.dagster_type,
            upstream_output=upstream,
            asset_key=_asset_key_of(upstream),
            **self._facts(self._run_context.plan.step_for(receipt.step_key, {}), key),
        )
        name = output.output_name
        message = f'Error occurred while loading output "{name}" of step "{receipt.step_key}"'
        return self._load(key, context, message)

    def _load(self, key: str, context: InputContext, message: str) -> Any:
        with user_code_error_boundary(DagsterExecutionLoadInputError, lambda: message):
            manager = self._manager(key)
            if not isinstance(manager, InputManager):
                raise DagsterInvariantViolationError(_no_manager(key, manager, InputManager))
            return self._run_context.interrupts.call(lambda: manager.load_input(context))

    def _manager(self, key: str) -> Any:
        return getattr(self._resources_for([key]), key)


def _asset_key_of(output: OutputContext | None) -> AssetKey | None:
    return output.asset_key if output is not None and output.has_asset_key else None


def _no_manager(key: str, found: Any, kind: type) -> str:
    return (
        f"The function of resource '{key}' returned {shown(found)} of type {type_name(found)}; it "
        f"must return an {kind.__name__}."
    )


def _told(key: str, answer: Any) -> Iterator[AssetItem | EventMetadataEntry]:
    """Yield what an IO manager returned or yields, metadata given by label as entries."""
    is_one = isinstance(answer, (AssetItem, EventMetadataEntry, Mapping))
    items = [answer] if is_one else [] if answer is None else answer
    if not isinstance(items, Iterable) or isinstance(items, str):
        raise DagsterInvariantViolationError(_untellable(key, answer))
    for item in items:
        if isinstance(item, Mapping):
            yield from metadata_entries_of(f"IO manager '{key}'", None, item)
        elif isinstance(item, (AssetItem, EventMetadataEntry)):
            yield item
        else:
            raise DagsterInvariantViolationError(_untellable(key, item))


def _untellable(key: str, item: Any) -> str:
    return (
        f"The handle_output of IO manager '{key}' returned or yielded {shown(item)} of type "
        f"{type_name(item)}; it may tell of AssetMaterialization, EventMetadataEntry and metadata "
        "as a dict, or of nothing."
    )


def _materializations(
    asset_key: AssetKey | None, partitions: list[str], entries: list[EventMetadataEntry]
) -> list[AssetMaterialization]:
    if asset_key is None:
        return []
    if not partitions:
        return [AssetMaterialization(asset_key, metadata_entries=entries)]
    return [
        AssetMaterialization(asset_key, metadata_entries=entries, partition=name)
        for name in partitions
    ]
