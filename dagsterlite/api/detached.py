"""Runs that are left to a cluster, and reading along with runs that others drive."""

from __future__ import annotations

import json

from dagsterlite import plugins
from dagsterlite.api.asked import Asked, check_instance, check_run_id, create_run
from dagsterlite.execution.following import FollowedEvents, follow_run
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun


def leave_to_cluster(asked: Asked, plan: ExecutionPlan) -> DagsterRun:
    """Record a run and leave it to its cluster; where that does not take it, nothing is kept."""
    config = plugins.load("check_detachable")(plan, asked.instance)
    run = create_run(asked, plan)
    try:
        plugins.load("detach_run")(asked.pipeline, run, asked.instance, config)
    except BaseException:
        asked.instance.delete_run(run.run_id)
        raise
    return run


def attach_run(run_id: str, instance: DagsterInstance) -> RunEvents:
    """Return the events of a run that somebody else drives: first its past, then as they come.

    The stream ends with the run, or where its driver fell silent. To stop reading changes nothing.

    Args:
        run_id: The run.
        instance: Where it is recorded.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterRunNotFoundError: the instance has no such run.
    """
    owner = "attach_run"
    check_run_id(owner, "run_id", run_id)
    check_instance(owner, instance)
    run = instance.require_run(run_id).dagster_run
    return FollowedEvents(run, _step_keys(run, instance), follow_run(run_id, instance))


def _step_keys(run: DagsterRun, instance: DagsterInstance) -> list[str]:
    if run.step_keys_to_execute is not None:
        return list(run.step_keys_to_execute)
    snapshot = run.execution_plan_snapshot_id
    text = None if snapshot is None else instance.run_storage.get_snapshot(snapshot)
    return [] if text is None else list(json.loads(text)["steps"])
