"""Reading along with a run that somebody else drives."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Final

from dagsterlite.events.event import DagsterEvent
from dagsterlite.instance import DagsterInstance

POLL_SECONDS: Final = 0.2
"""How often the event log is read while a run is under way."""


def follow_run(run_id: str, instance: DagsterInstance) -> Generator[DagsterEvent, None, None]:
    """Yield a run's events: those recorded already, then each soon after it is recorded.

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
            if item.event_log_entry.dagster_event is not None:
                yield item.event_log_entry.dagster_event
        if news:
            continue
        if record.dagster_run.is_finished or record.is_lost(time.time()):
            return
        time.sleep(POLL_SECONDS)
