from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagsterlite.errors import DagsterCorruptObjectError, DagsterHomeError, DagsterSerdesError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.stores import EventLogStorage, EventRecordsFilter
from dagsterlite_sql import sqlite_events
from dagsterlite_sql.sqlite_events import LIVE_SECONDS, SqliteEventLogStorage
from dagsterlite_sql.sqlite_run_files import file_name
from tests.contracts.entries import event, materialization, message, step
from tests.contracts.event_log_storage import EventLogStorageSuite
from tests.contracts.run_storage import Clock

MATERIALIZED = EventRecordsFilter(event_type=DagsterEventType.ASSET_MATERIALIZATION)


class TestSqliteEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EventLogStorage]:
        store = SqliteEventLogStorage(str(tmp_path / "history"))
        yield store
        store.close()
        left = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {".db", ".lock"}


class TestSqliteEventLogStorageWithOneOpenFile(TestSqliteEventLogStorage):
    @pytest.fixture(autouse=True)
    def _one_open_file(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sqlite_events, "OPEN_FILES", 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteEventLogStorage]:
    store = SqliteEventLogStorage(str(tmp_path))
    yield store
    store.close()


def unfinished(home: Path) -> int:
    with closing(sqlite3.connect(home / "index.db")) as connection:
        count: int = connection.execute("SELECT count(*) FROM unfinished_writes").fetchone()[0]
    return count


# --- files ---


def test_each_run_has_a_file_and_one_index_is_for_all(
    tmp_path: Path, store: SqliteEventLogStorage
) -> None:
    store.store_entries([*step("r", 0), *step("q", 0)])

    assert {path.name for path in tmp_path.glob("*.db")} == {"index.db"}
    assert {path.name for path in tmp_path.glob("runs/*.db")} == {"r.db", "q.db"}


def test_reading_a_run_without_events_makes_no_file(
    tmp_path: Path, store: SqliteEventLogStorage
) -> None:
    assert store.get_logs_for_run("nobody") == []
    store.delete_events("nobody")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("run_id", ["../../escaped", "/etc/passwd", "..", ".", "a\x00b", "x" * 999])
def test_no_run_id_leads_out_of_the_folder(
    tmp_path: Path, store: SqliteEventLogStorage, run_id: str
) -> None:
    store.store_entries([message(run_id, 0)])

    (file,) = tmp_path.glob("runs/*.db")
    assert len(file.name) <= 255
    assert list(tmp_path.parent.glob("*.db")) == []


def test_run_ids_that_look_alike_have_files_of_their_own() -> None:
    ids = ["a", "A", "%41", "a/b", "a%2Fb", "x" * 300, "x" * 301, "x" * 80, ".", "..", ""]

    names = [file_name(run_id) for run_id in ids]

    assert len({name.lower() for name in names}) == len(ids)


def test_only_so_many_files_stay_open(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store._runs, "_bound", 3)

    for number in range(8):
        store.store_entries(step(f"r{number}", 0))
    for number in range(8):
        assert store.get_logs_for_run(f"r{number}") == step(f"r{number}", 0)

    logs = {path.name for path in tmp_path.glob("runs/*-wal")}
    assert logs == {"r5.db-wal", "r6.db-wal", "r7.db-wal"}


def test_a_deleted_run_leaves_no_file_also_for_a_store_that_had_it_open(
    tmp_path: Path, store: SqliteEventLogStorage
) -> None:
    other = SqliteEventLogStorage(str(tmp_path))
    other.store_entries(step("r", 0))
    store.delete_events("r")
    assert list(tmp_path.glob("runs/*.db*")) == []

    other.store_entries(step("r", 1))
    store.store_entries(step("r", 2))

    assert (
        store.get_logs_for_run("r") == other.get_logs_for_run("r") == [*step("r", 1), *step("r", 2)]
    )
    other.close()
    assert store.get_logs_for_run("r") == [*step("r", 1), *step("r", 2)]


# --- the index ---


def fail_before_the_index(monkeypatch: pytest.MonkeyPatch, store: SqliteEventLogStorage) -> None:
    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "_write_copies", fail)


