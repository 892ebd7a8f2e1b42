"""Steps whose outputs lie in a store where two commits can meet: their run's driver commits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StoredOutput
from dagsterlite.stores import IntermediateStorage, StagedOutput, StepManifest


class DeferredCommits(IntermediateStorage):
    """A worker's view of a storage: outputs are written, and their manifest is left to the driver.

    Args:
        storage: The storage.
    """

    def __init__(self, storage: IntermediateStorage) -> None:
        self._storage = storage

    @property
    def is_persistent(self) -> bool:
        return self._storage.is_persistent

    @property
    def address(self) -> str | None:
        return self._storage.address

    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        return self._storage.write_output(step_key, attempt_id, output_name, value, codec)

    def stage_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StagedOutput:
        return self._storage.stage_output(step_key, attempt_id, output_name, value, codec)

    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        return self._storage.read_output(step_key, output)

    def commit(self, manifest: StepManifest) -> StepManifest:
        return manifest

    def read_manifest(self, step_key: str) -> StepManifest | None:
        return self._storage.read_manifest(step_key)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        self._storage.discard(step_key, outputs)

    def release(self, step_key: str, output_name: str) -> None:
        self._storage.release(step_key, output_name)


class DriverCommits:
    """What a driver heard of the attempts of steps, until it commits one of each.

    Args:
        storage: Where it commits.
    """

    def __init__(self, storage: IntermediateStorage) -> None:
        self._storage = storage
        self._entries: dict[str, dict[str, list[EventLogEntry]]] = {}

    def note(self, entry: EventLogEntry) -> None:
        """Keep an entry; those of an attempt come in their order."""
        attempts = self._entries.setdefault(entry.step_key, {})
        attempts.setdefault(entry.attempt_id, []).append(entry)

    def commit(self, receipt: Receipt) -> None:
        """Commit the accepted attempt of a step, if it succeeded; forget what was heard of others.

        Raises:
            DagsterStorageError: the store refuses it.
        """
        attempts = self._entries.pop(receipt.step_key, {})
        if receipt.is_success:
            # What hooks told comes after.
            entries = attempts.get(receipt.attempt_id, [])[: receipt.entry_count]
            self._storage.commit(StepManifest(receipt, tuple(entries)))
