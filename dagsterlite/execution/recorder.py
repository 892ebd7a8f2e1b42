"""The one writer of a run's events: batches them, keeps the run's lease, hears of a cancel."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from dagsterlite.errors import (
    DagsterError,
    DagsterLeaseLostError,
    DagsterRunCanceledError,
    DagsterStorageError,
)
from dagsterlite.events.event_type import STATUS_AFTER
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.away import once_back
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import CANCEL_POLL_SECONDS, LEASE_SECONDS, RENEW_SECONDS

T = TypeVar("T")

FLUSH_SECONDS: Final = 0.05
"""How long an entry waits for company before it is written."""

FLUSH_ENTRIES: Final = 200
"""How many waiting entries are written without waiting longer."""

BATCH_ENTRIES: Final = 1_000
"""How many entries are written at once at most: between batches the driver looks at its lease."""

MOST_ENTRIES: Final = 10_000
"""How many entries may wait; who tells more waits until there is room."""


Watch = Callable[[EventLogEntry], None]
"""Is shown each entry as it comes, on whichever thread; it must not raise, and not take long."""


class Recorder:
    """Writes the events of one run while its driver owns it.

    Entries are written by a thread of its own, in the order they came, in batches. An instance in
    memory is written at once: there is nothing to batch. Stores that are away are waited for, while
    the run goes on. After an error nothing more is written, so that what stands has no gap.

    Args:
        instance: Where the run stands.
        run_id: The run; its lease is this driver's.
        driver_id: The driver.
        interrupts: What to stop when the run is to be canceled, or cannot be recorded.
        watch: Who watches the run, if somebody does.
    """

    def __init__(
        self,
        instance: DagsterInstance,
        run_id: str,
        driver_id: str,
        interrupts: Interrupts,
        watch: Watch | None = None,
    ) -> None:
        self._watch = watch
        self._instance = instance
        self._run_id = run_id
        self._driver_id = driver_id
        self._interrupts = interrupts
        self._waiting: list[EventLogEntry] = []
        lock = threading.Lock()
        self._changed = threading.Condition(lock)
        self._room = threading.Condition(lock)
        self._writing = threading.RLock()
        self._is_stopping = False
        self._has_ended = False
        self._error: DagsterError | None = None
        now = time.monotonic()
        self._look_at = now + CANCEL_POLL_SECONDS
        self._renew_at = now + RENEW_SECONDS
        self._held_until = now + LEASE_SECONDS
        self._thread = threading.Thread(target=self._loop, name=f"recorder-{run_id}", daemon=True)
        self._thread.start()

    @property
    def error(self) -> DagsterError | None:
        """Why nothing more is recorded; None while all is well."""
        return self._error

    @property
    def is_watched(self) -> bool:
        """Whether somebody is shown each entry as it comes."""
        return self._watch is not None

    def emit(self, entry: EventLogEntry) -> None:
        """Take an entry to be written.

        Raises:
            DagsterError: entries before it could not be written.
        """
        if self._error is not None:
            raise self._error
        if self._watch is not None:
            self._watch(entry)
        if self._instance.is_ephemeral:
            self._instance.record_entries([entry])
            return
        with self._changed:
            self._room.wait_for(self._has_room)
            if self._is_stopping:
                # Told by a thread that was left behind, after the end of the run.
                return
            self._waiting.append(entry)
            if len(self._waiting) in {1, FLUSH_ENTRIES}:
                self._changed.notify()

    def _has_room(self) -> bool:
        has_ended = self._is_stopping or self._error is not None
        return len(self._waiting) < MOST_ENTRIES or has_ended

    def record_status(self, entry: EventLogEntry) -> bool:
        """Write all entries so far, then a run-level event; return whether it was allowed.

        Raises:
            DagsterError: entries could not be written, or the run is no longer this driver's.
        """
        with self._writing:
            self.flush()
            with self._told():
                self._once_back(self._look_at_stale_lease)
                # A run that has ended is nobody's: from here on its lease tells nothing.
                self._has_ended = entry.get_dagster_event().is_terminal
                is_recorded = self._record_status(entry)
            if is_recorded and self._watch is not None:
                self._watch(entry)
            return is_recorded

    def _record_status(self, entry: EventLogEntry) -> bool:
        """Set the run's status, and write the event if that was allowed."""

        def set_status() -> bool:
            return self._instance.set_status_after(entry)

        is_set = self._once_back(set_status, again=lambda: set_status() or self._has_set(entry))
        if is_set:
            self._once_back(lambda: self._write_as_owner([entry]))
        return is_set

    def _has_set(self, entry: EventLogEntry) -> bool:
        """Return whether the status was set before the connection was lost."""
        run = self._instance.require_run(self._run_id).dagster_run
        return run.status is STATUS_AFTER[entry.get_dagster_event().event_type]

    def flush(self) -> None:
        """Write all entries so far.

        Raises:
            DagsterError: they could not be written.
        """
        if self._error is not None:
            raise self._error
        with self._writing:
            # Not until none waits: a thread that was left behind may go on telling for ever.
            left = len(self._waiting)
            while left > 0:
                left -= self._write()

    def close(self) -> None:
        """Stop the thread. What is not flushed is not written."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify()
            self._room.notify_all()
        self._thread.join()

    def _write(self) -> int:
        """Write the entries that wait longest, a batch of them; return how many."""
        with self._writing:
            with self._changed:
                batch = self._waiting[:BATCH_ENTRIES]
                del self._waiting[:BATCH_ENTRIES]
                self._room.notify_all()
            if batch and self._error is None:
                with self._told():
                    self._once_back(lambda: self._write_as_owner(batch))
            return len(batch)

    def _write_as_owner(self, batch: list[EventLogEntry]) -> None:
        self._look_at_stale_lease()
        self._instance.record_entries(batch)

    def _once_back(self, call: Callable[[], T], *, again: Callable[[], T] | None = None) -> T:
        """Call the stores, once they are back; who is to stop waits for them no longer."""
        return once_back(
            call,
            again=again,
            wait=self._interrupts.wait,
            is_over=lambda: self._is_stopping or self._interrupts.reason is not None,
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """End the recording with the first error; a store of any make may raise anything."""
        try:
            yield
        except DagsterError as exc:
            self._fail(exc)
            raise
        except Exception as exc:
            found = f"{type(exc).__name__}: {exc}"
            message = f"The events of run {self._run_id} cannot be recorded: {found}"
            raise self._fail(DagsterStorageError(message)) from exc

    def _fail(self, error: DagsterError) -> DagsterError:
        with self._changed:
            if self._error is None:
                self._error = error
            self._room.notify_all()
            return self._error

    def _loop(self) -> None:
        try:
            while self._wait():
                self._write()
                with self._writing, self._told():
                    self._once_back(self._look_at_lease)
        except DagsterError as exc:
            self._interrupts.request(exc)

    def _wait(self) -> bool:
        """Wait for entries or for the time to look at the lease; return False at the end."""
        with self._changed:
            self._changed.wait_for(self._is_roused, max(0.0, self._look_at - time.monotonic()))
            if self._waiting:
                self._changed.wait_for(self._is_full, FLUSH_SECONDS)
            return not self._is_stopping

    def _is_roused(self) -> bool:
        return bool(self._waiting) or self._is_stopping

    def _is_full(self) -> bool:
        return len(self._waiting) >= FLUSH_ENTRIES or self._is_stopping

    # --- the lease ---

    def _look_at_stale_lease(self) -> None:
        """Make sure of the lease where it ran out, e.g. while the process was held still."""
        if time.monotonic() >= self._held_until:
            self._look_at = self._renew_at = 0.0
            self._look_at_lease()

    def _look_at_lease(self) -> None:
        now = time.monotonic()
        if now < self._look_at or self._has_ended:
            return
        storage = self._instance.run_storage
        if now >= self._renew_at:
            state = storage.renew_lease(
                self._run_id, self._driver_id, seconds=LEASE_SECONDS, now=time.time()
            )
            self._renew_at = now + RENEW_SECONDS
            self._held_until = now + LEASE_SECONDS
        else:
            state = storage.read_lease(self._run_id, self._driver_id)
        self._look_at = now + CANCEL_POLL_SECONDS
        if not state.held:
            raise DagsterLeaseLostError(self._run_id, self._driver_id)
        if state.cancel_requested:
            self._interrupts.request(DagsterRunCanceledError(self._run_id))
