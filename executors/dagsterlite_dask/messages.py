"""What a step tells while it runs, and what it leaves for the steps after it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dask.sizeof import sizeof

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import OutputPlace, Receipt
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import CollectingStep, ExecutionStep, MappingKeys
from dagsterlite.serdes import from_json, to_json
from dagsterlite_dask.travel import packed, unpacked


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """The result of a step's task: it stays on workers, and goes from one to the next."""

    #: None where the step did not run because one that it needs waits for another attempt.
    receipt: Receipt | None
    values: Mapping[OutputPlace, Any] = field(default_factory=dict, repr=False)
    #: Those of other steps of its task that are needed by others, or that nothing else keeps.
    earlier: tuple[StepResult, ...] = field(default=(), repr=False)
    #: The last messages of the task's steps, complete: for a driver that did not hear all.
    told: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    #: Unix seconds of its end.
    ended: float = field(default=0.0, compare=False)

    def of(self, step_key: str) -> StepResult:
        """Return the result of one of the steps of its task."""
        for result in self.earlier:
            if result.receipt is not None and result.receipt.step_key == step_key:
                return result
        return replace(self, earlier=())

    def __sizeof__(self) -> int:
        # Dask asks: by this it chooses where to run what needs the values, and when to spill them.
        parts = (*self.values.values(), *self.earlier)
        return object.__sizeof__(self) + sum(int(sizeof(part)) for part in parts)

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        # Steps that need the values on other workers have no use for what was told.
        values = {place: packed(value, protocol) for place, value in self.values.items()}
        return _arrived, (self.receipt, values, self.earlier, self.ended)


def _arrived(
    receipt: Receipt | None,
    values: Mapping[OutputPlace, Any],
    earlier: tuple[StepResult, ...],
    ended: float,
) -> StepResult:
    found = {place: unpacked(value) for place, value in values.items()}
    return StepResult(receipt=receipt, values=found, earlier=earlier, ended=ended)


def select_outputs(result: StepResult, step_key: str, places: Sequence[OutputPlace]) -> StepResult:
    """Return the result of a step of a task with only some of its outputs."""
    found = result.of(step_key)
    values = {place: found.values[place] for place in places if place in found.values}
    receipt = found.receipt and found.receipt.with_outputs(places)
    return StepResult(receipt=receipt, values=values, ended=result.ended)


@dataclass(frozen=True, kw_only=True)
class StepEnd:
    """The end of a step's task."""

    receipt: Receipt
    #: How many entries each attempt made that the task tells of.
    counts: Mapping[str, int]
    #: What the user's code raised, pickled, where that could be done.
    error: bytes | None = field(default=None, repr=False)
    #: The address of the worker that holds the task's result.
    worker: str | None = None


@dataclass(frozen=True)
class StepMessage:
    """One message on the run's topic: entries, and at a task's end the step's receipt."""

    entries: tuple[EventLogEntry, ...]
    end: StepEnd | None = None


def to_wire(entries: Iterable[str], end: StepEnd | None = None) -> dict[str, Any]:
    """Return a message of texts, numbers and bytes only, as Dask's topics carry them.

    The entries are one text: Dask asks for the size of each part of what it sends.

    Args:
        entries: Event log entries as JSON.
        end: The end of the task, with its last entries.
    """
    message: dict[str, Any] = {"entries": joined(entries)}
    if end is not None:
        message["receipt"] = to_json(end.receipt)
        message["counts"] = dict(end.counts)
        message["error"] = end.error
        message["worker"] = end.worker
    return message


def joined(entries: Iterable[str]) -> str:
    """Return entries as JSON as one text, one a line: JSON's own texts have no line ends."""
    return "\n".join(entries)


def from_wire(message: Mapping[str, Any]) -> StepMessage:
    """Return the message that :func:`to_wire` made.

    Raises:
        DagsterSerdesError: an entry is of a version that is not known here.
    """
    texts = message["entries"]
    entries = tuple(map(from_json, texts.split("\n"))) if texts else ()
    if "receipt" not in message:
        return StepMessage(entries)
    end = StepEnd(
        receipt=from_json(message["receipt"]),
        counts=message["counts"],
        error=message["error"],
        worker=message["worker"],
    )
    return StepMessage(entries, end)


def chains_to_wire(chains: Iterable[Iterable[ExecutionStep]]) -> str:
    """Return the steps of a task as they travel: their keys, and what is known of their lists."""
    return json.dumps([[[step.key, keys_to_wire(step)] for step in steps] for steps in chains])


def chains_from_wire(text: str) -> list[list[tuple[str, str | None]]]:
    """Return the steps that :func:`chains_to_wire` was given, each with its mapping keys' text."""
    return [[(key, mapping_keys) for key, mapping_keys in steps] for steps in json.loads(text)]


def keys_to_wire(step: ExecutionStep) -> str | None:
    """Return what a worker must know to make the lists that a step collects; None for others."""
    if not isinstance(step, CollectingStep):
        return None
    return json.dumps([[o.step_key, o.output_name, keys] for o, keys in step.mapping_keys.items()])


def keys_from_wire(text: str | None) -> MappingKeys:
    """Return the mapping keys that :func:`keys_to_wire` was given."""
    found = json.loads(text) if text else ()
    return {StepOutputHandle(key, name): tuple(keys) for key, name, keys in found}
