"""Database servers killed in the middle of writing and started again: nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.errors import DagsterStorageError
from dagsterlite.stores import EventLogStorage, RunStorage
from dagsterlite_sql import server_engine
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.contracts.entries import step
from tests.contracts.event_log_storage import materialized
from tests.contracts.run_storage import ids, run
from tests.test_dagsterlite_sql import mysql_server, postgres_server

KILLS = 3
STEPS_BETWEEN = 15

Opened = tuple[Any, RunStorage, EventLogStorage]


@contextmanager
def postgres(folder: Path) -> Iterator[Opened]:
    with postgres_server.running(folder) as server:
        place = server.address("postgres")
        with (
            closing(PostgresRunStorage(place)) as runs,
            closing(PostgresEventLogStorage(place)) as events,
        ):
            yield server, runs, events


@contextmanager
def mysql(folder: Path) -> Iterator[Opened]:
    # What is committed is with the operating system: the death of a process does not take it.
    with mysql_server.running(folder, "--innodb-flush-log-at-trx-commit=2") as server:
        place = server.by_network(server.create())
        with (
            closing(MySQLRunStorage(place)) as runs,
            closing(MySQLEventLogStorage(place)) as events,
        ):
            yield server, runs, events


SERVERS: dict[str, Callable[[Path], AbstractContextManager[Opened]]] = {
    "postgres": postgres,
    **({"mysql": mysql} if mysql_server.PROGRAM else {}),
}


@pytest.fixture(params=SERVERS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """A server of the test's own, with stores."""
    with SERVERS[request.param](tmp_path) as found:
        yield found


def test_a_writer_goes_on_where_its_server_was_killed_and_started_again(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_engine, "RESTART_SECONDS", 120.0)
    server, _, events = opened
    taken = threading.Semaphore(0)
    is_last = threading.Event()
    written: list[int] = []
    failed: list[Exception] = []

    def write() -> None:
        try:
            while not is_last.is_set():
                events.store_entries(step("r", len(written)))
                written.append(len(written))
                taken.release()
        except Exception as exc:  # noqa: BLE001 - told by the test
            failed.append(exc)
            is_last.set()
            for _ in range(KILLS * STEPS_BETWEEN):
                taken.release()

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(KILLS):
        for _ in range(STEPS_BETWEEN):
            taken.acquire()
        server.kill()
        server.start()
        # Writes are tried twice: what was written meanwhile must not bring the next kill near.
        while taken.acquire(blocking=False):
            pass
    is_last.set()
    writer.join()

    assert failed == []
    entries = [entry for number in written for entry in step("r", number)]
    assert events.get_logs_for_run("r") == entries
    indexed = events.get_event_records(materialized(), ascending=True)
    assert [record.event_log_entry for record in indexed] == entries[2::4]


def test_a_server_that_stays_dead_is_told_and_what_was_recorded_is_there_later(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, runs, events = opened
    runs.add_run(run("one"))
    events.store_entries(step("r", 0))
    monkeypatch.setattr(server_engine, "RESTART_SECONDS", 0.0)
    server.kill()

    uses: list[Callable[[], object]] = [
        lambda: runs.add_run(run("two")),
        runs.get_run_records,
        lambda: events.store_entries(step("r", 1)),
        lambda: events.get_logs_for_run("r"),
    ]
    for use in uses:
        with pytest.raises(DagsterStorageError, match="see that the server is up") as caught:
            use()
        assert isinstance(caught.value, ConnectionError)

    server.start()
    monkeypatch.undo()
    assert ids(runs.get_run_records()) == ["one"]
    assert events.get_logs_for_run("r") == step("r", 0)
