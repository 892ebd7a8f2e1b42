"""What executors require of a run, held against it before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dagsterlite.definitions.executor import (
    ExecutorRequirement,
    multiple_process_executor_requirements,
)
from dagsterlite.definitions.io_manager import IOManagerDefinition
from dagsterlite.errors import DagsterUnmetExecutorRequirementsError
from dagsterlite.execution.executor import InitExecutorContext
from dagsterlite.execution.reconstructable import ReconstructablePipeline


def check_cross_process_constraints(init_context: InitExecutorContext) -> None:
    """Refuse a run whose steps cannot run in processes of their own (seed 003).

    Raises:
        DagsterUnmetExecutorRequirementsError: the pipeline cannot be loaded again, the instance is
            ephemeral, or outputs are kept in this process's memory.
    """
    check_requirements(init_context, multiple_process_executor_requirements())


def check_requirements(
    init_context: InitExecutorContext, requirements: Iterable[ExecutorRequirement]
) -> None:
    """Refuse a run that does not have what its executor requires.

    Raises:
        DagsterUnmetExecutorRequirementsError: it lacks something; the message names all of it.
    """
    unmet = [text for requirement in requirements for text in _unmet(init_context, requirement)]
    if unmet:
        name = init_context.executor_def.name
        message = f"Executor '{name}' cannot execute this run: {' '.join(unmet)}"
        raise DagsterUnmetExecutorRequirementsError(message)


def _unmet(init_context: InitExecutorContext, requirement: ExecutorRequirement) -> Iterator[str]:
    match requirement:
        case ExecutorRequirement.RECONSTRUCTABLE_PIPELINE:
            if not isinstance(init_context.job, ReconstructablePipeline):
                label = init_context.job.get_definition().label
                yield (
                    f"It loads {label} again in other processes, and needs it as "
                    "reconstructable(…) of a function that they can import."
                )
        case ExecutorRequirement.NON_EPHEMERAL_INSTANCE:
            if init_context.instance.is_ephemeral:
                yield (
                    "Other processes must see the instance, and this one is ephemeral: execute "
                    "with instance=DagsterInstance.get() or DagsterInstance.local_temp()."
                )
        case ExecutorRequirement.PERSISTENT_OUTPUTS:
            yield from _in_memory(init_context)


def _in_memory(init_context: InitExecutorContext) -> Iterator[str]:
    storage = init_context.intermediate_storage_def
    if not storage.is_persistent:
        yield (
            f"Other processes must find the outputs of steps, and {storage.kind} "
            f"'{storage.name}' keeps them in memory: select filesystem."
        )
    for key, definition in init_context.mode_def.resource_defs.items():
        if isinstance(definition, IOManagerDefinition) and not definition.is_shared:
            yield (
                f"Resource '{key}' keeps outputs in the memory of one process: use fs_io_manager."
            )
