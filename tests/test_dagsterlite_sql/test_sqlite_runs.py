from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.stores import RunStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.run_storage import Clock, RunStorageSuite


class TestSqliteRunStorage(RunStorageSuite):
    @pytest.fixture
    def store(self, tmp_path: Path, clock: Clock) -> Iterator[RunStorage]:
        store = SqliteRunStorage(str(tmp_path / "history"), clock=clock)
        yield store
        store.close()
        left = {path.name for path in tmp_path.rglob("*") if path.is_file()}
        assert left <= {"runs.db", ".dagsterlite.lock"}
