"""The contract of what keeps the values of one run, and the proof that a step is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.serdes import serializable


@serializable("StepManifest")
@dataclass(frozen=True)
class StepManifest:
    """The proof that a step is done: its accepted receipt, and all entries of that attempt."""

    receipt: Receipt
    entries: tuple[EventLogEntry, ...] = ()
    #: The run that took the step over from the run of the receipt, and that it is done in too.
    taken_by: str | None = None

    @property
    def run_id(self) -> str:
        """The run that the manifest stands in."""
        return self.receipt.run_id if self.taken_by is None else self.taken_by


@dataclass(frozen=True)
class StagedOutput:
    """A value as it was at one moment, that is to be stored later."""

    #: Where it will lie.
    stored: StoredOutput
    #: Stores it, in any thread; None where it is stored already.
    write: Callable[[], None] | None = None


class IntermediateStorage(ABC):
    """Keeps the outputs of one run's steps: data under an attempt's own name, then one manifest.

    A value counts only once its step's manifest stands, and of two attempts of a step only one
    manifest ever does: readers never see half of a write nor a mix of two attempts.
    """

    @property
    @abstractmethod
    def is_persistent(self) -> bool:
        """Whether values outlive the process."""

    @property
    @abstractmethod
    def address(self) -> str | None:
        """Where the run's values lie, for people; None where they lie in memory."""

    @property
    def has_one_winner(self) -> bool:
        """Whether of several processes that commit a step at once one wins, as each of them sees.

        Where that is not so, only one process of a run may commit: its driver.

        Raises:
            DagsterStorageError: the store had to be asked, and refuses the run altogether.
        """
        return True

    @abstractmethod
    def write_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write a value under the attempt's own name and tell where it lies.

        ``codec`` names how to write it (default: the storage's own choice for the value's type).

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written; nothing half-written stays.
        """

    def write(
        self, output: StepOutputHandle, attempt_id: str, value: Any, codec: str | None = None
    ) -> StoredOutput:
        """Write the value of an output, or one of a dynamic output's values under its own name.

        ``codec`` names how to write it (default: the storage's own choice for the value's type).

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written.
        """
        stored = self.write_output(output.step_key, attempt_id, output.label, value, codec)
        if output.mapping_key is None:
            return stored
        return replace(stored, output_name=output.output_name, mapping_key=output.mapping_key)

    def stage_output(
        self, step_key: str, attempt_id: str, output_name: str, value: Any, codec: str | None = None
    ) -> StagedOutput:
        """Take a value as it is now, to be stored later: what uses it may change it meanwhile.

        A storage that cannot do so stores it at once.

        Raises:
            DagsterUnpicklableOutputError: the value cannot be written.
        """
        return StagedOutput(self.write_output(step_key, attempt_id, output_name, value, codec))

    @abstractmethod
    def read_output(self, step_key: str, output: StoredOutput) -> Any:
        """Return the value that ``output`` tells of.

        Raises:
            DagsterCorruptObjectError: it is missing, cut short, or not what was written.
        """

    @abstractmethod
    def commit(self, manifest: StepManifest) -> StepManifest:
        """Make the step done, unless another attempt was first; return the manifest that stands."""

    @abstractmethod
    def read_manifest(self, step_key: str) -> StepManifest | None:
        """Return the step's manifest, or None where the step is not done.

        Raises:
            DagsterCorruptObjectError: there is one, and it cannot be read.
        """

    @abstractmethod
    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        """Remove what an attempt wrote that was not accepted."""

    def release(self, step_key: str, output_name: str) -> None:
        """Let go of what is only held to serve later steps of this process."""
        return
