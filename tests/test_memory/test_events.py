from __future__ import annotations

import pytest

from dagsterlite.memory import InMemoryEventLogStorage
from dagsterlite.stores import EventLogStorage
from tests.contracts.event_log_storage import EventLogStorageSuite


class TestInMemoryEventLogStorage(EventLogStorageSuite):
    @pytest.fixture
    def store(self) -> EventLogStorage:
        return InMemoryEventLogStorage()
