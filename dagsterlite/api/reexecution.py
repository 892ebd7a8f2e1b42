"""Executing a run again, whole or in part, with what earlier runs left (seed 001)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dagsterlite.api.asked import (
    Asked,
    GivenPipeline,
    ask,
    check_instance,
    check_is_of,
    check_run_id,
    create_run,
    plan_of,
    selection_of,
)
from dagsterlite.api.driving import run_events, run_to_end
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidSubsetError,
    DagsterRunConflict,
    DagsterRunNotFoundError,
    ParameterCheckError,
)
from dagsterlite.execution.cancel import cancel_run
from dagsterlite.execution.lineage import fan_out_receipts, generation_of, generations
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.execution.undriven import leave_to_heir
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.reexecution import sources_of, steps_anew, steps_to_resume
from dagsterlite.runs import (
    OWNED_STATUSES,
    PARENT_RUN_ID_TAG,
    RESUME_RETRY_TAG,
    ROOT_RUN_ID_TAG,
    DagsterRun,
    RunRecord,
)


def reexecute_pipeline(
    pipeline: GivenPipeline,
    parent_run_id: str,
    run_config: Mapping[str, Any] | None = None,
    step_selection: Sequence[str] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    raise_on_error: bool = True,
    step_keys_to_execute: Sequence[str] | None = None,
) -> PipelineExecutionResult:
    """Reexecute an existing pipeline run (seed 001).

    What the selected steps need of others is taken from the parent run, or from those that it
    descends from: the nearest that was to execute a step. The outputs are referred to where they
    lie, so parent and new run must keep their intermediates in a storage that lasts, e.g.
    ``intermediate_storage: {filesystem: {}}``.

    To resume a run, i.e. to execute its failed and unfinished steps, with those never started, tag
    the new one and select no steps::

        reexecute_pipeline(
            pipeline, run_id, config, tags={"dagster/is_resume_retry": "true"}, instance=instance
        )

    Args:
        pipeline: The pipeline to execute, or what gives it (an ``IPipeline``).
        parent_run_id: The id of the previous run to reexecute. The run must exist in the instance.
        run_config: The configuration that parametrizes this run; the parent's is not taken over.
        step_selection: Step selection queries, e.g. ``["*some_solid.compute+++"]``; ``.compute``
            may be left out. Of a mapped step, ``size_of[a]`` is the one for mapping key ``a``, and
            ``size_of`` are all; where the step with the dynamic output is selected too, those for
            the mapping keys that it yields anew.
        mode: The name of the pipeline mode to use. You may not set both mode and preset.
        preset: The name of the pipeline preset to use. You may not set both mode and preset.
        tags: Arbitrary key-value pairs that will be added to pipeline logs.
        instance: The instance that the parent is recorded in, and to execute against.
        raise_on_error: Whether or not to raise exceptions when they occur.
        step_keys_to_execute: The steps to execute by key, in place of ``step_selection``.

    Raises:
        CheckError: arguments contradict each other, or the run is of another pipeline.
        DagsterRunNotFoundError: the instance has no such parent.
        DagsterExecutionStepNotFoundError: a selected step is not in the plan.
        DagsterInvalidSubsetError: a query is wrong, or nothing is left to resume.
        DagsterStepNotStoredError: a step that is needed has no outputs in the runs before.
        DagsterInvariantViolationError: the new run keeps its intermediates in memory, though it
            needs outputs of the parent; or the mode or preset is not there.
        DagsterRunConflict: a run that is to be resumed is still under way.
        DagsterInvalidConfigError: the run config does not fit.
    """
    asked, plan, run = _reexecution(
        "reexecute_pipeline",
        pipeline,
        parent_run_id,
        run_config=run_config,
        step_selection=step_selection,
        mode=mode,
        preset=preset,
        tags=tags,
        instance=instance,
        step_keys=step_keys_to_execute,
    )
    return run_to_end(asked, plan, run, raise_on_error=raise_on_error)


def reexecute_pipeline_iterator(
    pipeline: GivenPipeline,
    parent_run_id: str,
    run_config: Mapping[str, Any] | None = None,
    step_selection: Sequence[str] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    step_keys_to_execute: Sequence[str] | None = None,
) -> RunEvents:
    """Reexecute a pipeline iteratively: return the stream of events as they happen (seed 001).

    Takes the arguments of :func:`reexecute_pipeline` and raises what it raises before the start;
    later errors are told by events. A caller that stops reading cancels the run.
    """
    asked, plan, run = _reexecution(
        "reexecute_pipeline_iterator",
        pipeline,
        parent_run_id,
        run_config=run_config,
        step_selection=step_selection,
        mode=mode,
        preset=preset,
        tags=tags,
        instance=instance,
        step_keys=step_keys_to_execute,
    )
    return run_events(asked, plan, run)


def record_reexecution(
    pipeline: GivenPipeline,
    parent_run_id: str,
    run_config: Mapping[str, Any] | None = None,
    *,
    mode: str | None = None,
    tags: Mapping[str, Any] | None = None,
    instance: DagsterInstance | None = None,
    run_id: str | None = None,
) -> DagsterRun:
    """Record a run that re-executes another, and do not execute it.

    Takes arguments of :func:`reexecute_pipeline`, and raises what that does before the start.

    Args:
        pipeline: The pipeline, or what gives it.
        parent_run_id: The run to re-execute.
        run_config: The configuration of this run.
        mode: The mode's name.
        tags: Tags of the run; they say whether it resumes the other.
        instance: Where the parent is recorded.
        run_id: The new run's id (default: a new one).

    Raises:
        DagsterRunAlreadyExists: the run id is taken.
    """
    _asked, _plan, run = _reexecution(
        "record_reexecution",
        pipeline,
        parent_run_id,
        run_config=run_config,
        step_selection=None,
        mode=mode,
        preset=None,
        tags=tags,
        instance=instance,
        step_keys=None,
        run_id=run_id,
    )
    return run


def _reexecution(
    owner: str,
    pipeline: Any,
    parent_run_id: Any,
    *,
    run_config: Any,
    step_selection: Any,
    mode: Any,
    preset: Any,
    tags: Any,
    instance: Any,
    step_keys: Any,
    run_id: str | None = None,
) -> tuple[Asked, ExecutionPlan, DagsterRun]:
    parent = _parent(owner, parent_run_id, instance)
    run = parent.dagster_run
    selection = selection_of(run)
    asked = ask(owner, pipeline, run_config, mode, preset, tags, selection, instance)
    check_is_of(owner, asked.pipeline, run)
    root_run_id = run.root_run_id or run.run_id
    lineage_tags = {PARENT_RUN_ID_TAG: run.run_id, ROOT_RUN_ID_TAG: root_run_id}
    asked = replace(asked, tags={**asked.tags, **lineage_tags})
    plan = plan_of(asked)
    receipts = fan_out_receipts(plan, run.run_id, asked.instance)
    resolved = plan.resolve(receipts)
    wanted = _wanted(owner, asked, resolved, parent, step_selection, step_keys)
    if wanted is not None:
        plan = plan.build_subset_plan(wanted)
        # What is missing is told before there is a run of it.
        earlier = plan.resolve({k: receipts[k] for k in plan.awaited_keys if k in receipts})
        sources_of(earlier.needed_keys, generations(plan, run.run_id, asked.instance))
    keys = None if wanted is None else plan.step_keys_to_execute
    made = create_run(
        asked,
        plan,
        run_id=run_id,
        step_keys=keys,
        parent_run_id=run.run_id,
        root_run_id=root_run_id,
    )
    if asked.tags.get(RESUME_RETRY_TAG) == "true" and run.status in OWNED_STATUSES:
        _end_lost(run, made, asked.instance)
    return asked, plan, made


def _end_lost(run: DagsterRun, heir: DagsterRun, instance: DagsterInstance) -> None:
    """End a run whose driver is gone; should that one wake up, it finds that it lost the run."""
    if leave_to_heir(run, instance, heir.run_id):
        return
    record = instance.require_run(run.run_id)
    if record.is_driven(time.time()):
        cancel_run(heir.run_id, instance)
        raise DagsterRunConflict(_still_driven(record.dagster_run))


def _parent(owner: str, run_id: Any, instance: Any) -> RunRecord:
    check_run_id(owner, "parent_run_id", run_id)
    if instance is None:
        mend = (
            f"{owner} was given no instance, so it looks in a new one, in memory: give the "
            "instance that the parent run is recorded in."
        )
        raise DagsterRunNotFoundError(run_id, mend)
    return check_instance(owner, instance).require_run(run_id)


def _wanted(
    owner: str,
    asked: Asked,
    plan: ExecutionPlan,
    parent: RunRecord,
    step_selection: Any,
    step_keys: Any,
) -> list[str] | None:
    """Return the keys of the steps that are to be executed; None where it is all of them."""
    is_resumed = asked.tags.get(RESUME_RETRY_TAG) == "true"
    given = {
        "step_selection": step_selection is not None,
        "step_keys_to_execute": step_keys is not None,
        f"the tag {RESUME_RETRY_TAG}": is_resumed,
    }
    ways = [way for way, is_given in given.items() if is_given]
    if len(ways) > 1:
        message = f"{owner}: {' and '.join(ways)} each say which steps to execute. Give one."
        raise CheckError(message)
    if step_selection is not None:
        return steps_anew(plan.select_steps(step_selection))
    if step_keys is not None:
        return steps_anew(plan.build_subset_plan(_keys(owner, step_keys)))
    return _left_of(plan, parent, asked.instance) if is_resumed else None


def _keys(owner: str, given: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise ParameterCheckError(owner, "step_keys_to_execute", "a list of step keys", given)
    for key in given:
        if not isinstance(key, str):
            raise ParameterCheckError(owner, "step_keys_to_execute", "a list of texts", key)
    if not given:
        message = f"{owner}: step_keys_to_execute is empty: name at least one step."
        raise DagsterInvalidSubsetError(message)
    return list(given)


def _left_of(plan: ExecutionPlan, parent: RunRecord, instance: DagsterInstance) -> list[str]:
    run = parent.dagster_run
    if parent.is_driven(time.time()):
        raise DagsterRunConflict(_still_driven(run))
    return steps_to_resume(plan, generation_of(plan, run, instance))


def _still_driven(run: DagsterRun) -> str:
    return (
        f"Run {run.run_id} is still under way ({run.status.value}), so what it leaves undone "
        f"is not known. Wait for its end or cancel it: dagsterlite run cancel {run.run_id}"
    )
