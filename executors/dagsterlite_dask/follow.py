"""What a driver knows of the steps that are on the cluster, from what it hears. Pure.

Messages may come twice, late or never. What goes out is in order: of each attempt no entry before
those that it made earlier, of each step none before the steps that it needs have their end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from dagsterlite.events.engine import (
    AttemptSuperseded,
    EngineEventData,
    StepAbandoned,
    StepRecovered,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite_dask.messages import StepEnd, StepMessage


@dataclass(frozen=True)
class Recorded:
    """An entry is to be recorded."""

    entry: EventLogEntry
    #: Whether its attempt may count; else it is kept for whoever wants to know.
    counts: bool = True


@dataclass(frozen=True)
class Accepted:
    """A step has its end: all that the receipt's attempt told was handed on before."""

    receipt: Receipt
    error: bytes | None = None
    #: The address of the worker that holds the step's result, where it is known.
    worker: str | None = None


@dataclass(frozen=True)
class Postponed:
    """A step's task has ended, and the step is to be tried again later."""

    receipt: Receipt


@dataclass(frozen=True)
class Superseded:
    """An attempt does not count."""

    detail: AttemptSuperseded


Told: TypeAlias = Recorded | Accepted | Postponed | Superseded


class _Kind(Enum):
    """What the first entry of an attempt shows it to be."""

    #: It runs the step's code.
    RUN = "run"
    #: It skips or abandons the step.
    DECISION = "decision"
    #: It tells of an attempt before it.
    NEWS = "news"


def _kind(event: DagsterEvent | None) -> _Kind:
    if event is None:
        return _Kind.RUN
    if event.is_step_skipped:
        return _Kind.DECISION
    match event.event_specific_data:
        case EngineEventData(detail=StepAbandoned()):
            return _Kind.DECISION
        case EngineEventData(detail=StepRecovered()):
            return _Kind.NEWS
    return _Kind.RUN


@dataclass
class _Attempt:
    """The entries of one attempt: how many were handed on, and those that wait for their turn."""

    handed_on: int = 0
    waiting: dict[int, EventLogEntry] = field(default_factory=dict)
    kind: _Kind | None = None
    #: It asked for the attempt after it.
    asked_for_retry: bool = False
    is_superseded: bool = False

    def take(self, entry: EventLogEntry) -> None:
        if entry.seq >= self.handed_on:
            self.waiting[entry.seq] = entry

    def next_entries(self) -> Iterator[EventLogEntry]:
        while self.handed_on in self.waiting:
            entry = self.waiting.pop(self.handed_on)
            self.handed_on += 1
            event = entry.dagster_event
            self.kind = self.kind or _kind(event)
            if event is not None and event.is_step_up_for_retry:
                self.asked_for_retry = True
            yield entry


@dataclass
class _Step:
    attempts: dict[str, _Attempt] = field(default_factory=dict)
    ends: list[StepEnd] = field(default_factory=list)
    #: How many attempts were seen when it was last given to the cluster.
    seen_before: int = 0
    #: Whether its task told since then that it begins.
    begins: bool = False


