"""The entries that one attempt of a step (or the run's driver) adds to the event log."""

from __future__ import annotations

import copy
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from dagsterlite.config.secrets import Redact
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import RUN_LEVEL, EventLogEntry
from dagsterlite.events.payloads import EventSpecificData
from dagsterlite.events.receipt import make_attempt_id
from dagsterlite.execution.redaction import redacted_event
from dagsterlite.handles import SolidHandle
from dagsterlite.serdes import map_text


class EventSink(Protocol):
    """Where entries go: the run's one writer, or the way to it."""

    def emit(self, entry: EventLogEntry) -> None:
        """Take an entry; entries of one attempt come in the order of their seq."""


class Nowhere(EventSink):
    """Takes entries that nobody keeps: of a run that is over, or of a step launched elsewhere."""

    def emit(self, entry: EventLogEntry) -> None:
        return


class AttemptLog:
    """Makes, numbers and hands on the entries of one attempt.

    Numbers run from 0 without gaps, in the order that the entries are handed on, also when several
    threads log at once.

    Args:
        sink: Where the entries go.
        run_id: The run.
        pipeline_name: Its pipeline.
        step_key: The step; the run itself by default.
        solid_handle: The step's solid.
        tags: What each event and log record bears.
        redact: Replaces secrets in texts.
        keeps: Whether the entries are kept, for the step's manifest.
        pid: This process, for those who know it: to ask takes its time.
    """

    def __init__(
        self,
        sink: EventSink,
        *,
        run_id: str,
        pipeline_name: str,
        step_key: str = RUN_LEVEL,
        solid_handle: SolidHandle | None = None,
        tags: Mapping[str, str] | None = None,
        redact: Redact | None = None,
        keeps: bool = False,
        pid: int | None = None,
    ) -> None:
        self.attempt_id = make_attempt_id()
        self.tags = dict(tags or {})
        self._sink = sink
        self._run_id = run_id
        self._pipeline_name = pipeline_name
        self._step_key = step_key
        self._solid_handle = solid_handle
        self.redact = redact
        self._kept: list[EventLogEntry] | None = [] if keeps else None
        self._pid = os.getpid() if pid is None else pid
        self._lock = threading.Lock()
        self._count = 0
        self._is_sealed = False

    @property
    def count(self) -> int:
        """How many entries were handed on."""
        return self._count

    def entries_with(self, last: EventLogEntry) -> tuple[EventLogEntry, ...]:
        """Return the entries handed on so far and a last one; none if they are not kept."""
        return () if self._kept is None else (*self._kept, last)

    def event(
        self,
        event_type: DagsterEventType,
        message: str,
        data: EventSpecificData | None = None,
        *,
        level: int = logging.DEBUG,
    ) -> DagsterEvent:
        """Make an event and hand it on."""
        event = self.make_event(event_type, message, data)
        with self._lock:
            entry = self._entry(event=event, level=level)
            self._hand_on(entry)
        assert entry.dagster_event is not None
        return entry.dagster_event

    def relay(self, event: DagsterEvent, *, level: int = logging.DEBUG) -> DagsterEvent:
        """Hand on an event that was made for this attempt in another process."""
        with self._lock:
            entry = self._entry(event=event, level=level)
            self._hand_on(entry)
        return entry.get_dagster_event()

    def event_if(
        self,
        record: Callable[[EventLogEntry], bool],
        event_type: DagsterEventType,
        message: str,
        data: EventSpecificData | None = None,
    ) -> DagsterEvent | None:
        """Make an event and let ``record`` record it; return it, or None where that was refused."""
        event = self.make_event(event_type, message, data)
        with self._lock:
            entry = self._entry(event=event)
            if not record(entry):
                return None
            self._count += 1
        return entry.dagster_event

    def message(self, level: int, text: str, error: SerializableErrorInfo | None = None) -> None:
        """Hand on what user code logged; what a left-over thread logs too late is dropped."""
        with self._lock:
            if not self._is_sealed:
                self._hand_on(self._entry(level=level, text=text, error=error))

    def seal(self) -> None:
        """From now on only the attempt itself logs: its last event comes."""
        with self._lock:
            self._is_sealed = True

    def continued(self) -> AttemptLog:
        """Return a log that numbers on from here, for what follows the attempt's last event.

        Its entries belong to no manifest. This log is sealed, and hands nothing on any more.
        """
        self.seal()
        log = copy.copy(self)
        vars(log).update(_lock=threading.Lock(), _is_sealed=False, _kept=None)
        return log

    def make_event(
        self, event_type: DagsterEventType, message: str, data: EventSpecificData | None = None
    ) -> DagsterEvent:
        """Make an event without handing it on."""
        return DagsterEvent(
            event_type=event_type,
            pipeline_name=self._pipeline_name,
            message=message,
            step_key=self._step_key or None,
            solid_handle=self._solid_handle,
            step_kind_value="COMPUTE" if self._step_key else None,
            logging_tags=self.tags,
            event_specific_data=data,
            pid=self._pid,
        )

    def entry_to_come(self, event: DagsterEvent) -> EventLogEntry:
        """Return the entry that ``event`` will be; from now on only the attempt itself logs."""
        with self._lock:
            self._is_sealed = True
            return self._entry(event=event)

    def hand_on(self, entry: EventLogEntry) -> DagsterEvent:
        """Hand on an entry that :meth:`entry_to_come` made."""
        with self._lock:
            self._hand_on(entry)
        return entry.get_dagster_event()

    def _entry(
        self,
        *,
        event: DagsterEvent | None = None,
        level: int = logging.DEBUG,
        text: str = "",
        error: SerializableErrorInfo | None = None,
    ) -> EventLogEntry:
        if self.redact is not None:
            text = self.redact(text)
            error = map_text(error, self.redact)
            event = None if event is None else redacted_event(event, self.redact)
        return EventLogEntry(
            run_id=self._run_id,
            step_key=self._step_key,
            attempt_id=self.attempt_id,
            seq=self._count,
            timestamp=time.time(),
            job_name=self._pipeline_name,
            level=level,
            user_message=text,
            error_info=error,
            dagster_event=event,
        )

    def _hand_on(self, entry: EventLogEntry) -> None:
        self._sink.emit(entry)
        self._count += 1
        if self._kept is not None:
            self._kept.append(entry)
