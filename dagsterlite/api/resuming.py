"""Runs whose driver may be taken away in the midst: what is left of them goes on as a new run."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from typing import Final, TypeAlias

from dagsterlite.api.asked import GivenPipeline
from dagsterlite.api.launching import drive_launched, pipeline_of
from dagsterlite.api.reexecution import record_reexecution
from dagsterlite.errors import (
    DagsterInvalidSubsetError,
    DagsterRunAlreadyExists,
    DagsterRunConflict,
)
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution.cancel import cancel_run
from dagsterlite.execution.heirs import INTERRUPTED_TAG, TAKES_OVER_TAG, heir_id, line_of
from dagsterlite.execution.undriven import (
    fail_undriven,
    leave_to_heir,
    record_status,
    take_lease,
)
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import OWNED_STATUSES, RESUME_RETRY_TAG, DagsterRun

_LOOK_SECONDS: Final = 0.5

Drive: TypeAlias = Callable[[str, DagsterInstance], bool]
"""Executes a recorded run that was not begun; returns whether it succeeded."""

PipelineOf: TypeAlias = Callable[[DagsterRun], GivenPipeline]
"""Returns what gives a recorded run's pipeline in this process."""


def drive_resumable(
    run_id: str,
    instance: DagsterInstance,
    *,
    drive: Drive = drive_launched,
    pipeline_of: PipelineOf = pipeline_of,
) -> bool:
    """Execute a run that was launched, or what is left of it where its driver is gone.

    For processes that are started again where they end too early: the first drives the run. Each
    later one waits until the driver before it is surely gone, i.e. its lease has run out, and then
    executes the failed and unfinished steps as a new run that re-executes the one before. Of
    several that do so at once one drives, and the others wait for what becomes of that. Return
    whether the last of these runs succeeded.

    Args:
        run_id: The run that was launched.
        instance: Where it is recorded.
        drive: Executes a run that was not begun.
        pipeline_of: Returns what gives a run's pipeline.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        KeyboardInterrupt: the process was interrupted; the run is canceled, and whoever calls this
            next resumes it.
        Exception: what kept the run from beginning; that is recorded as its end.
    """
    resuming = _Resuming(instance, drive, pipeline_of)
    try:
        while True:
            line = line_of(run_id, instance)
            for earlier, heir in pairwise(line):
                leave_to_heir(earlier, instance, heir.run_id)
            run = _undriven(line[-1].run_id, instance)
            try:
                return resuming.drive(run)
            except DagsterRunConflict:
                # Somebody else was faster, and it goes on from what that one makes of it.
                continue
    except KeyboardInterrupt:
        last = line_of(run_id, instance)[-1]
        instance.add_run_tags(last.run_id, {INTERRUPTED_TAG: "true"})
        raise


def _undriven(run_id: str, instance: DagsterInstance) -> DagsterRun:
    """Wait until nobody drives a run any more; return it as it stands then."""
    record = instance.require_run(run_id)
    while record.is_driven(time.time()):
        time.sleep(_LOOK_SECONDS)
        record = instance.require_run(run_id)
    return record.dagster_run


class _Resuming:
    def __init__(self, instance: DagsterInstance, drive: Drive, pipeline_of: PipelineOf) -> None:
        self._instance = instance
        self._drive = drive
        self._pipeline_of = pipeline_of

    def drive(self, run: DagsterRun) -> bool:
        """Bring a run that nobody drives to its end; return whether that is a good one."""
        if run.is_canceled and INTERRUPTED_TAG in run.tags:
            return self._resume(run)
        if run.is_finished:
            return run.is_success
        if run.status not in OWNED_STATUSES:
            return self._drive(run.run_id, self._instance)
        if self._instance.require_run(run.run_id).cancel_requested:
            cancel_run(run.run_id, self._instance)
            return False
        return self._resume(run)

    def _resume(self, run: DagsterRun) -> bool:
        """Execute what is left of a run that nobody else drives."""
        try:
            heir = self._heir(run)
        except DagsterInvalidSubsetError:
            return _succeed(run, self._instance)
        except DagsterRunConflict:
            raise
        except Exception as exc:
            fail_undriven(run, self._instance, exc)
            raise
        leave_to_heir(run, self._instance, heir)
        return self._drive(heir, self._instance)

    def _heir(self, run: DagsterRun) -> str:
        """Record the run that takes over; of several processes that do so one makes it."""
        heir = heir_id(run.run_id)
        with suppress(DagsterRunAlreadyExists):
            record_reexecution(
                self._pipeline_of(run),
                run.run_id,
                run.run_config,
                mode=run.mode,
                tags=_tags(run),
                instance=self._instance,
                run_id=heir,
            )
        return heir


def _tags(run: DagsterRun) -> dict[str, str]:
    """Return the tags of the run that takes over."""
    kept = {name: value for name, value in run.tags.items() if name != INTERRUPTED_TAG}
    return {**kept, RESUME_RETRY_TAG: "true", TAKES_OVER_TAG: run.run_id}


def _succeed(run: DagsterRun, instance: DagsterInstance) -> bool:
    """Record the success of a run whose driver went after the last of its steps."""
    message = f'Finished execution of pipeline "{run.pipeline_name}"; its driver is gone.'
    return take_lease(run.run_id, instance) and record_status(
        run, instance, DagsterEventType.PIPELINE_SUCCESS, message
    )
