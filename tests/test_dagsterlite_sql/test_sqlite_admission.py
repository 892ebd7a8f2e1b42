"""What stands where a database of ours should, and how one comes into being."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from dagsterlite.errors import (
    DagsterError,
    DagsterHomeError,
    DagsterInstanceMigrationRequired,
    DagsterStorageError,
)
from dagsterlite_sql.schema import EVENT_LOGS, RUNS
from dagsterlite_sql.sqlite import SqliteFile
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.entries import step
from tests.contracts.run_storage import run


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_text_file(path: Path) -> None:
    path.write_text("a shopping list\n" * 20, encoding="utf-8")


def write_short_file(path: Path) -> None:
    path.write_bytes(b"\x00")


def write_foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, run_id TEXT)")
        connection.execute("INSERT INTO runs VALUES (1, 'theirs')")


def write_foreign_database_with_a_live_log(path: Path) -> None:
    source = path.with_name("source.db")
    connection = sqlite3.connect(source)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE theirs (id INTEGER)")
    connection.commit()
    for suffix in ("", "-wal"):
        Path(f"{path}{suffix}").write_bytes(Path(f"{source}{suffix}").read_bytes())
    connection.close()
    source.unlink()


FOREIGN = [
    write_text_file,
    write_short_file,
    write_foreign_database,
    write_foreign_database_with_a_live_log,
]


@pytest.mark.parametrize("write", FOREIGN)
def test_another_programs_file_in_place_of_the_runs_is_left_byte_for_byte(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "runs.db")
    before = snapshot(tmp_path)

    with pytest.raises(DagsterHomeError, match=r"runs\.db is .*move the file away"):
        SqliteRunStorage(str(tmp_path))

    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("write", FOREIGN)
def test_another_programs_file_in_place_of_the_index_is_left_byte_for_byte(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    write(tmp_path / "index.db")
    before = snapshot(tmp_path)

    with pytest.raises(DagsterHomeError, match=r"index\.db is .*move the file away"):
        SqliteEventLogStorage(str(tmp_path))

    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("write", FOREIGN)
def test_another_programs_file_in_place_of_a_runs_log_is_left_byte_for_byte(
    tmp_path: Path, write: Callable[[Path], None]
) -> None:
    store = SqliteEventLogStorage(str(tmp_path))
    (tmp_path / "runs").mkdir()
    write(tmp_path / "runs" / "r.db")
    before = snapshot(tmp_path / "runs")

    for use in (
        lambda: store.store_entries(step("r", 0)),
        lambda: store.get_logs_for_run("r"),
        lambda: store.delete_events("r"),
    ):
        with pytest.raises(DagsterHomeError, match=r"r\.db is"):
            use()

    assert snapshot(tmp_path / "runs") == before
    store.close()


def test_an_empty_file_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "runs.db").touch()
    store = SqliteRunStorage(str(tmp_path))

    store.add_run(run("one"))

    assert store.get_runs_count() == 1
    store.close()


def test_a_log_without_its_database_is_not_played_into_a_new_one(tmp_path: Path) -> None:
    store = SqliteRunStorage(str(tmp_path))
    (tmp_path / "runs.db-wal").write_bytes(b"what is left of another")

    with pytest.raises(DagsterHomeError, match=r"runs\.db-wal belongs to a database that is not"):
        store.add_run(run("one"))

    assert not (tmp_path / "runs.db").exists()
    assert (tmp_path / "runs.db-wal").read_bytes() == b"what is left of another"


def test_a_database_in_the_wrong_place_is_refused(tmp_path: Path) -> None:
    store = SqliteRunStorage(str(tmp_path))
    store.add_run(run("one"))
    store.close()
    (tmp_path / "runs.db").rename(tmp_path / "index.db")

    with pytest.raises(DagsterHomeError, match=r"index\.db does not hold .*event_index"):
        SqliteEventLogStorage(str(tmp_path))


@pytest.mark.parametrize(
    ("version", "error", "mend"),
    [
        ("0000", DagsterInstanceMigrationRequired, "dagsterlite instance migrate"),
        ("9999", DagsterHomeError, "newer version"),
    ],
)
def test_another_versions_database_is_refused_with_the_mend(
    tmp_path: Path, version: str, error: type[DagsterError], mend: str
) -> None:
    store = SqliteRunStorage(str(tmp_path))
    store.add_run(run("one"))
    store.close()
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection, connection:
        connection.execute("UPDATE runs_version SET version_num = ?", (version,))
    before = (tmp_path / "runs.db").read_bytes()

    with pytest.raises(error, match=mend) as caught:
        SqliteRunStorage(str(tmp_path))

    assert type(caught.value) is error
    assert str(tmp_path / "runs.db") in str(caught.value)
    assert (tmp_path / "runs.db").read_bytes() == before


# --- folders that cannot be used (also by root, whom permissions do not bind) ---


def test_a_folder_below_a_file_is_an_error_with_path_and_mend(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(DagsterStorageError, match=r"file/history/runs\.db cannot .* Mend: "):
        SqliteRunStorage(str(tmp_path / "file" / "history"))


def test_a_folder_in_place_of_a_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "runs.db").mkdir()

    with pytest.raises(DagsterStorageError, match=r"runs\.db cannot be used"):
        SqliteRunStorage(str(tmp_path))


def test_a_folder_in_place_of_the_runs_folder_may_not_be_a_file(tmp_path: Path) -> None:
    store = SqliteEventLogStorage(str(tmp_path))
    (tmp_path / "runs").touch()

    with pytest.raises(DagsterStorageError, match=r"runs/r\.db cannot be used"):
        store.store_entries(step("r", 0))
    store.close()


def test_a_database_that_may_only_be_read_is_an_error_when_written(tmp_path: Path) -> None:
    file = SqliteFile(str(tmp_path / "a.db"), EVENT_LOGS)
    with file.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only=ON")

    with pytest.raises(DagsterStorageError, match="Mend: let this user"), file.write() as writer:
        writer.exec_driver_sql("DELETE FROM event_logs")

    with file.write():
        pass
    file.close()


# --- making ---


def test_a_new_database_is_ours_in_its_first_bytes_and_logs_ahead(tmp_path: Path) -> None:
    file = SqliteFile(str(tmp_path / "a.db"), RUNS)
    with file.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    file.close()

    header = (tmp_path / "a.db").read_bytes()[:100]
    assert header[68:72] == b"dglt"
    assert header[18:20] == b"\x02\x02"
    assert {path.name for path in tmp_path.iterdir()} == {"a.db", ".dagsterlite.lock"}


def test_many_stores_that_make_one_home_at_once_make_one(tmp_path: Path) -> None:
    import threading

    stores = [SqliteRunStorage(str(tmp_path)) for _ in range(8)]
    gate = threading.Barrier(8)

    def add(number: int) -> None:
        gate.wait()
        stores[number].add_run(run(f"r{number}"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {store.get_runs_count() for store in stores} == {8}
    assert len({store.instance_id for store in stores}) == 1
    for store in stores:
        store.close()
