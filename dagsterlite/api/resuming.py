"""Runs whose driver may be taken away in the midst: what is left of them goes on as a new run."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Final

from dagsterlite.api.launching import drive_launched, pipeline_of
from dagsterlite.api.reexecution import reexecute_pipeline_iterator
from dagsterlite.errors import DagsterInvalidSubsetError, DagsterLaunchFailedError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution.cancel import cancel_run
from dagsterlite.execution.heirs import INTERRUPTED_TAG, TAKES_OVER_TAG, line_of
from dagsterlite.execution.undriven import fail_undriven, record_status, take_lease
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import OWNED_STATUSES, RESUME_RETRY_TAG, DagsterRun

_LOOK_SECONDS: Final = 0.5


def drive_resumable(run_id: str, instance: DagsterInstance) -> bool:
    """Execute a run that was launched, or what is left of it where its driver is gone.

    For processes that are started again where they end too early: the first drives the run. Each
    later one waits until the driver before it is surely gone, i.e. its lease has run out, and then
    executes the failed and unfinished steps as a new run that re-executes the one before. Return
    whether the last of these runs succeeded.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        KeyboardInterrupt: the process was interrupted; the run is canceled, and whoever calls this
            next resumes it.
        Exception: what kept the run from beginning; that is recorded as its end.
    """
    line = line_of(run_id, instance)
    for earlier, heir in pairwise(line):
        fail_undriven(earlier, instance, _gone(heir.run_id))
    run = _undriven(line[-1].run_id, instance)
    try:
        return _drive(run, instance)
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


def _drive(run: DagsterRun, instance: DagsterInstance) -> bool:
    if run.is_canceled and INTERRUPTED_TAG in run.tags:
        return _resume(run, instance)
    if run.is_finished:
        return run.is_success
    if run.status not in OWNED_STATUSES:
        return drive_launched(run.run_id, instance)
    if instance.require_run(run.run_id).cancel_requested:
        cancel_run(run.run_id, instance)
        return False
    return _resume(run, instance)


def _resume(run: DagsterRun, instance: DagsterInstance) -> bool:
    """Execute what is left of a run that nobody else drives."""
    try:
        events = reexecute_pipeline_iterator(
            pipeline_of(run),
            run.run_id,
            run.run_config,
            mode=run.mode,
            tags=_tags(run),
            instance=instance,
        )
    except DagsterInvalidSubsetError:
        return _succeed(run, instance)
    except Exception as exc:
        fail_undriven(run, instance, exc)
        raise
    if not (run.is_canceled or fail_undriven(run, instance, _gone(events.run_id))):
        # Somebody else was faster.
        cancel_run(events.run_id, instance)
        return False
    for _event in events:
        pass
    return instance.require_run(events.run_id).dagster_run.is_success


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


def _gone(heir_run_id: str) -> DagsterLaunchFailedError:
    return DagsterLaunchFailedError(
        f"Its driver is gone without having ended it. Run {heir_run_id} takes over what is left."
    )
