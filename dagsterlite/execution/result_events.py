"""A run's events as its results look at them: by step, and by solid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dagsterlite.events.engine import EngineEventData, StepsResolved
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.fold import steps_of
from dagsterlite.handles import SolidHandle, StepHandle, unresolved_key


@dataclass(frozen=True)
class RunEvents:
    """A run's events in the order they came, and by step."""

    all: Sequence[DagsterEvent]
    by_step: Mapping[str, Sequence[DagsterEvent]]
    #: For each step of the plan that was mapped over a dynamic output, the steps it came to.
    resolved: Mapping[str, Sequence[str]]

    @staticmethod
    def of(
        events: Sequence[DagsterEvent], resolved: Mapping[str, Sequence[str]] | None = None
    ) -> RunEvents:
        """Return these events.

        Args:
            events: In the order they came.
            resolved: What the run resolved, where these events are a part of its.
        """
        by_step: dict[str, list[DagsterEvent]] = {}
        for event in events:
            if event.step_key is not None:
                by_step.setdefault(event.step_key, []).append(event)
        return RunEvents(events, by_step, _resolved(events) if resolved is None else resolved)

    def of_solid(self, handle: SolidHandle) -> SolidEvents:
        """Return the events of one solid."""
        key = StepHandle(handle).key
        unresolved = unresolved_key(key)
        mapped = self.resolved.get(unresolved)
        if mapped is not None:
            found = (event for one in mapped for event in self.by_step.get(one, ()))
            return SolidEvents(unresolved, list(found), mapped)
        # A step whose dynamic output did not come to be stands for itself.
        own = unresolved if unresolved in self.by_step else key
        return SolidEvents(own, self.by_step.get(own, ()))


def _resolved(events: Iterable[DagsterEvent]) -> Mapping[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    for event in events:
        match event.event_specific_data:
            case EngineEventData(detail=StepsResolved() as resolved):
                found |= steps_of(resolved)
    return found


@dataclass(frozen=True)
class SolidEvents:
    """The events of a solid's step, or of the steps that it came to."""

    step_key: str
    all: Sequence[DagsterEvent]
    #: The keys of the steps that it came to; None where it is mapped over no dynamic output.
    mapped: Sequence[str] | None = None

    def keys_with(self, event_type: DagsterEventType) -> set[str | None]:
        """Return the keys of the steps that told of events of this type."""
        return {event.step_key for event in self.all if event.event_type is event_type}

    def outputs(self) -> Iterator[DagsterEvent]:
        """Yield the events of type STEP_OUTPUT of the last attempt of each step."""
        by_step: dict[str | None, list[DagsterEvent]] = {}
        for event in self.all:
            if event.event_type is DagsterEventType.STEP_RESTARTED:
                by_step.pop(event.step_key, None)
            elif event.event_type is DagsterEventType.STEP_OUTPUT:
                by_step.setdefault(event.step_key, []).append(event)
        for events in by_step.values():
            yield from events
