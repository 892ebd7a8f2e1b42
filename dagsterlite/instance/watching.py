"""New entries of runs' event logs, handed to whoever watches."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from dagsterlite.errors import DagsterStorageError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.stores import EventLogStorage

WAIT_SECONDS = 1.0
"""How long a look at the logs may be put off where the store tells no news."""

_PAGE = 1000

EventCallback: TypeAlias = Callable[[EventLogEntry, str], object]
"""Takes an entry, and the cursor to go on after it."""

_log = logging.getLogger("dagsterlite")


@dataclass(eq=False)
class _Watch:
    run_id: str
    cursor: int
    callback: EventCallback
    ended: threading.Event = field(default_factory=threading.Event)


class EventWatcher:
    """Follows the logs of runs in one thread, which lives while somebody watches.

    Args:
        storage: The logs.
    """

    def __init__(self, storage: EventLogStorage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._watches: list[_Watch] = []
        self._thread: threading.Thread | None = None

    def watch(self, run_id: str, cursor: int, callback: EventCallback) -> None:
        """Call ``callback`` with each entry of the run's log after ``cursor``, now and later.

        A callback that raises is not called again; what it raised is logged.
        """
        with self._lock:
            self._watches.append(_Watch(run_id, cursor, callback))
            if self._thread is None:
                name = "dagsterlite-event-watcher"
                self._thread = threading.Thread(target=self._follow, name=name, daemon=True)
                self._thread.start()

    def end_watch(self, run_id: str, callback: EventCallback) -> None:
        """Call ``callback`` no more for the run; do nothing where it does not watch."""
        with self._lock:
            ended = [w for w in self._watches if (w.run_id, w.callback) == (run_id, callback)]
        for watch in ended:
            self._end(watch)

    def close(self) -> None:
        """End all watches, and wait for the thread."""
        with self._lock:
            watches, thread = list(self._watches), self._thread
        for watch in watches:
            self._end(watch)
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _end(self, watch: _Watch) -> None:
        watch.ended.set()
        with self._lock:
            if watch in self._watches:
                self._watches.remove(watch)

    def _follow(self) -> None:
        while True:
            with self._lock:
                watches = list(self._watches)
                if not watches:
                    self._thread = None
                    return
            for watch in watches:
                self._look(watch)
            self._storage.wait_for_events(WAIT_SECONDS)

    def _look(self, watch: _Watch) -> None:
        try:
            self._hand_on(watch)
        except DagsterStorageError as exc:
            _log.warning("The event log of run %s cannot be read now: %s", watch.run_id, exc)
        except Exception:  # noqa: BLE001 - user code, which must not end the thread
            _log.exception("A callback that watches run %s raised; it is dropped.", watch.run_id)
            self._end(watch)

    def _hand_on(self, watch: _Watch) -> None:
        while records := self._storage.get_records_for_run(
            watch.run_id, after=watch.cursor, limit=_PAGE
        ):
            for record in records:
                if watch.ended.is_set():
                    return
                watch.cursor = record.storage_id
                watch.callback(record.event_log_entry, str(record.storage_id))
