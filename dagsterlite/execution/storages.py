"""Which storage keeps a run's intermediates, and making it: the same in each of its processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext,
    IntermediateStorageDefinition,
)
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage
from dagsterlite.types.serialization import SerializationStrategy


def make_intermediates(
    mode: ModeDefinition,
    config: EnvironmentConfig,
    run: DagsterRun,
    artifacts_dir: str,
    *,
    prefers_persistent: bool = False,
    resources: Callable[[frozenset[str]], Any] = lambda _keys: None,
    strategies: Iterable[SerializationStrategy] = (),
) -> IntermediateStorage:
    """Return the storage that the run config selects.

    Args:
        mode: The mode, which offers storages.
        config: The run config, which selects one, or none.
        run: The run.
        artifacts_dir: Where the instance keeps each run's files.
        prefers_persistent: Whether the mode's first persistent storage is taken where none is
            selected; else its first.
        resources: Makes the resources of these keys, for a storage that requires some.
        strategies: How values of some types of the pipeline are written.
    """
    offered = (
        mode.system_storage_defs if config.uses_system_storage else mode.intermediate_storage_defs
    )
    selected = config.intermediate_storage
    if selected is None:
        definition = _default(offered, prefers_persistent=prefers_persistent)
        storage_config = definition.default_config()
    else:
        definition = next(d for d in offered if d.name == selected.name)
        storage_config = selected.config
    context = InitIntermediateStorageContext(
        pipeline_run=run,
        artifacts_dir=artifacts_dir,
        intermediate_storage_def=definition,
        intermediate_storage_config=storage_config,
        resources=resources(definition.required_resource_keys),
        serialization_strategies=tuple(strategies),
    )
    return definition.intermediate_storage_creation_fn(context)


def _default(
    offered: Sequence[IntermediateStorageDefinition], *, prefers_persistent: bool
) -> IntermediateStorageDefinition:
    if prefers_persistent:
        return next((d for d in offered if d.is_persistent), offered[0])
    return offered[0]
