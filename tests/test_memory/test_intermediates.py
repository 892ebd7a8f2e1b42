from __future__ import annotations

import threading

import pytest

from dagsterlite.memory import InMemoryIntermediateStorage
from dagsterlite.stores import IntermediateStorage
from tests.contracts.intermediate_storage import STEP, IntermediateStorageSuite


class TestInMemoryIntermediateStorage(IntermediateStorageSuite):
    @pytest.fixture
    def storage(self) -> IntermediateStorage:
        return InMemoryIntermediateStorage()


def test_the_very_object_comes_back_whatever_it_is() -> None:
    storage = InMemoryIntermediateStorage()
    value = threading.Lock()
    output = storage.write_output(STEP, "attempt1", "result", value)
    assert storage.read_output(STEP, output) is value


def test_nothing_is_measured_since_nothing_is_written() -> None:
    output = InMemoryIntermediateStorage().write_output(STEP, "attempt1", "result", 1)
    assert (output.codec, output.size, output.checksum) == ("memory", None, None)
    assert output.address.startswith(f"memory:{STEP}.result")


def test_two_runs_do_not_meet() -> None:
    ours, theirs = InMemoryIntermediateStorage(), InMemoryIntermediateStorage()
    output = ours.write_output(STEP, "attempt1", "result", "ours")
    theirs.write_output(STEP, "attempt1", "result", "theirs")
    assert ours.read_output(STEP, output) == "ours"
