"""Ending a run from outside: by asking its driver, or in the place of one that is gone."""

from __future__ import annotations

from enum import Enum

from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import PipelineCanceledData
from dagsterlite.execution.undriven import record_status, take_lease
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun


class CancelOutcome(Enum):
    """What came of asking for a run to be canceled."""

    #: Its driver was asked to stop, and will record the end itself.
    ASKED = "ASKED"
    #: No driver was there to ask: the run is canceled now.
    CANCELED = "CANCELED"
    #: The run had ended before.
    ENDED = "ENDED"


def cancel_run(run_id: str, instance: DagsterInstance) -> CancelOutcome:
    """Cancel a run.

    A run that nobody drives (not begun, or its driver is gone: lost) is canceled at once.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    run = instance.require_run(run_id).dagster_run
    if run.is_finished:
        return CancelOutcome.ENDED
    if take_lease(run_id, instance):
        return CancelOutcome.CANCELED if _record_end(run, instance) else CancelOutcome.ENDED
    instance.request_cancel(run_id)
    has_ended = instance.require_run(run_id).dagster_run.is_finished
    return CancelOutcome.ENDED if has_ended else CancelOutcome.ASKED


def _record_end(run: DagsterRun, instance: DagsterInstance) -> bool:
    message = f'Execution of pipeline "{run.pipeline_name}" was canceled; it had no driver.'
    kind = DagsterEventType.PIPELINE_CANCELED
    return record_status(run, instance, kind, message, PipelineCanceledData())
