"""What a mode offers when it names none of its own; plain lists, which users may extend."""

from __future__ import annotations

from dagsterlite import plugins
from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.storage import (
    InitIntermediateStorageContext,
    IntermediateStorageDefinition,
    SystemStorageDefinition,
)
from dagsterlite.execution.in_process import in_process_executor
from dagsterlite.stores import IntermediateStorage


def _in_memory(_context: InitIntermediateStorageContext) -> IntermediateStorage:
    storage: IntermediateStorage = plugins.load("in_memory_intermediates")()
    return storage


mem_intermediate_storage = IntermediateStorageDefinition(
    "in_memory",
    is_persistent=False,
    intermediate_storage_creation_fn=_in_memory,
    description="Keeps intermediates in this process's memory. The default.",
)

mem_system_storage = SystemStorageDefinition(
    "in_memory",
    is_persistent=False,
    system_storage_creation_fn=_in_memory,
    description="Keeps intermediates in this process's memory. The default.",
)

default_executors: list[ExecutorDefinition] = [
    in_process_executor,
    plugins.load("multiprocess_executor"),
    plugins.load("dask_executor"),
]

default_intermediate_storage_defs: list[IntermediateStorageDefinition] = [
    mem_intermediate_storage,
    plugins.load("fs_intermediate_storage"),
]

default_system_storage_defs: list[SystemStorageDefinition] = [
    mem_system_storage,
    plugins.load("fs_system_storage"),
]
