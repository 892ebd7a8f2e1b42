"""What one attempt of a step leaves behind: how it ended and where its outputs lie."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import Final

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.serdes import serializable


@serializable("StepOutcome")
class StepOutcome(Enum):
    """How an attempt of a step ended."""

    #: Its code ran to the end and its outputs stand.
    SUCCESS = "SUCCESS"
    #: Its code, a type check or a commit failed; no attempt follows.
    FAILURE = "FAILURE"
    #: It did not run: an output that it needs was not yielded.
    SKIPPED = "SKIPPED"
    #: It did not run: a step that it needs failed or was abandoned.
    ABANDONED = "ABANDONED"
    #: It failed and a further attempt follows.
    UP_FOR_RETRY = "UP_FOR_RETRY"
    #: It was stopped because the run was canceled.
    CANCELED = "CANCELED"


_IO_MANAGER: Final = "io_manager"


@serializable("StoredOutput")
@dataclass(frozen=True, kw_only=True, slots=True)
class StoredOutput:
    """Where one output of one attempt lies, and how to tell that it is whole."""

    output_name: str
    #: Where the value lies, as the storage that wrote it understands it.
    address: str
    #: How the value is written, e.g. ``pickle``; names the codec that reads it.
    codec: str
    #: Size of the stored bytes; None where nothing is written (values kept in memory).
    size: int | None = None
    #: ``sha256:<hex>`` of the stored bytes; None where nothing is written.
    checksum: str | None = None
    #: Which value of a dynamic output it is; None for an output that has one value.
    mapping_key: str | None = None

    @staticmethod
    def managed(
        output_name: str, manager_key: str, run_id: str, mapping_key: str | None = None
    ) -> StoredOutput:
        """Return what tells of an output that an IO manager keeps, not the intermediate storage.

        Args:
            output_name: The output.
            manager_key: The manager's resource key.
            run_id: The run whose step handed it over.
            mapping_key: Which value of a dynamic output it is.
        """
        return StoredOutput(
            output_name=output_name,
            address=f"{manager_key}@{run_id}",
            codec=_IO_MANAGER,
            mapping_key=mapping_key,
        )

    @property
    def place(self) -> OutputPlace:
        """Its output's name, and its mapping key."""
        return self.output_name, self.mapping_key

    @property
    def is_managed(self) -> bool:
        """Whether an IO manager keeps it."""
        return self.codec == _IO_MANAGER

    @property
    def manager_and_run(self) -> tuple[str, str]:
        """The key of the IO manager that keeps it, and the run whose step handed it over."""
        key, _, run_id = self.address.partition("@")
        return key, run_id


OutputPlace = tuple[str, str | None]
"""The name of an output of a step, and the mapping key of a dynamic output's value."""


@serializable("Receipt")
@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The end of one attempt of a step, small enough to travel along every edge of the graph."""

    run_id: str
    step_key: str
    attempt_id: str
    outcome: StepOutcome
    #: 0 for the first attempt, then 1, 2, …
    retry_number: int = 0
    #: The outputs that were yielded, in that order.
    outputs: tuple[StoredOutput, ...] = ()
    #: How many entries the attempt wrote to the event log up to the one that tells of its end: seq
    #: runs from 0 to one less. Those of the step's hooks follow.
    entry_count: int = 0
    error: SerializableErrorInfo | None = None
    #: Seconds until the next attempt, for UP_FOR_RETRY.
    seconds_to_wait: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether the step's outputs stand."""
        return self.outcome is StepOutcome.SUCCESS

    def output(self, name: str, mapping_key: str | None = None) -> StoredOutput | None:
        """Return where an output lies, or None where it was not yielded."""
        return self._by_place.get((name, mapping_key))

    def mapping_keys(self, output_name: str) -> tuple[str, ...]:
        """Return the mapping keys under which a dynamic output was yielded, in that order."""
        return tuple(
            output.mapping_key
            for output in self.outputs
            if output.output_name == output_name and output.mapping_key is not None
        )

    def with_outputs(self, places: Iterable[OutputPlace]) -> Receipt:
        """Return the receipt with only some of its outputs."""
        # Of many, one is looked up: each mapped step takes a receipt of its own.
        found = (self._by_place.get(place) for place in places)
        return replace(self, outputs=tuple(output for output in found if output is not None))

    @cached_property
    def _by_place(self) -> Mapping[OutputPlace, StoredOutput]:
        return {output.place: output for output in self.outputs}

    def __getstate__(self) -> dict[str, object]:
        # What was looked up does not travel.
        return {name: value for name, value in self.__dict__.items() if name != "_by_place"}


Receipts = Mapping[str, Receipt]
"""The accepted receipt of each finished step, by step key."""


def make_attempt_id() -> str:
    """Return a new attempt id, random in every process that starts an attempt."""
    return secrets.token_hex(16)
