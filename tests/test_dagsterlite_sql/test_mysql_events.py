from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import EventLogStorage
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from tests.contracts.entries import materialization
from tests.contracts.event_log_storage import EventLogStorageSuite


class TestMySQLEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self, mysql_database: MySQLAddress) -> Iterator[EventLogStorage]:
        store = MySQLEventLogStorage(mysql_database)
        yield store
        store.close()


def test_more_assets_than_a_query_may_recurse_by_default_are_all_listed(
    mysql_database: MySQLAddress,
) -> None:
    store = MySQLEventLogStorage(mysql_database)
    store.store_entries([materialization("r", n, "table", str(n)) for n in range(1200)])

    assert len(store.get_asset_keys()) == 1200
    store.close()