class Following:
    """Takes messages and tells, in order, what they mean for the run.

    The first complete end of a step is accepted; other attempts of it are superseded.

    Args:
        upstream: For each step, the steps that it needs; others than the keys have had their end.
    """

    def __init__(self, upstream: Mapping[str, frozenset[str]]) -> None:
        self._needs: dict[str, frozenset[str]] = {}
        self._consumers: dict[str, list[str]] = {}
        self._steps: dict[str, _Step] = {}
        #: The accepted receipts.
        self.receipts: dict[str, Receipt] = {}
        self.add(upstream)

    def add(self, upstream: Mapping[str, frozenset[str]]) -> None:
        """Follow further steps, each given with the steps that it needs."""
        for key, keys in upstream.items():
            known = (source for source in keys if source in upstream or source in self._needs)
            self._needs[key] = needs = frozenset(known)
            for source in needs:
                self._consumers.setdefault(source, []).append(key)

    def hear(self, message: StepMessage) -> Iterator[Told]:
        """Take up a message."""
        touched: dict[str, None] = {}
        for entry in message.entries:
            step = self._step(entry.step_key)
            step.attempts.setdefault(entry.attempt_id, _Attempt()).take(entry)
            touched[entry.step_key] = None
        if message.end is not None:
            key = message.end.receipt.step_key
            self._step(key).ends.append(message.end)
            touched[key] = None
        yield from self._advance(touched)

    def settle(self, receipt: Receipt) -> Iterator[Told]:
        """Take up an end that the driver itself gave to a step, all of it recorded."""
        key = receipt.step_key
        step = self._step(key)
        step.attempts[receipt.attempt_id] = _Attempt(receipt.entry_count)
        yield from self._accept(step, StepEnd(receipt=receipt, counts={}))
        yield from self._advance(self._consumers.get(key, ()))

    def submit(self, key: str) -> None:
        """Note that a step is given to the cluster, once more or for the first time."""
        step = self._step(key)
        step.seen_before = len(step.attempts)
        step.begins = False
        step.ends.clear()

    def has_started(self, key: str) -> bool:
        """Return whether an attempt was heard of since the step was last given to the cluster."""
        step = self._steps.get(key)
        return step is not None and len(step.attempts) > step.seen_before

    def begin(self, key: str) -> None:
        """Note that a step's task tells that it begins, ahead of all that an attempt tells."""
        self._step(key).begins = True

    def has_begun(self, key: str) -> bool:
        """Return whether a step was heard of at all since it was last given to the cluster."""
        step = self._steps.get(key)
        return step is not None and (step.begins or self.has_started(key))

    def drain(self) -> Iterator[Told]:
        """Hand on what waits for steps whose end will never come."""
        for key, step in self._steps.items():
            yield from self._hand_on(key, step)

    def _step(self, key: str) -> _Step:
        return self._steps.setdefault(key, _Step())

    def _advance(self, keys: Iterable[str]) -> Iterator[Told]:
        """Hand on what the steps may tell, and then those that waited for their end."""
        todo = deque(keys)
        while todo:
            key = todo.popleft()
            step = self._steps.get(key)
            if step is None or not self._needs.get(key, frozenset()) <= self.receipts.keys():
                continue
            yield from self._hand_on(key, step)
            if key not in self.receipts:
                yield from self._end(step)
                if key in self.receipts:
                    todo.extend(self._consumers.get(key, ()))

    def _hand_on(self, key: str, step: _Step) -> Iterator[Told]:
        accepted = self.receipts.get(key)
        for attempt_id, attempt in step.attempts.items():
            for entry in attempt.next_entries():
                if accepted is not None and attempt_id != accepted.attempt_id:
                    if attempt.kind is _Kind.DECISION:
                        continue
                    yield from self._supersede(attempt_id, attempt, accepted)
                yield Recorded(entry, counts=not attempt.is_superseded)

    def _end(self, step: _Step) -> Iterator[Told]:
        end = next((end for end in step.ends if _is_complete(step, end)), None)
        if end is None:
            return
        step.ends.clear()
        if end.receipt.outcome is StepOutcome.UP_FOR_RETRY:
            yield Postponed(end.receipt)
        else:
            yield from self._accept(step, end)

    def _accept(self, step: _Step, end: StepEnd) -> Iterator[Told]:
        receipt = end.receipt
        self.receipts[receipt.step_key] = receipt
        for attempt_id, attempt in step.attempts.items():
            if attempt_id != receipt.attempt_id:
                yield from self._supersede(attempt_id, attempt, receipt)
        yield Accepted(receipt, end.error, end.worker)

    def _supersede(
        self, attempt_id: str, attempt: _Attempt, accepted: Receipt
    ) -> Iterator[Superseded]:
        if attempt.kind is _Kind.RUN and not (attempt.is_superseded or attempt.asked_for_retry):
            attempt.is_superseded = True
            yield Superseded(AttemptSuperseded(accepted.step_key, attempt_id, accepted.attempt_id))


def _is_complete(step: _Step, end: StepEnd) -> bool:
    return all(
        attempt_id in step.attempts and step.attempts[attempt_id].handed_on >= count
        for attempt_id, count in end.counts.items()
    )
