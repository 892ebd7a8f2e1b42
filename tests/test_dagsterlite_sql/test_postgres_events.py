from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite.stores import EventLogStorage
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from tests.contracts.event_log_storage import EventLogStorageSuite


class TestPostgresEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self, database: PostgresAddress) -> Iterator[EventLogStorage]:
        store = PostgresEventLogStorage(database)
        yield store
        store.close()
