"""Intermediates that are kept nowhere but in Dask's own memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dagsterlite.errors import DagsterStorageError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.stores import IntermediateStorage, StepManifest


class TransientStorage(IntermediateStorage):
    """Writes nothing: the value travels in the result of its step's task."""

    @property
    def is_persistent(self) -> bool:
        return False

    @property
    def address(self) -> str | None:
        return None

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        address = f"memory:{step_key}.{output_name}@{attempt_id}"
        return StoredOutput(output_name=output_name, address=address, codec="memory")

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        message = (
            f"Output '{output.output_name}' of step '{step_key}' was kept in the cluster's memory "
            "only. Run with intermediate_storage filesystem to keep outputs beyond their use."
        )
        raise DagsterStorageError(message)

    def commit(self, manifest: StepManifest) -> StepManifest:
        return manifest

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return None

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        return
