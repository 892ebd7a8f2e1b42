"""The values of one run, kept in this process as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dagsterlite.errors import DagsterCorruptObjectError
from dagsterlite.events.receipt import StoredOutput
from dagsterlite.stores import IntermediateStorage, StepManifest

CODEC = "memory"


class InMemoryIntermediateStorage(IntermediateStorage):
    """Keeps the outputs of one run's steps by identity, also after the run, until it is dropped.

    Nothing is serialized, so any value can be kept and none is checked against damage. Threads
    may share a storage: each method does one step that a dict does as a whole.
    """

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._manifests: dict[str, StepManifest] = {}

    @property
    def is_persistent(self) -> bool:
        return False

    @property
    def address(self) -> str | None:
        return None

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Keep the value itself; ``codec`` has no say, since nothing is written."""
        address = f"memory:{step_key}.{output_name}@{attempt_id}"
        self._values[address] = value
        return StoredOutput(output_name=output_name, address=address, codec=CODEC)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return the very object that was written.

        Raises:
            DagsterCorruptObjectError: this process does not hold it.
        """
        try:
            return self._values[output.address]
        except KeyError:
            reason = "this process does not hold it; another one wrote it, or it was discarded"
            raise DagsterCorruptObjectError(output.address, reason) from None

    def commit(self, manifest: StepManifest) -> StepManifest:
        return self._manifests.setdefault(manifest.receipt.step_key, manifest)

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return self._manifests.get(step_key)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        for output in outputs:
            self._values.pop(output.address, None)
