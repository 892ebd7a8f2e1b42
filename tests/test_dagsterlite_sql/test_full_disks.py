"""Database servers whose disk is full, for real: told with the mend, and nothing is lost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from random import Random

import pytest

from dagsterlite.errors import DagsterStorageError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogRecord, EventLogStorage, RunStorage
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.contracts.entries import message
from tests.contracts.run_storage import ids, run
from tests.small_disk import small_disk
from tests.test_dagsterlite_sql import mysql_server
from tests.test_dagsterlite_sql.postgres_server import Server

Stores = tuple[RunStorage, EventLogStorage]

BALLAST = 8 << 20
BATCH = 10
LETTERS = 40_000


def take_room(disk: Path) -> Path:
    """Return a file that is to be removed when there is to be room again."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(BALLAST))
    return ballast


@contextmanager
def postgres(folder: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Stores, Path]]:
    server: Server = request.getfixturevalue("server")
    with small_disk(folder / "disk", 40) as disk:
        owner = os.stat(server.folder)
        place = disk / "tablespace"
        place.mkdir()
        for path in (folder, disk, place):
            os.chown(path, owner.st_uid, owner.st_gid)
        server.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        made = server.create("template0 TABLESPACE small")
        try:
            with (
                closing(PostgresRunStorage(made)) as runs,
                closing(PostgresEventLogStorage(made)) as events,
            ):
                yield (runs, events), take_room(disk)
        finally:
            server.drop(made)
            server.execute("DROP TABLESPACE small")


@contextmanager
def mysql(folder: Path, request: pytest.FixtureRequest) -> Iterator[tuple[Stores, Path]]:
    with (
        small_disk(folder / "disk", 60) as disk,
        mysql_server.running(disk, "--innodb-autoextend-increment=1") as server,
    ):
        made = server.create()
        with (
            closing(MySQLRunStorage(made)) as runs,
            closing(MySQLEventLogStorage(made)) as events,
        ):
            yield (runs, events), take_room(disk)


Opened = AbstractContextManager[tuple[Stores, Path]]
SERVERS: dict[str, Callable[[Path, pytest.FixtureRequest], Opened]] = {
    "postgres": postgres,
    **({"mysql": mysql} if mysql_server.PROGRAM else {}),
}


@pytest.fixture(params=SERVERS)
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Stores, Path]]:
    """Stores on a small disk, and a file that takes room there."""
    with SERVERS[request.param](tmp_path, request) as found:
        yield found


def batch(number: int) -> list[EventLogEntry]:
    """Return entries whose texts take the room that they have letters: nothing repeats in them."""
    entries = range(number * BATCH, (number + 1) * BATCH)
    return [message("r", seq, Random(seq).randbytes(LETTERS // 2).hex()) for seq in entries]


def fill(events: EventLogStorage) -> tuple[int, DagsterStorageError]:
    """Write batches until there is no room; return how many were taken, and the error."""
    number = 0
    while True:
        try:
            events.store_entries(batch(number))
        except DagsterStorageError as exc:
            return number, exc
        number += 1


def logged(events: EventLogStorage) -> list[EventLogEntry]:
    """Return what is recorded, page by page: the server would sort the whole on its disk."""
    records: list[EventLogRecord] = []
    while page := events.get_records_for_run(
        "r", after=records[-1].storage_id if records else 0, limit=BATCH
    ):
        records += page
    return [record.event_log_entry for record in records]


def test_a_full_disk_is_told_and_nothing_is_lost(full: tuple[Stores, Path]) -> None:
    (runs, events), ballast = full
    runs.add_run(run("one"))

    written, error = fill(events)

    assert written > 0
    assert "make room on the server's disk" in str(error)
    assert "what was recorded is kept" in str(error)
    taken = [entry for number in range(written) for entry in batch(number)]
    assert logged(events) == taken
    assert ids(runs.get_run_records()) == ["one"]

    ballast.unlink()
    events.store_entries(batch(written))
    runs.add_run(run("two"))
    assert logged(events) == [*taken, *batch(written)]
    assert ids(runs.get_run_records()) == ["two", "one"]
