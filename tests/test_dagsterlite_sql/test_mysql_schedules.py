from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import ScheduleStorage
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_schedules import MySQLScheduleStorage
from tests.contracts.schedule_storage import ScheduleStorageSuite


class TestMySQLScheduleStorage(ScheduleStorageSuite):
    @pytest.fixture
    def store(self, mysql_database: MySQLAddress) -> Iterator[ScheduleStorage]:
        store = MySQLScheduleStorage(mysql_database)
        yield store
        store.close()
