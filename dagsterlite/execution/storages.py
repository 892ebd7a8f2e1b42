"""Which storage keeps a run's intermediates, and making it: the same in each of its processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.storage import IntermediateStorageDefinition, SystemStorageData
from dagsterlite.errors import DagsterInvariantViolationError, shown, type_name
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage


def make_intermediates(
    plan: ExecutionPlan,
    run: DagsterRun,
    artifacts_dir: str,
    *,
    prefers_persistent: bool,
    resources: Callable[[frozenset[str]], Any],
    open_instance: Callable[[], Any],
) -> IntermediateStorage:
    """Return the storage that the run config selects.

    Args:
        plan: The plan: its mode offers storages, its config selects one, or none.
        run: The run.
        artifacts_dir: Where the instance keeps each run's files.
        prefers_persistent: Whether the mode's first persistent storage is taken where none is
            selected; else its first.
        resources: Makes the resources of these keys, for a storage that requires some.
        open_instance: Opens the instance, for a storage that asks for it.

    Raises:
        DagsterInvariantViolationError: the storage's function returns something else.
        Exception: what it raises.
    """
    config = plan.environment_config
    mode = plan.pipeline.get_mode_definition(config.mode)
    definition, storage_config = selected_storage(
        mode, config, prefers_persistent=prefers_persistent
    )
    context = definition.context_class(
        pipeline_def=plan.pipeline,
        mode_def=mode,
        pipeline_run=run,
        environment_config=config,
        artifacts_dir=artifacts_dir,
        open_instance=open_instance,
        intermediate_storage_def=definition,
        intermediate_storage_config=storage_config,
        resources=resources(definition.required_resource_keys),
        serialization_strategies=tuple(plan.pipeline.serialization_strategies),
    )
    made = definition.intermediate_storage_creation_fn(context)
    storage = made.intermediate_storage if isinstance(made, SystemStorageData) else made
    if not isinstance(storage, IntermediateStorage):
        message = (
            f"The {definition.creation_argument} of {definition.kind} '{definition.name}' "
            f"returned {shown(made)} of type {type_name(made)}; it must return an "
            "IntermediateStorage, e.g. that of build_intermediate_storage_from_object_store."
        )
        raise DagsterInvariantViolationError(message)
    return storage


def selected_storage(
    mode: ModeDefinition, config: EnvironmentConfig, *, prefers_persistent: bool
) -> tuple[IntermediateStorageDefinition, Any]:
    """Return the storage that the run config selects, and its config."""
    offered = (
        mode.system_storage_defs if config.uses_system_storage else mode.intermediate_storage_defs
    )
    selected = config.intermediate_storage
    if selected is not None:
        return next(d for d in offered if d.name == selected.name), selected.config
    # What the IO manager keeps is found again by what steps left of it: that is to last too.
    keeps = prefers_persistent or mode.has_shared_io_manager
    definition = _default(offered, prefers_persistent=keeps)
    return definition, definition.default_config()


def _default(
    offered: Sequence[IntermediateStorageDefinition], *, prefers_persistent: bool
) -> IntermediateStorageDefinition:
    if prefers_persistent:
        return next((d for d in offered if d.is_persistent), offered[0])
    return offered[0]
