from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.errors import DagsterHomeError
from dagsterlite.stores import ScheduleStorage
from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage
from tests.contracts.schedule_storage import ScheduleStorageSuite, state, tick, times


class TestSqliteScheduleStorage(ScheduleStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[ScheduleStorage]:
        store = SqliteScheduleStorage(str(tmp_path / "history"))
        yield store
        store.close()
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {"schedules.db", ".dagsterlite.lock"}


def test_another_process_reads_what_was_recorded(tmp_path: Path) -> None:
    store = SqliteScheduleStorage(str(tmp_path))
    store.add_instigator_state(state("hourly"))
    store.create_tick(tick(1.0))
    code = f"""
from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage
store = SqliteScheduleStorage({str(tmp_path)!r})
print(store.all_instigator_state()[0].data.cron_schedule, store.get_ticks("hourly")[0].status.name)
store.close()
"""
    told = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )

    assert told.stdout.strip() == "0 * * * * SUCCESS"


def test_opening_a_store_writes_nothing(tmp_path: Path) -> None:
    SqliteScheduleStorage(str(tmp_path / "history"))

    assert list(tmp_path.iterdir()) == []


def test_another_programs_file_is_refused_untouched(tmp_path: Path) -> None:
    file = tmp_path / "schedules.db"
    file.write_text("a stranger", encoding="utf-8")

    with pytest.raises(DagsterHomeError):
        SqliteScheduleStorage(str(tmp_path))

    assert file.read_text(encoding="utf-8") == "a stranger"


def test_two_stores_of_one_home_see_each_other(tmp_path: Path) -> None:
    one, two = SqliteScheduleStorage(str(tmp_path)), SqliteScheduleStorage(str(tmp_path))

    one.create_tick(tick(1.0))
    two.create_tick(tick(2.0))

    assert times(one.get_ticks("hourly")) == times(two.get_ticks("hourly")) == [2.0, 1.0]
