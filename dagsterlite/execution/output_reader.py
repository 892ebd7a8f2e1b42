"""Values of outputs, read back from where a run kept them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagsterlite.errors import DagsterInvariantViolationError, DagsterStorageError
from dagsterlite.execution.managed_outputs import ReadManaged
from dagsterlite.handles import StepOutputHandle
from dagsterlite.instance import DagsterInstance
from dagsterlite.stores import IntermediateStorage

ReadOutput = Callable[[StepOutputHandle], Any]
"""From an output of a step to the value that the run kept."""


def output_reader(
    run_id: str,
    storage: IntermediateStorage | None,
    instance: DagsterInstance,
    read_managed: ReadManaged | None = None,
) -> ReadOutput:
    """Return what reads a run's outputs back from where it kept them.

    It holds on to the instance: the folder of an ephemeral one goes with it.

    Args:
        run_id: The run.
        storage: Where it kept its intermediates; None where it came to have none.
        instance: Where it is recorded.
        read_managed: Reads the outputs that IO managers keep.
    """
    folder = instance.local_artifact_storage

    def read(handle: StepOutputHandle) -> Any:
        step_key = handle.step_key
        manifest = storage.read_manifest(step_key) if storage is not None else None
        if storage is None or manifest is None:
            message = (
                f"The values of step '{step_key}' of run {run_id} are not kept in "
                f"{folder.base_dir} nor anywhere else. Run with intermediate_storage filesystem to "
                "keep them."
            )
            raise DagsterStorageError(message)
        output = manifest.receipt.output(handle.output_name, handle.mapping_key)
        if output is None:
            message = f"Step '{step_key}' did not yield output '{handle.label}'."
            raise DagsterInvariantViolationError(message)
        if output.is_managed and read_managed is not None:
            return read_managed(manifest.receipt, output)
        return storage.read_output(step_key, output)

    return read
