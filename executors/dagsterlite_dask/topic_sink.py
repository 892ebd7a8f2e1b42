"""The way of entries to the driver: buffered, then one message on the run's topic."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt
from dagsterlite.serdes import to_json
from dagsterlite_dask.messages import StepEnd, joined, to_wire
from dagsterlite_dask.outbox import Outbox

FLUSH_SECONDS: Final = 0.05
"""How long an entry waits for company before it is sent."""

FLUSH_ENTRIES: Final = 200
"""How many waiting entries are sent at once, without waiting longer."""

KEPT_CHARACTERS: Final = 1 << 21
"""How much of what a task told it keeps, for a driver that did not hear all."""

Send: TypeAlias = Callable[[Mapping[str, Any]], None]


class TopicSink:
    """Sends what one task tells: a short step in one message, a long one live.

    Args:
        send: Sends a message on the run's topic.
        send_last: Takes the task's last message; by default ``send``.
    """

    def __init__(self, send: Send, send_last: Send | None = None) -> None:
        self._send_message = send
        self._send_last = send_last or send
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._oldest = 0.0
        self._counts: dict[str, int] = {}
        self._kept: list[str] = []
        self._room = KEPT_CHARACTERS

    def emit(self, entry: EventLogEntry) -> None:
        """Take an entry."""
        text = to_json(entry)
        with self._lock:
            if not self._waiting:
                self._oldest = time.monotonic()
            self._waiting.append(text)
            self._counts[entry.attempt_id] = self._counts.get(entry.attempt_id, 0) + 1
            self._keep(text)
            if len(self._waiting) >= FLUSH_ENTRIES:
                self._send()

    def _keep(self, text: str) -> None:
        self._room -= len(text)
        if self._room >= 0:
            self._kept.append(text)
        else:
            self._kept.clear()

    def has_told_of(self, attempt_id: str) -> bool:
        """Return whether entries of an attempt came this way."""
        return attempt_id in self._counts

    def hand_on(self, entries: Iterable[EventLogEntry]) -> None:
        """Tell once more what an attempt of another task made: its own message may be lost."""
        for entry in entries:
            self.emit(entry)

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            if self._waiting:
                self._send()

    def flush_if_due(self) -> None:
        """Send what has waited long enough."""
        with self._lock:
            if self._waiting and time.monotonic() - self._oldest >= FLUSH_SECONDS:
                self._send()

    def finish(
        self, receipt: Receipt, error: bytes | None, worker: str | None = None
    ) -> Mapping[str, Any] | None:
        """Send what waits, and the receipt as the last of it.

        Return all of it as one message; None where that would be too much.
        """
        with self._lock:
            counts = dict(self._counts)
            end = StepEnd(receipt=receipt, counts=counts, error=error, worker=worker)
            message = to_wire(self._waiting, end)
            self._send_last(message)
            self._waiting = []
            return {**message, "entries": joined(self._kept)} if self._room >= 0 else None

    def all_told(self) -> Mapping[str, Any]:
        """Return all that was told as one message; nothing where that would be too much."""
        with self._lock:
            return to_wire(self._kept)

    def _send(self) -> None:
        self._send_message(to_wire(self._waiting))
        self._waiting = []


class Flusher:
    """Sends the entries of long steps while they run; one thread a run in a worker process.

    Args:
        run_sink: Takes what belongs to no step, and is looked after while steps run.
        outbox: Holds the last messages of steps, and is flushed as long as there are any.
    """

    def __init__(self, run_sink: TopicSink, outbox: Outbox) -> None:
        self._run_sink = run_sink
        self._outbox = outbox
        self._sinks: set[TopicSink] = set()
        self._changed = threading.Condition()
        self._is_asleep = False
        self._is_closed = False
        self._thread = threading.Thread(target=self._loop, name="dagsterlite-flusher", daemon=True)
        self._thread.start()

    def add(self, sink: TopicSink) -> None:
        """Look after a sink."""
        with self._changed:
            self._sinks.add(sink)
            # To wake the thread for each short step would cost more than the step.
            if self._is_asleep:
                self._is_asleep = False
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
                self._changed.wait_for(lambda: self._is_closed, FLUSH_SECONDS)
                # What a task leaves in the outbox stands there before the task's sink goes.
                self._is_asleep = not self._sinks and self._outbox.is_empty
                self._changed.wait_for(lambda: self._is_closed or not self._is_asleep)
                if self._is_closed:
                    return
                sinks = [self._run_sink, *self._sinks]
            self._outbox.flush()
            for sink in sinks:
                sink.flush_if_due()
