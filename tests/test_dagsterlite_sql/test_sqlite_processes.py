"""Many processes in one home; processes that die, fork, or find the disk full."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dagsterlite import DagsterError, DagsterInstance
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.runs import DagsterRunStatus, RunsFilter
from dagsterlite.stores import EventRecordsFilter
from dagsterlite_sql.sqlite_admission import is_there
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.entries import step
from tests.contracts.run_storage import run

PROCESSES = 16
STEPS = 125
MATERIALIZED = EventRecordsFilter(event_type=DagsterEventType.ASSET_MATERIALIZATION)


@contextmanager
def writer(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Start a writer and wait until it is ready; the test writes a line to set it off."""
    command = [sys.executable, "-m", "tests.test_dagsterlite_sql.writer", *map(str, arguments)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def run_all(commands: list[list[object]]) -> None:
    """Run writers at once, from one start, and see each end well."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        processes = [stack.enter_context(writer(*command)) for command in commands]
        assert [line(process) for process in processes] == ["ready"] * len(commands)
        for process in processes:
            go(process)
        for process in processes:
            output, _ = process.communicate(timeout=100)
            assert process.returncode == 0, output


@pytest.mark.timeout(180)
def test_sixteen_drivers_write_their_runs_into_one_home(tmp_path: Path) -> None:
    home = tmp_path / "history"

    run_all([["drive", home, f"r{number}", STEPS] for number in range(PROCESSES)])

    runs, events = SqliteRunStorage(str(home)), SqliteEventLogStorage(str(home))
    assert runs.get_runs_count(RunsFilter(statuses=[DagsterRunStatus.SUCCESS])) == PROCESSES
    for number in range(PROCESSES):
        logged = events.get_logs_for_run(f"r{number}")
        assert logged[1:-1] == [e for n in range(STEPS) for e in step(f"r{number}", n)]
    records = events.get_event_records(MATERIALIZED)
    assert len({record.storage_id for record in records}) == PROCESSES * STEPS
    assert len(events.get_asset_keys()) == STEPS
    runs.close()
    events.close()
    left = {path.suffix for path in home.rglob("*") if path.is_file()}
    assert left == {".db", ".lock"}


@pytest.mark.timeout(180)
def test_sixteen_processes_write_into_one_run(tmp_path: Path) -> None:
    commands = [["share", tmp_path, number * STEPS, STEPS] for number in range(PROCESSES)]

    run_all(commands)

    events = SqliteEventLogStorage(str(tmp_path))
    logged = events.get_logs_for_run("shared")
    wanted = [entry for number in range(PROCESSES * STEPS) for entry in step("shared", number)]
    assert len(logged) == len(wanted)
    assert {entry.key for entry in logged} == {entry.key for entry in wanted}
    assert len(events.get_event_records(MATERIALIZED)) == PROCESSES * STEPS
    events.close()


def test_a_writer_that_is_killed_leaves_whole_calls_and_another_goes_on(tmp_path: Path) -> None:
    begun = 0
    for round_ in range(4):
        with writer("write_on", tmp_path, "r") as process:
            line(process)
            go(process)
            for _ in range(20 + 7 * round_):
                begun = int(line(process))
            process.kill()
            process.wait()
            rest = process.stdout.read().split() if process.stdout else []
            begun = int(rest[-1]) if rest else begun

        events = SqliteEventLogStorage(str(tmp_path))
        logged = events.get_logs_for_run("r")
        done = len(logged) // 4
        assert logged == [entry for number in range(done) for entry in step("r", number)]
        assert done in {begun, begun + 1}
        indexed = events.get_event_records(MATERIALIZED, ascending=True)
        assert [record.event_log_entry for record in indexed] == logged[2::4]
        events.close()


def test_a_full_disk_is_an_error_and_what_was_there_stays(tmp_path: Path) -> None:
    with writer("fill", tmp_path, 600_000) as process:
        line(process)
        go(process)
        error, counts = line(process), line(process)

    assert error.startswith("DagsterStorageError")
    assert f"{tmp_path}/runs/r.db" in error
    assert "Mend: " in error
    written, read = map(int, counts.split())
    assert written > 0
    assert read == written * 10
    events = SqliteEventLogStorage(str(tmp_path))
    assert len(events.get_logs_for_run("r")) == read
    events.store_entries(step("r", 0))
    assert events.has_asset_key(AssetKey(["table", "0"]))
    events.close()


def test_a_disk_without_room_for_a_new_home_leaves_nothing_half_made(tmp_path: Path) -> None:
    with writer("fill", tmp_path / "history", 8_000) as process:
        line(process)
        go(process)
        error = line(process)

    assert error.startswith("DagsterStorageError")
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [".dagsterlite.lock"]


def told_to_a_stranger(home: Path) -> str:
    """Return the error of a process without rights that records a run."""
    hearing, telling = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            with DagsterInstance.local_temp(str(home)) as instance:
                instance.create_run("p")
        except DagsterError as exc:
            os.write(telling, f"{type(exc).__name__} {exc}".encode())
        finally:
            os._exit(0)
    os.close(telling)
    os.waitpid(child, 0)
    with os.fdopen(hearing, encoding="utf-8") as told:
        return told.read()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_home_that_may_only_be_read_is_told_and_stays_as_it_was() -> None:
    # Where every user may come: pytest's own folders are its user's alone.
    home = Path(tempfile.gettempdir()) / f"dagsterlite-{uuid.uuid4().hex}"
    with DagsterInstance.local_temp(str(home)) as instance:
        instance.create_run("p", run_id="r")
    files = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    for path in [home, *home.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        told = told_to_a_stranger(home)

        assert told.startswith(f"DagsterStorageError The database {home}/history/runs.db")
        assert "Mend: let this user read and write" in told
        assert {p: p.read_bytes() for p in home.rglob("*") if p.is_file()} == files
    finally:
        for path in [home, *home.rglob("*")]:
            path.chmod(0o755)
        shutil.rmtree(home)


# --- forks ---


def write_in_child(store: SqliteEventLogStorage, number: int) -> None:
    store.store_entries(step("child", number))
    store.close()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_store_may_be_used_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    events, runs = SqliteEventLogStorage(str(tmp_path)), SqliteRunStorage(str(tmp_path))
    events.store_entries(step("child", 0))
    runs.add_run(run("one"))
    fork = multiprocessing.get_context("fork")
    stop = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not stop.is_set():
            events.store_entries(step("parent", len(written)))
            runs.add_run_tags("one", {"n": str(len(written))})
            written.append(1)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for number in range(1, 9):
            child = fork.Process(target=write_in_child, args=(events, number))
            child.start()
            child.join()
            assert child.exitcode == 0
    finally:
        stop.set()
        thread.join()

    assert events.get_logs_for_run("child") == [e for n in range(9) for e in step("child", n)]
    wanted = [e for number in range(len(written)) for e in step("parent", number)]
    assert events.get_logs_for_run("parent") == wanted
    assert len(events.get_event_records(MATERIALIZED)) == 9 + len(written)
    events.close()
    runs.close()


def test_a_child_goes_on_after_its_parent_closed_and_left(tmp_path: Path) -> None:
    store = SqliteEventLogStorage(str(tmp_path))
    store.store_entries(step("r", 0))
    to_child, from_parent = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(from_parent)
        store.store_entries(step("r", 1))
        os.read(to_child, 1)
        store.store_entries(step("r", 2))
        os._exit(0)

    os.close(to_child)
    store.close()
    SqliteEventLogStorage(str(tmp_path)).close()
    os.close(from_parent)
    _, status = os.waitpid(child, 0)

    assert status == 0
    opened = SqliteEventLogStorage(str(tmp_path))
    assert opened.get_logs_for_run("r") == [e for n in range(3) for e in step("r", n)]
    opened.close()


def test_a_look_at_an_open_database_keeps_its_locks(tmp_path: Path) -> None:
    """Another process must not believe that it is the last one, and put the log away."""
    store = SqliteEventLogStorage(str(tmp_path))
    store.store_entries(step("r", 0))
    file = tmp_path / "runs" / "r.db"

    assert is_there(str(file))
    SqliteEventLogStorage(str(tmp_path)).close()
    visit = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]);"
        "c.execute('SELECT count(*) FROM event_logs').fetchall(); c.close()"
    )
    subprocess.run([sys.executable, "-c", visit, str(file)], check=True, timeout=60)

    assert file.with_name("r.db-wal").exists()
    store.store_entries(step("r", 1))
    store.close()
    assert SqliteEventLogStorage(str(tmp_path)).get_logs_for_run("r") == [
        *step("r", 0),
        *step("r", 1),
    ]


def test_a_database_whose_log_is_half_moved_into_it_is_still_ours(tmp_path: Path) -> None:
    """The header is written first: it counts pages that another process has yet to write."""
    file = tmp_path / "runs.db"
    store = SqliteRunStorage(str(tmp_path))
    store.add_run(run("r"))
    store.close()
    os.truncate(file, 4096)

    assert is_there(str(file))
