"""What a driver knows of the steps that are on the cluster, from what it hears. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from dagsterlite.events.engine import AttemptSuperseded
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt
from dagsterlite_dask.messages import StepMessage


@dataclass(frozen=True)
class Heard:
    """What a message brings: entries to record, and perhaps a step's accepted end."""

    entries: tuple[EventLogEntry, ...]
    accepted: Receipt | None = None
    superseded: tuple[AttemptSuperseded, ...] = ()


@dataclass
class Following:
    """The receipts accepted so far, and the attempts seen of each step.

    A step's end is accepted once all entries of its attempt were heard; what was heard of it
    before is then superseded, and later ends of the same step stand back.
    """

    receipts: dict[str, Receipt] = field(default_factory=dict)
    _seen: dict[str, dict[str, int]] = field(default_factory=dict)
    _retried: set[str] = field(default_factory=set)

    def hear(self, message: StepMessage) -> Heard:
        """Take up a message."""
        for entry in message.entries:
            attempts = self._seen.setdefault(entry.step_key, {})
            attempts[entry.attempt_id] = attempts.get(entry.attempt_id, 0) + 1
            event = entry.dagster_event
            if event is not None and event.is_step_up_for_retry:
                self._retried.add(entry.attempt_id)
        receipt = message.receipt
        if receipt is None or not self.is_complete(receipt):
            return Heard(message.entries)
        return self._accept(message.entries, receipt)

    def _accept(self, entries: tuple[EventLogEntry, ...], receipt: Receipt) -> Heard:
        known = self.receipts.get(receipt.step_key)
        if known is not None:
            return Heard(entries)
        self.receipts[receipt.step_key] = receipt
        superseded = tuple(
            AttemptSuperseded(receipt.step_key, attempt, receipt.attempt_id)
            for attempt in self._seen.get(receipt.step_key, {})
            if attempt != receipt.attempt_id
            and attempt not in self._retried
            and not self._only_tells(receipt, attempt, entries)
        )
        return Heard(entries, receipt, superseded)

    def _only_tells(self, receipt: Receipt, attempt: str, entries: Iterable[EventLogEntry]) -> bool:
        """Return whether an attempt only tells of the receipt: the step was recovered."""
        own = [entry for entry in entries if entry.attempt_id == attempt]
        starts = any(e.dagster_event is not None and e.dagster_event.is_step_start for e in own)
        return bool(own) and not starts

    def is_complete(self, receipt: Receipt) -> bool:
        """Return whether all entries of the receipt's attempt were heard.

        Of an attempt of an earlier process of this run, the entries stand in the log already.
        """
        heard = self._seen.get(receipt.step_key, {}).get(receipt.attempt_id, 0)
        return heard == 0 or heard >= receipt.entry_count

    def started(self) -> set[str]:
        """Return the steps of which anything was heard."""
        return set(self._seen)
