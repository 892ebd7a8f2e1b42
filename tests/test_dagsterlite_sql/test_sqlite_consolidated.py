from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.errors import DagsterHomeError
from dagsterlite.stores import EventLogStorage
from dagsterlite_sql.sqlite_consolidated import ConsolidatedSqliteEventLogStorage
from tests.contracts.entries import step
from tests.contracts.event_log_storage import EventLogStorageSuite


class TestConsolidatedSqliteEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EventLogStorage]:
        store = ConsolidatedSqliteEventLogStorage(str(tmp_path / "history"))
        yield store
        store.close()
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {"event_log.db", ".dagsterlite.lock"}


def test_what_was_recorded_is_there_when_a_store_opens_again(tmp_path: Path) -> None:
    config = {"base_dir": str(tmp_path)}
    first = ConsolidatedSqliteEventLogStorage.from_config_value(None, config)
    first.store_entries([*step("r", 0), *step("q", 0)])
    first.close()

    second = ConsolidatedSqliteEventLogStorage(str(tmp_path))

    assert second.get_logs_for_run("q") == step("q", 0)
    assert ConsolidatedSqliteEventLogStorage.migrate(config) == []
    second.close()


def test_opening_a_store_writes_nothing(tmp_path: Path) -> None:
    ConsolidatedSqliteEventLogStorage(str(tmp_path / "history"))

    assert list(tmp_path.iterdir()) == []


def test_another_programs_file_is_refused_and_left(tmp_path: Path) -> None:
    file = tmp_path / "event_log.db"
    file.write_text("a stranger", encoding="utf-8")

    with pytest.raises(DagsterHomeError, match="not a SQLite database"):
        ConsolidatedSqliteEventLogStorage(str(tmp_path))

    assert file.read_text(encoding="utf-8") == "a stranger"
