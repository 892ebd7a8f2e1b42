"""Runs that are recorded first and executed later, by whoever (seed 004)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite.api.asked import (
    Asked,
    GivenPipeline,
    as_executable,
    ask,
    check_instance,
    check_is_of,
    check_plan,
    check_run,
    check_run_id,
    create_run,
    plan_of,
    selection_of,
)
from dagsterlite.api.driving import run_events, run_to_end
from dagsterlite.errors import CheckError
from dagsterlite.execution.recorded import accepted_events, reader_of_recorded
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun, DagsterRunStatus


def create_run_for_pipeline(
    pipeline_def: GivenPipeline,
    run_id: str | None = None,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
    status: DagsterRunStatus | None = None,
    step_keys_to_execute: Sequence[str] | None = None,
    root_run_id: str | None = None,
    parent_run_id: str | None = None,
    execution_plan: ExecutionPlan | None = None,
) -> DagsterRun:
    """Record a run of a pipeline in an instance without executing it (seed 004).

    Args:
        pipeline_def: The pipeline, or what gives it.
        run_id: The run's id (default: a new one).
        run_config: The configuration of the run.
        mode: The mode's name.
        tags: Tags of the run.
        solid_selection: Solid selection queries.
        instance: Where the run is recorded.
        status: Its first status (default: not started).
        step_keys_to_execute: The steps to execute (default: all of the selected solids).
        root_run_id: The first of the runs that it descends from (default: that of its parent).
        parent_run_id: The run that it re-executes, in the instance.
        execution_plan: The run's plan, where the caller has compiled it already.

    Raises:
        CheckError: an argument is of the wrong type, or the instance is missing.
        DagsterInvalidConfigError: the run config does not fit.
        DagsterInvalidSubsetError: a selection names something that is not there.
        DagsterRunNotFoundError: the instance has no such parent.
        DagsterRunAlreadyExists: the run id is taken.
    """
    owner = "create_run_for_pipeline"
    if instance is None:
        raise CheckError(f"{owner}: argument 'instance' says where the run is recorded.")
    asked = ask(owner, pipeline_def, run_config, mode, None, tags, solid_selection, instance)
    plan = plan_of(asked) if execution_plan is None else check_plan(owner, execution_plan)
    if step_keys_to_execute is not None:
        plan = plan.build_subset_plan(step_keys_to_execute)
    if parent_run_id is not None and root_run_id is None:
        root_run_id = instance.require_run(parent_run_id).dagster_run.root_run_id or parent_run_id
    return create_run(
        asked,
        plan,
        run_id=run_id,
        status=status,
        step_keys=None if step_keys_to_execute is None else plan.step_keys_to_execute,
        parent_run_id=parent_run_id,
        root_run_id=root_run_id,
    )


def execute_run(
    pipeline: GivenPipeline,
    pipeline_run: DagsterRun,
    instance: DagsterInstance,
    raise_on_error: bool = False,
) -> PipelineExecutionResult:
    """Execute a run that is recorded in an instance (seed 004).

    Args:
        pipeline: The pipeline, or what gives it.
        pipeline_run: The run, not yet started.
        instance: Where it is recorded.
        raise_on_error: Whether or not to raise exceptions when they occur.

    Raises:
        CheckError: an argument is of the wrong type, or the run is of another pipeline.
        DagsterRunNotFoundError: the instance has no such run.
        DagsterRunConflict: the run has been started already.
    """
    asked, plan, run = _recorded("execute_run", pipeline, pipeline_run, instance)
    return run_to_end(asked, plan, run, raise_on_error=raise_on_error)


def execute_run_iterator(
    pipeline: GivenPipeline, pipeline_run: DagsterRun, instance: DagsterInstance
) -> RunEvents:
    """Execute a run that is recorded in an instance; return the stream of its events (seed 004).

    Takes the arguments of :func:`execute_run` and raises what it raises before the start; errors
    of steps are told by events.
    """
    asked, plan, run = _recorded("execute_run_iterator", pipeline, pipeline_run, instance)
    return run_events(asked, plan, run)


def load_run_result(
    pipeline: GivenPipeline, run_id: str, instance: DagsterInstance
) -> PipelineExecutionResult:
    """Return the result of a run that was executed before, in whichever process.

    Values are read from where the run kept them, when they are asked for.

    Args:
        pipeline: The pipeline, or what gives it.
        run_id: The run.
        instance: Where it is recorded.

    Raises:
        CheckError: an argument is of the wrong type, or the run is of another pipeline.
        DagsterRunNotFoundError: the instance has no such run.
    """
    owner = "load_run_result"
    check_run_id(owner, "run_id", run_id)
    check_instance(owner, instance)
    record = instance.require_run(run_id).dagster_run
    asked, plan, run = _recorded(owner, pipeline, record, instance)
    return PipelineExecutionResult(
        asked.pipeline,
        run.run_id,
        accepted_events(instance.all_logs(run.run_id)),
        reader_of_recorded(plan, run, instance),
        plan.step_keys_to_execute,
        run.status,
        instance,
    )


def _recorded(
    owner: str, pipeline: Any, given: Any, instance: Any
) -> tuple[Asked, ExecutionPlan, DagsterRun]:
    """Return a recorded run as it stands in the instance, and what it was asked to execute."""
    executable = as_executable(owner, pipeline)
    check_run(owner, given)
    check_instance(owner, instance)
    run = instance.require_run(given.run_id).dagster_run
    definition = executable.subset_for_execution(None).get_definition()
    check_is_of(owner, definition, run)
    asked = Asked(
        pipeline=definition,
        run_config=run.run_config,
        mode=run.mode,
        tags=run.tags,
        solid_selection=selection_of(run),
        instance=instance,
    )
    plan = plan_of(asked)
    if run.step_keys_to_execute is not None:
        plan = plan.build_subset_plan(run.step_keys_to_execute)
    return asked, plan, run
