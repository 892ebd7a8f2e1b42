from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.stores import RunStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.run_storage import Clock, RunStorageSuite, ids, run


class TestSqliteRunStorage(RunStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[RunStorage]:
        store = SqliteRunStorage(str(tmp_path / "history"), clock=clock)
        yield store
        store.close()
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {"runs.db", ".dagsterlite.lock"}


def test_what_was_recorded_is_there_when_a_store_opens_again(tmp_path: Path) -> None:
    first = SqliteRunStorage(str(tmp_path))
    added = first.add_run(run("one", tags={"a": "1"}))
    instance_id = first.instance_id
    first.close()

    second = SqliteRunStorage(str(tmp_path))

    assert second.get_run_record_by_id("one") == added
    assert second.instance_id == instance_id


def test_two_homes_are_told_apart(tmp_path: Path) -> None:
    one, two = (SqliteRunStorage(str(tmp_path / name)) for name in ("one", "two"))

    assert one.instance_id != two.instance_id


def test_two_stores_of_one_home_see_each_other(tmp_path: Path) -> None:
    one, two = SqliteRunStorage(str(tmp_path)), SqliteRunStorage(str(tmp_path))

    one.add_run(run("one"))
    two.add_run(run("two"))

    assert ids(one.get_run_records()) == ids(two.get_run_records()) == ["two", "one"]
    assert one.instance_id == two.instance_id


def test_a_store_goes_on_after_it_was_closed(tmp_path: Path) -> None:
    store = SqliteRunStorage(str(tmp_path))
    store.add_run(run("one"))

    store.close()

    assert store.add_run(run("two")).storage_id == 2


def test_opening_a_store_writes_nothing(tmp_path: Path) -> None:
    SqliteRunStorage(str(tmp_path / "history"))

    assert list(tmp_path.iterdir()) == []


def test_a_damaged_row_is_told_by_its_place_and_stays(tmp_path: Path) -> None:
    import sqlite3

    from dagsterlite.errors import DagsterCorruptObjectError

    store = SqliteRunStorage(str(tmp_path))
    store.add_run(run("one"))
    store.close()
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        connection.execute("UPDATE runs SET body = substr(body, 1, 20)")
    connection.close()

    with pytest.raises(DagsterCorruptObjectError, match=r"runs\.db, runs\.id 1 is damaged"):
        store.get_run_record_by_id("one")

    store.close()
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    connection.close()
