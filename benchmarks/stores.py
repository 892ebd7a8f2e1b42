"""How stores bear many events and many writers: Postgres, one home for all, a million events."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.event_log import entries_of_a_run, of_run, write
from benchmarks.figures import Figure, best_seconds
from dagsterlite import (
    AssetKey,
    AssetMaterialization,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    EventLogEntry,
    EventRecordsFilter,
)
from dagsterlite.events.payloads import StepMaterializationData
from dagsterlite.execution.recorder import FLUSH_ENTRIES
from dagsterlite.stores import EventLogStorage
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from tests.test_dagsterlite_sql.postgres_server import running

POSTGRES_TARGET = 20_000

PROCESSES = 16
EVENTS_OF_EACH = 500
PROCESSES_TARGET = 3.0

MANY = 1_000_000
RUNS = 100
ASSETS = 1_000
ONE_IN = 5
"""One event in so many tells of an asset."""
PAGE = 100
PAGE_TARGET = 50.0

_WRITTEN = DagsterEventType.ASSET_MATERIALIZATION


def benchmark() -> Iterator[Figure]:
    """Measure each in turn."""
    with TemporaryDirectory() as home:
        yield _many_processes(home)
    with DagsterInstance.local_temp() as instance:
        yield _slowest_page("SQLite", instance.event_log_storage)
    with (
        TemporaryDirectory() as folder,
        running(Path(folder)) as server,
        closing(PostgresEventLogStorage(server.address("postgres"))) as store,
    ):
        yield _throughput(store)
        yield _slowest_page("Postgres", store)


def _throughput(store: EventLogStorage) -> Figure:
    entries = entries_of_a_run(2_000)
    numbers = iter(range(100))
    seconds = best_seconds(lambda: write(store, of_run(entries, f"run-{next(numbers)}")), 5)
    return Figure(
        what=f"events into Postgres, batches of {FLUSH_ENTRIES}",
        value=len(entries) / seconds,
        unit="events/s",
        target=POSTGRES_TARGET,
        is_more_better=True,
    )


def _many_processes(home: str) -> Figure:
    writer = [sys.executable, "-m", "benchmarks.writer", home, str(EVENTS_OF_EACH)]
    with ExitStack() as stack:
        start = [
            subprocess.Popen([*writer, f"run-{n}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            for n in range(PROCESSES)
        ]
        writers = [stack.enter_context(process) for process in start]
        for process in writers:
            assert process.stdout is not None
            process.stdout.readline()
        began = time.perf_counter()
        # All of them first: they write at once, not by turns.
        for process in writers:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in writers:
            process.wait()
        seconds = time.perf_counter() - began
    assert [process.returncode for process in writers] == [0] * PROCESSES
    return Figure(
        what=f"{PROCESSES} processes, {EVENTS_OF_EACH} events each, one by one, into one home",
        value=seconds,
        unit="s",
        target=PROCESSES_TARGET,
    )


def _slowest_page(name: str, store: EventLogStorage) -> Figure:
    _fill(store)
    seconds = {label: best_seconds(query) for label, query in _queries(store)}
    slowest = max(seconds, key=lambda label: seconds[label])
    return Figure(
        what=f"first page of {MANY:,} events in {name}, the slowest query ({slowest})",
        value=seconds[slowest] * 1000,
        unit="ms",
        target=PAGE_TARGET,
    )


def _queries(store: EventLogStorage) -> Iterator[tuple[str, Callable[[], Any]]]:
    asset, day, middle = AssetKey(["table", "7"]), "3", float(MANY // 2)

    def records(*, ascending: bool = False, **wanted: Any) -> Callable[[], Any]:
        records_filter = EventRecordsFilter(event_type=_WRITTEN, **wanted)
        return lambda: store.get_event_records(records_filter, PAGE, ascending=ascending)

    some = [AssetKey(["table", str(number)]) for number in range(PAGE)]
    yield "by type", records()
    yield "by type, oldest first", records(ascending=True)
    yield "by asset", records(asset_key=asset)
    yield "by partition", records(asset_key=asset, asset_partitions=[day])
    yield "by cursor", records(after_cursor=MANY // ONE_IN // 2, ascending=True)
    yield "after a time", records(after_timestamp=middle, ascending=True)
    yield "before a time", records(before_timestamp=middle)
    yield "by job", records(job_names=["p3"])
    yield "by jobs, after a time", records(job_names=["p3", "p7"], after_timestamp=middle)
    yield "by asset and time", records(asset_key=asset, before_timestamp=middle)
    yield "a run's log", lambda: store.get_records_for_run("run-7", limit=PAGE)
    yield "asset keys", lambda: store.get_asset_keys(limit=PAGE)
    yield "asset keys by prefix", lambda: store.get_asset_keys(["table"], PAGE)
    yield "an asset", lambda: store.has_asset_key(asset)
    yield "last records", lambda: store.get_latest_records(_WRITTEN, some)
    yield "partitions", lambda: store.get_materialized_partitions(asset)


def _fill(store: EventLogStorage) -> None:
    of_each = MANY // RUNS
    for run in range(RUNS):
        entries = [_entry(run, run * of_each + number) for number in range(of_each)]
        for first in range(0, of_each, 2_000):
            store.store_entries(entries[first : first + 2_000])


def _entry(run: int, number: int) -> EventLogEntry:
    event, job = None, f"p{run % 10}"
    if number % ONE_IN == 0:
        key = AssetKey(["table", str(number // ONE_IN % ASSETS)])
        asset = AssetMaterialization(key, partition=str(run % 10))
        data = StepMaterializationData(asset)
        event = DagsterEvent(event_type=_WRITTEN, pipeline_name=job, event_specific_data=data)
    return EventLogEntry(
        run_id=f"run-{run}",
        step_key="load.compute",
        attempt_id="a" * 32,
        seq=number,
        timestamp=float(number),
        job_name=job,
        user_message="" if event else "loaded a thousand rows",
        dagster_event=event,
    )
