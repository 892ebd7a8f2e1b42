"""How fast one driver's events come into SQLite, serialization included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, best_seconds
from benchmarks.pipelines import QUIET, chain
from dagsterlite import DagsterInstance, execute_pipeline
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.recorder import FLUSH_ENTRIES
from dagsterlite.runs import DagsterRun

EVENTS_TARGET = 50_000


def benchmark() -> Iterator[Figure]:
    """Measure the entries of a real run, written in the batches of a driver."""
    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(chain(2_000), QUIET, instance=instance).run_id
    entries = instance.all_logs(run_id)
    with TemporaryDirectory() as folder, DagsterInstance.local_temp(folder) as kept:
        numbers = iter(range(100))
        seconds = best_seconds(lambda: _write(kept, _of_run(entries, f"run-{next(numbers)}")), 5)
    yield Figure(
        what=f"events into SQLite, batches of {FLUSH_ENTRIES}",
        value=len(entries) / seconds,
        unit="events/s",
        target=EVENTS_TARGET,
        is_more_better=True,
    )


def _of_run(entries: list[EventLogEntry], run_id: str) -> list[EventLogEntry]:
    return [replace(entry, run_id=run_id) for entry in entries]


def _write(instance: DagsterInstance, entries: list[EventLogEntry]) -> None:
    instance.add_run(DagsterRun(pipeline_name="p", run_id=entries[0].run_id))
    for first in range(0, len(entries), FLUSH_ENTRIES):
        instance.record_entries(entries[first : first + FLUSH_ENTRIES])
