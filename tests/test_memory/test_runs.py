from __future__ import annotations

import pytest

from dagsterlite.memory import InMemoryRunStorage
from dagsterlite.stores import RunStorage
from tests.contracts.run_storage import Clock, RunStorageSuite


class TestInMemoryRunStorage(RunStorageSuite):
    @pytest.fixture
    def store(self, clock: Clock) -> RunStorage:
        return InMemoryRunStorage(clock)


def test_two_stores_are_told_apart() -> None:
    assert InMemoryRunStorage().instance_id != InMemoryRunStorage().instance_id
