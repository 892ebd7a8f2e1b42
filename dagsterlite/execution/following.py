"""Reading along with a run that somebody else drives."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Final

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun

POLL_SECONDS: Final = 0.2
"""How often the event log is read while a run is under way."""


class FollowedEvents(RunEvents):
    """The events of a run that goes on whether they are asked for or not.

    Args:
        run: The run.
        step_keys: The steps that it executes.
        entries: Its event log, with what comes.
    """

    def __init__(
        self,
        run: DagsterRun,
        step_keys: Sequence[str],
        entries: Generator[EventLogEntry, None, None],
    ) -> None:
        super().__init__(run, step_keys, self._events_of(entries))
        self._moment = time.time()

    @property
    def moment(self) -> float:
        """When the last event happened, in unix seconds."""
        return self._moment

    def _events_of(
        self, entries: Generator[EventLogEntry, None, None]
    ) -> Generator[DagsterEvent, None, None]:
        for entry in entries:
            if entry.dagster_event is not None:
                self._moment = entry.timestamp
                yield entry.dagster_event


def follow_run(run_id: str, instance: DagsterInstance) -> Generator[EventLogEntry, None, None]:
    """Yield a run's event log: the entries recorded already, then each soon after it is recorded.

    Ends with the run, or where its driver fell silent. Nothing is written.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    after = 0
    while True:
        # The status changes a moment before the event that tells of it is stored.
        record = instance.require_run(run_id)
        news = instance.get_records_for_run(run_id, after=after)
        for item in news:
            after = item.storage_id
            yield item.event_log_entry
        if news:
            continue
        if record.dagster_run.is_finished or record.is_lost(time.time()):
            return
        time.sleep(POLL_SECONDS)
