"""Executing pipelines (seed 001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite.api.asked import GivenPipeline, ask, create_run, plan_of
from dagsterlite.api.detached import attach_run, leave_to_cluster
from dagsterlite.api.driving import run_events, run_to_end
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.instance import DagsterInstance


def execute_pipeline(
    pipeline: GivenPipeline,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
    raise_on_error: bool = True,
) -> PipelineExecutionResult:
    """Execute a pipeline synchronously (seed 001).

    Args:
        pipeline: The pipeline to execute, or what gives it (an ``IPipeline``).
        run_config: The configuration that parametrizes this run.
        mode: The name of the pipeline mode to use. You may not set both mode and preset.
        preset: The name of the pipeline preset to use. You may not set both mode and preset.
        tags: Arbitrary key-value pairs that will be added to pipeline logs.
        solid_selection: Solid selection queries, e.g. ``["*some_solid+++", "other"]``.
        instance: The instance to execute against; by default an ephemeral one, and no artifacts
            will be persisted from the run.
        raise_on_error: Whether or not to raise exceptions when they occur: in process, what the
            step's own code raised.

    Raises:
        CheckError: arguments contradict each other.
        DagsterInvariantViolationError: the mode or preset is not there.
        DagsterInvalidSubsetError: the selection names something that is not there.
        DagsterInvalidConfigError: the run config does not fit.
    """
    asked = ask(
        "execute_pipeline", pipeline, run_config, mode, preset, tags, solid_selection, instance
    )
    plan = plan_of(asked)
    run = create_run(asked, plan)
    return run_to_end(asked, plan, run, raise_on_error=raise_on_error)


def execute_pipeline_iterator(
    pipeline: GivenPipeline,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
    *,
    detach: bool = False,
) -> RunEvents:
    """Execute a pipeline iteratively: return the stream of events as they happen (seed 001).

    Arguments are checked, and the run recorded, before the first event is asked for. Errors of
    steps are told by events, not raised. A caller that stops reading cancels the run.

    Takes the arguments of :func:`execute_pipeline` and raises what it raises before the start.

    Where ``detach`` is set, the run is left to the Dask cluster that its config joins: it is driven
    there, whatever becomes of this process. The events are then those of :func:`attach_run`: to
    stop reading changes nothing. The workers must have the instance in their own ``$DAGSTER_HOME``.

    Raises:
        DagsterInvariantViolationError: a run to be detached has another executor, or an instance
            that lives in this process only.
        DagsterClusterError: it finds no cluster that takes it.
        DagsterHomeError: a worker of the cluster has another instance or none.
    """
    asked = ask(
        "execute_pipeline_iterator",
        pipeline,
        run_config,
        mode,
        preset,
        tags,
        solid_selection,
        instance,
    )
    plan = plan_of(asked)
    if detach:
        return attach_run(leave_to_cluster(asked, plan).run_id, asked.instance)
    return run_events(asked, plan, create_run(asked, plan))
