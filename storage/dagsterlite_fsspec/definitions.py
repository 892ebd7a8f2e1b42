"""The storages of this shelf as users select them; what they need is imported when one is made."""

from __future__ import annotations

from typing import Final

from dagsterlite import plugins
from dagsterlite.config import Field, StringSource
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext,
    IntermediateStorageDefinition,
    SystemStorageDefinition,
)
from dagsterlite.stores import IntermediateStorage

CONFIG: Final = {
    "base_dir": Field(
        StringSource,
        is_required=False,
        description="The folder or fsspec URL below which each run has its own folder. "
        "By default the instance's.",
    )
}


def _create(context: InitIntermediateStorageContext) -> IntermediateStorage:
    base = context.intermediate_storage_config.get("base_dir") or context.artifacts_dir
    storage: IntermediateStorage = plugins.load("fs_intermediates")(
        base,
        context.pipeline_run.run_id,
        strategies=context.serialization_strategies,
    )
    return storage


fs_intermediate_storage = IntermediateStorageDefinition(
    "filesystem",
    is_persistent=True,
    config_schema=CONFIG,
    intermediate_storage_creation_fn=_create,
    description="Keeps intermediates as files (seed 001).",
)

fs_system_storage = SystemStorageDefinition(
    "filesystem",
    is_persistent=True,
    config_schema=CONFIG,
    system_storage_creation_fn=_create,
    description="Keeps intermediates as files (seed 001).",
)
