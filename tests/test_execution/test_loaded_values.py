"""What steps of a process have loaded from storage is kept for others, as far as there is room."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from dagsterlite.events.receipt import StoredOutput
from dagsterlite.execution.loaded_values import LoadedValues


def stored(address: str, size: int = 1, checksum: str | None = "sha256:1") -> StoredOutput:
    return StoredOutput(
        output_name="result", address=address, codec="pickle", size=size, checksum=checksum
    )


class Store:
    """Counts what is loaded from it."""

    def __init__(self, loaded: LoadedValues) -> None:
        self._loaded = loaded
        self.reads: list[str] = []

    def get(self, output: StoredOutput) -> tuple[Any, bool]:
        def load() -> list[str]:
            self.reads.append(output.address)
            return [output.address]

        return self._loaded.get(output, load)


def test_a_value_is_loaded_once_and_is_the_same_for_all() -> None:
    store = Store(LoadedValues(10))
    (first, is_read), (second, is_read_again) = (store.get(stored("a")) for _ in range(2))
    assert first is second
    assert (is_read, is_read_again) == (True, False)
    assert store.reads == ["a"]


def test_what_has_other_bytes_or_no_checksum_is_loaded() -> None:
    store = Store(LoadedValues(10))
    store.get(stored("a"))
    store.get(stored("a", checksum="sha256:2"))
    for _ in range(2):
        store.get(stored("b", checksum=None))
    assert store.reads == ["a", "a", "b", "b"]


def test_nothing_is_kept_without_room() -> None:
    for loaded in (LoadedValues(), LoadedValues(10)):
        store = Store(loaded)
        for _ in range(2):
            store.get(stored("a", size=11))
        assert store.reads == ["a", "a"]


def test_what_was_asked_for_longest_ago_makes_room() -> None:
    store = Store(LoadedValues(10))
    for address in ("a", "b", "a", "c", "a", "b"):
        store.get(stored(address, size=4))
    assert store.reads == ["a", "b", "c", "b"]


def test_a_value_counts_as_what_it_takes_in_memory() -> None:
    store = Store(LoadedValues(10, lambda _value: 6))
    for address in ("a", "b", "a"):
        store.get(stored(address))
    assert store.reads == ["a", "b", "a"]


def test_what_cannot_be_loaded_is_tried_again() -> None:
    loaded = LoadedValues(10)

    def fail() -> Any:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        loaded.get(stored("a"), fail)
    assert Store(loaded).get(stored("a")) == (["a"], True)


def test_after_the_run_nothing_is_kept() -> None:
    loaded = LoadedValues(10)
    store = Store(loaded)
    store.get(stored("a"))
    loaded.clear()
    for _ in range(2):
        store.get(stored("a"))
    assert store.reads == ["a", "a", "a"]


def test_who_asks_while_a_value_is_loaded_waits_for_it() -> None:
    loaded = LoadedValues(10)
    reads: list[int] = []
    begun, gate = threading.Event(), threading.Event()

    def load() -> str:
        reads.append(1)
        begun.set()
        assert gate.wait(10)
        return "value"

    found: list[tuple[Any, bool]] = []
    threads = [
        threading.Thread(target=lambda: found.append(loaded.get(stored("a"), load)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    gate.set()
    for thread in threads:
        thread.join(10)
    assert reads == [1]
    assert sorted(is_read for _, is_read in found) == [False, False, True]
