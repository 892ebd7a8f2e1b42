from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.stores import EventLogStorage
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from tests.contracts.event_log_storage import EventLogStorageSuite


class TestSqliteEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[EventLogStorage]:
        store = SqliteEventLogStorage(str(tmp_path / "history"))
        yield store
        store.close()
        left = {path.suffix for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {".db", ".lock"}
