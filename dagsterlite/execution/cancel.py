"""Ending a run from outside: by asking its driver, or in the place of one that is gone."""

from __future__ import annotations

import time
from enum import Enum

from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import PipelineCanceledData
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.run_context import logging_tags
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import LEASE_SECONDS, DagsterRun, make_driver_id


class CancelOutcome(Enum):
    """What came of asking for a run to be canceled."""

    #: Its driver was asked to stop, and will record the end itself.
    ASKED = "ASKED"
    #: No driver was there to ask: the run is canceled now.
    CANCELED = "CANCELED"
    #: The run had ended before.
    ENDED = "ENDED"


class _Log:
    """Takes the entries of a run that has no driver."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance

    def emit(self, entry: EventLogEntry) -> None:
        self._instance.record_entries([entry])


def cancel_run(run_id: str, instance: DagsterInstance) -> CancelOutcome:
    """Cancel a run.

    A run that nobody drives (not begun, or its driver is gone: lost) is canceled at once.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    run = instance.require_run(run_id).dagster_run
    if run.is_finished:
        return CancelOutcome.ENDED
    storage = instance.run_storage
    now = time.time()
    if storage.acquire_lease(run_id, make_driver_id(), seconds=LEASE_SECONDS, now=now):
        return CancelOutcome.CANCELED if _record_end(run, instance) else CancelOutcome.ENDED
    instance.request_cancel(run_id)
    has_ended = instance.require_run(run_id).dagster_run.is_finished
    return CancelOutcome.ENDED if has_ended else CancelOutcome.ASKED


def _record_end(run: DagsterRun, instance: DagsterInstance) -> bool:
    log = AttemptLog(
        _Log(instance),
        run_id=run.run_id,
        pipeline_name=run.pipeline_name,
        tags=logging_tags(run),
    )
    message = f'Execution of pipeline "{run.pipeline_name}" was canceled; it had no driver.'
    kind = DagsterEventType.PIPELINE_CANCELED
    return log.event_if(instance.record_status, kind, message, PipelineCanceledData()) is not None
