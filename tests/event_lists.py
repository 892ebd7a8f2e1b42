"""What tests say of events: short texts, in order."""

from __future__ import annotations

from collections.abc import Iterable

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.instance import DagsterInstance


def kinds(events: Iterable[DagsterEvent]) -> list[str]:
    """Return the types of events."""
    return [event.event_type_value for event in events]


def told(events: Iterable[DagsterEvent]) -> list[str]:
    """Return ``TYPE`` for events of the run and ``TYPE step`` for those of steps."""
    return [
        f"{event.event_type_value} {event.step_key}" if event.step_key else event.event_type_value
        for event in events
    ]


def of_step(result: PipelineExecutionResult, name: str) -> list[str]:
    """Return the types of a step's events, by its solid's name."""
    return kinds(result.events_by_step_key.get(f"{name}.compute", ()))


def logged(instance: DagsterInstance, run_id: str | None = None) -> list[EventLogEntry]:
    """Return the entries of a run's log: the only run's unless one is named."""
    if run_id is None:
        (run,) = instance.get_runs()
        run_id = run.run_id
    return instance.all_logs(run_id)


def recorded(instance: DagsterInstance, run_id: str | None = None) -> list[str]:
    """Return what the log tells of events, as :func:`told` does."""
    entries = logged(instance, run_id)
    return told(entry.dagster_event for entry in entries if entry.dagster_event is not None)


def assert_gap_free(entries: Iterable[EventLogEntry]) -> None:
    """Assert that each attempt's entries are numbered from 0, without gaps, in their order."""
    seen: dict[tuple[str, str], int] = {}
    for entry in entries:
        place = (entry.step_key, entry.attempt_id)
        assert entry.seq == seen.get(place, 0), entry
        seen[place] = entry.seq + 1
