"""Pipelines whose runs are executed by another process than the one that asks for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite.api.asked import ask, create_run, plan_of
from dagsterlite.api.runs import execute_run
from dagsterlite.errors import DagsterLaunchFailedError
from dagsterlite.execution.cancel import cancel_run
from dagsterlite.execution.reconstructable import ReconstructablePipeline
from dagsterlite.execution.undriven import fail_undriven
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun, PipelineOrigin


def launch_pipeline(
    pipeline: ReconstructablePipeline,
    instance: DagsterInstance,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
) -> DagsterRun:
    """Record a run of a pipeline and submit it; return it as it stands then.

    Args:
        pipeline: How another process makes the pipeline.
        instance: Where the run is recorded; another process must be able to open it.
        run_config: The configuration that parametrizes this run.
        mode: The mode's name. You may not set both mode and preset.
        preset: The preset's name.
        tags: Tags of the run.
        solid_selection: Solid selection queries.

    Raises:
        CheckError: arguments contradict each other.
        DagsterInvalidConfigError: the run config does not fit.
        DagsterInvalidSubsetError: the selection names something that is not there.
        DagsterLaunchFailedError: the run was recorded and cannot be launched; it has failed.
    """
    asked = ask(
        "launch_pipeline", pipeline, run_config, mode, preset, tags, solid_selection, instance
    )
    run = create_run(asked, plan_of(asked))
    return instance.submit_run(run.run_id)


def drive_launched(run_id: str, instance: DagsterInstance) -> bool:
    """Execute a run that was launched, in the process that was made for it.

    Whatever keeps it from beginning is recorded as its end. Return whether it succeeded.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        KeyboardInterrupt: it was interrupted, and is canceled.
        Exception: what kept it from beginning.
    """
    run = instance.require_run(run_id).dagster_run
    try:
        return execute_run(pipeline_of(run), run, instance).success
    except KeyboardInterrupt:
        # Where it had begun, its driver has recorded that.
        cancel_run(run_id, instance)
        raise
    except (Exception, SystemExit) as exc:
        fail_undriven(run, instance, exc)
        raise


def pipeline_of(run: DagsterRun) -> ReconstructablePipeline:
    """Return how a recorded run's pipeline is made in this process.

    Raises:
        DagsterLaunchFailedError: the run does not say.
    """
    origin = run.external_pipeline_origin
    if not isinstance(origin, PipelineOrigin):
        message = f"Run {run.run_id} does not say how its pipeline is made in another process."
        raise DagsterLaunchFailedError(message)
    return ReconstructablePipeline(origin)
