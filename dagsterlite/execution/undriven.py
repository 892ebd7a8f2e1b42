"""Recording what becomes of a run that has no driver: in the place of one that is gone."""

from __future__ import annotations

import time

from dagsterlite.errors import DagsterRunConflict
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import EventSpecificData, PipelineFailureData
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.run_context import logging_tags
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import LEASE_SECONDS, DagsterRun, make_driver_id


def take_lease(run_id: str, instance: DagsterInstance) -> bool:
    """Become a run's owner, unless a driver is or it has ended; return whether that was done.

    Raises:
        DagsterRunNotFoundError: there is no such run.
    """
    return instance.run_storage.acquire_lease(
        run_id, make_driver_id(), seconds=LEASE_SECONDS, now=time.time()
    )


def record_status(
    run: DagsterRun,
    instance: DagsterInstance,
    kind: DagsterEventType,
    message: str,
    data: EventSpecificData | None = None,
) -> bool:
    """Record a run-level event and the status after it; return whether the status allowed it."""
    log = _log_of(run, instance)
    return log.event_if(instance.record_status, kind, message, data) is not None


def record_engine_event(
    run: DagsterRun, instance: DagsterInstance, message: str, data: EngineEventData
) -> None:
    """Record what is to be told of a run that nobody drives yet."""
    _log_of(run, instance).event(DagsterEventType.ENGINE_EVENT, message, data)


def _log_of(run: DagsterRun, instance: DagsterInstance) -> AttemptLog:
    return AttemptLog(
        _Straight(instance),
        run_id=run.run_id,
        pipeline_name=run.pipeline_name,
        tags=logging_tags(run),
    )


class _Straight:
    """Hands entries to the instance."""

    def __init__(self, instance: DagsterInstance) -> None:
        self._instance = instance

    def emit(self, entry: EventLogEntry) -> None:
        self._instance.record_entries([entry])


def leave_to_heir(run: DagsterRun, instance: DagsterInstance, heir_run_id: str) -> bool:
    """End a run that nobody drives and another takes over; return whether that was done."""
    error = DagsterRunConflict(
        f"Its driver is gone without having ended it. Run {heir_run_id} takes over what is left."
    )
    return fail_undriven(run, instance, error)


def fail_undriven(run: DagsterRun, instance: DagsterInstance, error: BaseException) -> bool:
    """Record the failure of a run that nobody drives; return whether that was done."""
    if not take_lease(run.run_id, instance):
        return False
    message = f'Execution of pipeline "{run.pipeline_name}" failed: {error}'
    data = PipelineFailureData(error_info_from_exception(error))
    return record_status(run, instance, DagsterEventType.PIPELINE_FAILURE, message, data)
