"""How fast one driver's events come into SQLite, serialization included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmarks.figures import Figure, best_seconds
from benchmarks.pipelines import QUIET, chain
from dagsterlite import DagsterInstance, execute_pipeline
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.recorder import FLUSH_ENTRIES
from dagsterlite.stores import EventLogStorage

EVENTS_TARGET = 50_000


def benchmark() -> Iterator[Figure]:
    """Measure the entries of a real run, written in the batches of a driver."""
    entries = entries_of_a_run(2_000)
    with DagsterInstance.local_temp() as kept:
        store = kept.event_log_storage
        numbers = iter(range(100))
        seconds = best_seconds(lambda: write(store, of_run(entries, f"run-{next(numbers)}")), 5)
    yield Figure(
        what=f"events into SQLite, batches of {FLUSH_ENTRIES}",
        value=len(entries) / seconds,
        unit="events/s",
        target=EVENTS_TARGET,
        is_more_better=True,
    )


def entries_of_a_run(steps: int) -> list[EventLogEntry]:
    """Return the entries of a run of so many steps."""
    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(chain(steps), QUIET, instance=instance).run_id
    return instance.all_logs(run_id)


def of_run(entries: list[EventLogEntry], run_id: str) -> list[EventLogEntry]:
    """Return the entries as if they were another run's."""
    return [replace(entry, run_id=run_id) for entry in entries]


def write(store: EventLogStorage, entries: list[EventLogEntry]) -> None:
    """Write entries in the batches of a driver."""
    for first in range(0, len(entries), FLUSH_ENTRIES):
        store.store_entries(entries[first : first + FLUSH_ENTRIES])
