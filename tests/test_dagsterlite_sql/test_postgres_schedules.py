from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import ScheduleStorage
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_schedules import PostgresScheduleStorage
from tests.contracts.schedule_storage import ScheduleStorageSuite


class TestPostgresScheduleStorage(ScheduleStorageSuite):
    @pytest.fixture
    def store(self, database: PostgresAddress) -> Iterator[ScheduleStorage]:
        store = PostgresScheduleStorage(database)
        yield store
        store.close()