def test_what_the_index_lacks_after_a_death_is_there_when_a_store_opens(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.store_entries(step("r", 0))
    fail_before_the_index(monkeypatch, store)
    with pytest.raises(KeyboardInterrupt):
        store.store_entries(step("r", 1))
    assert not store.has_asset_key(AssetKey(["table", "1"]))

    opened = SqliteEventLogStorage(str(tmp_path))

    assert opened.has_asset_key(AssetKey(["table", "1"]))
    records = opened.get_event_records(MATERIALIZED, ascending=True)
    assert [record.event_log_entry for record in records] == [step("r", n)[2] for n in (0, 1)]
    opened.close()


def test_what_was_wiped_does_not_come_back_when_a_store_opens(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.store_entries([materialization("r", 0, "a"), materialization("r", 1, "b")])
    fail_before_the_index(monkeypatch, store)
    with pytest.raises(KeyboardInterrupt):
        store.store_entries([materialization("r", 2, "a", timestamp=3000.0)])
    monkeypatch.undo()
    store.wipe_asset(AssetKey("a"), 2000.0)
    store.wipe_asset(AssetKey("b"), 2000.0)

    opened = SqliteEventLogStorage(str(tmp_path))

    assert opened.get_asset_keys() == [AssetKey("a")]
    records = opened.get_event_records(MATERIALIZED)
    assert [record.event_log_entry.seq for record in records] == [2]
    opened.close()


def test_a_mark_of_a_write_that_may_be_under_way_stays_and_an_old_one_goes(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_before_the_index(monkeypatch, store)
    with pytest.raises(KeyboardInterrupt):
        store.store_entries(step("r", 0))
    clock = Clock()
    with closing(sqlite3.connect(tmp_path / "index.db")) as connection, connection:
        connection.execute("UPDATE unfinished_writes SET since = ?", (clock.now,))

    clock.now += LIVE_SECONDS - 1
    SqliteEventLogStorage(str(tmp_path), clock=clock).close()
    young = unfinished(tmp_path)
    clock.now += 2
    SqliteEventLogStorage(str(tmp_path), clock=clock).close()

    assert (young, unfinished(tmp_path)) == (1, 0)


def test_a_write_that_ended_leaves_no_mark(tmp_path: Path, store: SqliteEventLogStorage) -> None:
    store.store_entries([*step("r", 0), *step("q", 0)])
    store.delete_events("q")

    assert unfinished(tmp_path) == 0


def test_a_run_that_was_deleted_by_half_is_gone_when_a_store_opens(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.store_entries(step("r", 0))
    fail_before_the_index(monkeypatch, store)
    with pytest.raises(KeyboardInterrupt):
        store.delete_events("r")

    opened = SqliteEventLogStorage(str(tmp_path))

    assert opened.get_asset_keys() == []
    opened.close()


def test_opening_a_home_opens_only_the_files_of_unfinished_writes(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        store.store_entries(step(f"r{number}", 0))
    store.close()
    for path in tmp_path.glob("runs/*.db"):
        path.write_bytes(b"opening me would fail")

    assert len(SqliteEventLogStorage(str(tmp_path)).get_asset_keys()) == 1


def test_a_home_opens_where_one_runs_file_is_damaged(
    tmp_path: Path, store: SqliteEventLogStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.store_entries(step("q", 0))
    fail_before_the_index(monkeypatch, store)
    with pytest.raises(KeyboardInterrupt):
        store.store_entries(step("r", 0))
    store.close()
    (tmp_path / "runs" / "r.db").write_text("overwritten by mistake", encoding="utf-8")

    opened = SqliteEventLogStorage(str(tmp_path))

    assert opened.get_logs_for_run("q") == step("q", 0)
    with pytest.raises(DagsterHomeError, match=r"r\.db is not a SQLite database"):
        opened.get_logs_for_run("r")
    opened.close()


# --- bad values and damage ---


def test_an_entry_that_is_not_jsonable_is_refused_with_its_whole_call(
    store: SqliteEventLogStorage,
) -> None:
    good = event("r", 1, DagsterEventType.STEP_START)
    tags: dict[str, Any] = {"of": object()}
    bad = replace(good, dagster_event=replace(good.get_dagster_event(), logging_tags=tags))

    with pytest.raises(DagsterSerdesError, match="object"):
        store.store_entries([message("r", 0), bad])

    assert store.get_logs_for_run("r") == []


def test_text_that_is_no_unicode_is_refused(store: SqliteEventLogStorage) -> None:
    with pytest.raises(DagsterSerdesError, match="surrogates"):
        store.store_entries([message("r", 0, step_key="\ud800")])

    assert store.get_logs_for_run("r") == []


def test_a_damaged_file_is_told_by_its_path_and_left_as_it_is(
    tmp_path: Path, store: SqliteEventLogStorage
) -> None:
    store.store_entries([message("r", n, "x" * 3000) for n in range(50)])
    store.close()
    file = tmp_path / "runs" / "r.db"
    damaged = file.read_bytes()[:4096] + b"\x55" * (file.stat().st_size - 4096)
    file.write_bytes(damaged)

    with pytest.raises(DagsterCorruptObjectError, match=r"r\.db is damaged"):
        store.get_logs_for_run("r")
    with pytest.raises(DagsterCorruptObjectError):
        store.store_entries(step("r", 0))

    store.close()
    assert file.read_bytes() == damaged


def test_a_damaged_row_is_told_by_its_place(tmp_path: Path, store: SqliteEventLogStorage) -> None:
    store.store_entries([message("r", 0), materialization("r", 1)])
    for path in ("runs/r.db", "index.db"):
        table = "event_index" if path == "index.db" else "event_logs"
        with closing(sqlite3.connect(tmp_path / path)) as connection, connection:
            connection.execute(f"UPDATE {table} SET body = '5' WHERE seq = 1")

    with pytest.raises(DagsterCorruptObjectError, match=r"r\.db, event_logs\.id 2 is damaged"):
        store.get_logs_for_run("r")
    with pytest.raises(DagsterCorruptObjectError, match=r"index\.db, event_index\.id 1"):
        store.get_event_records(MATERIALIZED)
    assert len(store.get_records_for_run("r", limit=1)) == 1
