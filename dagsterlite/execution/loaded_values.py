"""Stored values that steps of one process have loaded: who asks again need not load again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.events.receipt import StoredOutput


@dataclass(frozen=True)
class _Key:
    """What is loaded: the same bytes, read in the same way."""

    address: str
    codec: str
    checksum: str


@dataclass
class _Load:
    """A value that is loaded, or was: who asks meanwhile waits for the first."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    is_there: bool = False
    value: Any = None
    size: int = 0


class LoadedValues:
    """Keeps the values that were loaded last, as many as there is room for; threads may share it.

    Steps get the very same object, as they do of a value that lies in a worker's memory.

    Args:
        room: How many bytes it may hold; with 0 nothing is kept.
        measure: Returns how many bytes a value takes in memory.
    """

    def __init__(self, room: int = 0, measure: Callable[[Any], int] | None = None) -> None:
        self._room = room
        self._measure = measure
        self._lock = threading.Lock()
        #: The one that was asked for last comes last.
        self._loads: OrderedDict[_Key, _Load] = OrderedDict()
        self._size = 0

    def get(self, output: StoredOutput, load: Callable[[], Any]) -> tuple[Any, bool]:
        """Return the value of an output, and whether it had to be loaded.

        Args:
            output: Where it lies. Without a checksum nobody can tell that it is the same.
            load: Loads it.

        Raises:
            Exception: what ``load`` raises; nothing is kept then.
        """
        if not self._room or output.checksum is None or (output.size or 0) > self._room:
            return load(), True
        key = _Key(output.address, output.codec, output.checksum)
        entry = self._entry(key)
        with entry.lock:
            if entry.is_there:
                return entry.value, False
            value = load()
            self._keep(key, entry, value, output.size or 0)
            return value, True

    def clear(self) -> None:
        """Let go of everything, and keep nothing any more."""
        with self._lock:
            self._room = 0
            self._loads.clear()

    def _entry(self, key: _Key) -> _Load:
        with self._lock:
            entry = self._loads.setdefault(key, _Load())
            self._loads.move_to_end(key)
            return entry

    def _keep(self, key: _Key, entry: _Load, value: Any, stored_size: int) -> None:
        size = max(stored_size, self._measure(value) if self._measure else 0)
        with self._lock:
            if size > self._room or self._loads.get(key) is not entry:
                return
            entry.value, entry.size, entry.is_there = value, size, True
            self._size += size
            while self._size > self._room:
                self._forget_oldest(key)

    def _forget_oldest(self, but: _Key) -> None:
        """Forget the value that was asked for longest ago."""
        oldest = next(key for key, load in self._loads.items() if load.is_there and key != but)
        self._size -= self._loads.pop(oldest).size
