"""What a step tells while it runs, and what it leaves for the steps after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt
from dagsterlite.serdes import from_json


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The result of a step's task: it stays on workers, and goes from one to the next."""

    receipt: Receipt
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: The entries of the receipt's attempt as JSON, for a driver that missed some.
    entries: tuple[str, ...] = field(default=(), repr=False)
    #: What the user's code raised, pickled, where that could be done.
    error: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True)
class StepMessage:
    """One message on the run's topic: entries, and at a step's end its receipt."""

    entries: tuple[EventLogEntry, ...]
    receipt: Receipt | None = None
    error: bytes | None = None

    @staticmethod
    def from_wire(message: Mapping[str, Any]) -> StepMessage:
        """Return the message that :func:`to_wire` made."""
        receipt = message.get("receipt")
        return StepMessage(
            entries=tuple(from_json(text) for text in message["entries"]),
            receipt=None if receipt is None else from_json(receipt),
            error=message.get("error"),
        )


def to_wire(
    entries: list[str], receipt: str | None = None, error: bytes | None = None
) -> dict[str, Any]:
    """Return a message of texts and bytes only, as Dask's topics carry them."""
    message: dict[str, Any] = {"entries": entries}
    if receipt is not None:
        message["receipt"] = receipt
    if error is not None:
        message["error"] = error
    return message
