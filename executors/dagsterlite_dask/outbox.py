"""The last messages of steps on their way to the driver, those of many short steps as one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

FULL: Final = 64
"""How many messages are sent at once, without waiting longer."""

Message = Mapping[str, Any]


class Outbox:
    """Keeps messages until it is flushed: when the worker has nothing else to do, else soon.

    A message of its own for each short step would cost the scheduler and the driver as much as the
    step does; the steps after it do not wait for it.

    Args:
        send: Sends a message on the run's topic.
    """

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._lock = threading.Lock()
        self._waiting: list[Message] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def put(self, message: Message) -> None:
        """Take the last message of a step's task."""
        with self._lock:
            self._waiting.append(message)
            is_full = len(self._waiting) >= FULL
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        if waiting:
            self._send({"steps": waiting})
