"""The way of a step's entries to the driver: buffered, then one message on the run's topic."""

from __future__ import annotations

import threading
import time
from typing import Any, Final

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt
from dagsterlite.serdes import to_json
from dagsterlite_dask.messages import to_wire

FLUSH_SECONDS: Final = 0.05
"""How long an entry waits for company before it is sent."""


class TopicSink:
    """Sends what one task tells: a short step in one message, a long one live.

    Args:
        worker: The Dask worker that the task runs on.
        topic: The run's topic.
    """

    def __init__(self, worker: Any, topic: str) -> None:
        self._worker = worker
        self._topic = topic
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._sent: list[tuple[str, str]] = []
        self._oldest = 0.0

    def emit(self, entry: EventLogEntry) -> None:
        """Take an entry."""
        text = to_json(entry)
        with self._lock:
            if not self._waiting:
                self._oldest = time.monotonic()
            self._waiting.append(text)
            self._sent.append((entry.attempt_id, text))

    def flush_if_due(self) -> None:
        """Send what has waited long enough."""
        with self._lock:
            if self._waiting and time.monotonic() - self._oldest >= FLUSH_SECONDS:
                self._send(to_wire(self._waiting))

    def finish(self, receipt: Receipt, error: bytes | None) -> None:
        """Send what waits, and the receipt as the last of it."""
        with self._lock:
            self._send(to_wire(self._waiting, to_json(receipt), error))

    def entries_of(self, attempt_id: str) -> tuple[str, ...]:
        """Return the entries of one attempt, as JSON."""
        with self._lock:
            return tuple(text for attempt, text in self._sent if attempt == attempt_id)

    def _send(self, message: dict[str, Any]) -> None:
        self._worker.log_event(self._topic, message)
        self._waiting = []


class Flusher:
    """Sends the entries of long steps while they run; one thread a worker process."""

    def __init__(self) -> None:
        self._sinks: set[TopicSink] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self._thread = threading.Thread(target=self._loop, name="dagsterlite-flusher", daemon=True)
        self._thread.start()

    def add(self, sink: TopicSink) -> None:
        """Look after a sink."""
        with self._changed:
            self._sinks.add(sink)
            self._changed.notify()

    def remove(self, sink: TopicSink) -> None:
        """Leave a sink alone."""
        with self._changed:
            self._sinks.discard(sink)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._sinks) or self._is_closed)
                if self._is_closed:
                    return
                self._changed.wait_for(lambda: self._is_closed, FLUSH_SECONDS)
                sinks = list(self._sinks)
            for sink in sinks:
                sink.flush_if_due()
