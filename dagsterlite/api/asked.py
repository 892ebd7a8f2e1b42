"""A run as its caller asked for it: arguments checked, preset looked up; its plan and record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dagsterlite.arguments import check_text
from dagsterlite.definitions.naming import check_tags
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.execution.reconstructable import ReconstructablePipeline
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.executable import InMemoryPipeline, IPipeline
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.snapshot import pipeline_snapshot, plan_snapshot
from dagsterlite.plan.solid_selection import selected_solids
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.runs import DagsterRun, DagsterRunStatus, PipelineOrigin

GivenPipeline = PipelineDefinition | IPipeline
"""What the functions that run pipelines take for one."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a caller asked for."""

    #: The whole pipeline.
    pipeline: PipelineDefinition
    run_config: Mapping[str, Any]
    mode: str | None
    tags: Mapping[str, str]
    solid_selection: Sequence[str] | None
    instance: DagsterInstance
    #: How another process makes the pipeline, where that is known.
    origin: PipelineOrigin | None = None
    #: Solids that are not in the pipeline: their config may stand, and is not looked at.
    ignored_solids: Sequence[str] = ()


def as_executable(owner: str, pipeline: Any, argument: str = "pipeline") -> IPipeline:
    """Return what a function was given for a pipeline.

    Raises:
        ParameterCheckError: it is none.
    """
    if isinstance(pipeline, IPipeline):
        return pipeline
    if isinstance(pipeline, PipelineDefinition):
        return InMemoryPipeline(pipeline)
    expected = "a PipelineDefinition (a function under @pipeline) or an IPipeline"
    raise ParameterCheckError(owner, argument, expected, pipeline)


def check_instance(owner: str, instance: Any) -> DagsterInstance:
    """Return an instance.

    Raises:
        ParameterCheckError: it is none.
    """
    if not isinstance(instance, DagsterInstance):
        raise ParameterCheckError(owner, "instance", "a DagsterInstance", instance)
    return instance


def check_run(owner: str, run: Any) -> DagsterRun:
    """Return a run.

    Raises:
        ParameterCheckError: it is none.
    """
    if not isinstance(run, DagsterRun):
        raise ParameterCheckError(owner, "pipeline_run", "a PipelineRun", run)
    return run


def check_plan(owner: str, plan: Any) -> ExecutionPlan:
    """Return a plan.

    Raises:
        ParameterCheckError: it is none.
    """
    if not isinstance(plan, ExecutionPlan):
        raise ParameterCheckError(owner, "execution_plan", "an ExecutionPlan", plan)
    return plan


def check_is_of(owner: str, definition: PipelineDefinition, run: DagsterRun) -> None:
    """Refuse a run of another pipeline.

    Raises:
        CheckError: it is of another.
    """
    if run.pipeline_name != definition.name:
        message = (
            f"{owner}: run {run.run_id} is of pipeline '{run.pipeline_name}', not of "
            f"'{definition.name}'. Give the pipeline that the run is of."
        )
        raise CheckError(message)


def selection_of(run: DagsterRun) -> Sequence[str] | None:
    """Return the selection of solids that a recorded run was asked for; None for all."""
    if run.solid_selection is not None or run.solids_to_execute is None:
        return run.solid_selection
    return sorted(run.solids_to_execute)


def check_run_id(owner: str, argument: str, value: Any) -> str:
    """Return a run's id.

    Raises:
        ParameterCheckError: it is no text.
    """
    if not isinstance(value, str):
        raise ParameterCheckError(owner, argument, "a text", value)
    return value


def ask(
    owner: str,
    pipeline: Any,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
) -> Asked:
    """Check the arguments that the functions that run pipelines share.

    Args:
        owner: The function, for messages.
        pipeline: The pipeline, or what gives it.
        run_config: As given.
        mode: The mode's name.
        preset: The preset's name.
        tags: The caller's tags.
        solid_selection: Selection queries.
        instance: Where the run is recorded (default: an ephemeral instance).

    Raises:
        CheckError: an argument is of the wrong type, or contradicts another.
        DagsterInvariantViolationError: the preset is not there.
    """
    executable = as_executable(owner, pipeline)
    if run_config is not None and not isinstance(run_config, Mapping):
        raise ParameterCheckError(owner, "run_config", "a dict", run_config)
    check_text(owner, "mode", mode)
    check_text(owner, "preset", preset)
    if isinstance(solid_selection, str):
        expected = "a list of selection queries"
        raise ParameterCheckError(owner, "solid_selection", expected, solid_selection)
    definition = executable.subset_for_execution(None).get_definition()
    asked = Asked(
        pipeline=definition,
        run_config=run_config or {},
        mode=mode,
        tags=check_tags(owner, tags),
        solid_selection=_one_selection(executable, solid_selection),
        instance=DagsterInstance.ephemeral() if instance is None else instance,
        origin=executable.origin if isinstance(executable, ReconstructablePipeline) else None,
    )
    check_instance(owner, asked.instance)
    if preset is not None:
        asked = _with_preset(asked, definition.get_preset(preset))
    return replace(asked, tags={**definition.tags, **asked.tags})


def _one_selection(executable: IPipeline, given: Sequence[str] | None) -> Sequence[str] | None:
    own = executable.solid_selection
    if own is not None and given is not None and list(own) != list(given):
        message = (
            f"The solid_selection given ({list(given)}) differs from the one that the pipeline is "
            f"cut down to ({list(own)}). Give one of the two."
        )
        raise CheckError(message)
    return given if own is None else own


def _with_preset(asked: Asked, preset: PresetDefinition) -> Asked:
    if asked.mode is not None:
        message = (
            f"You may not set both mode ('{asked.mode}') and preset ('{preset.name}', which runs "
            f"in mode '{preset.mode}'). Leave out one of them."
        )
        raise CheckError(message)
    if asked.run_config and asked.run_config != preset.run_config:
        message = (
            f"The run_config given differs from that of preset '{preset.name}'. Give one of the "
            "two, or merge them: preset.with_additional_config(run_config)."
        )
        raise CheckError(message)
    selection = asked.solid_selection
    if selection is not None and list(selection) != list(preset.solid_selection or ()):
        message = (
            f"The solid_selection given ({list(selection)}) differs from that of preset "
            f"'{preset.name}' ({list(preset.solid_selection or ())}). Give one of the two."
        )
        raise CheckError(message)
    return replace(
        asked,
        run_config=preset.run_config,
        mode=preset.mode,
        tags={**preset.tags, **asked.tags},
        solid_selection=preset.solid_selection,
    )


# --- what follows from it -----------------------------------------------------------------------


def plan_of(asked: Asked) -> ExecutionPlan:
    """Compile what was asked for.

    Raises:
        DagsterInvariantViolationError: the mode is not there.
        DagsterInvalidSubsetError: the selection names something that is not there.
        DagsterInvalidConfigError: the run config does not fit.
    """
    asked.pipeline.get_mode_definition(asked.mode)
    definition, ignored = selected(asked)
    config = EnvironmentConfig.build(
        definition, asked.run_config, asked.mode, ignored, leaves_unset=True
    )
    return ExecutionPlan.build(definition, config)


def selected(asked: Asked) -> tuple[PipelineDefinition, Sequence[str]]:
    """Return the part of the pipeline that is selected, and the solids that are not.

    Raises:
        DagsterInvalidSubsetError: the selection names something that is not there.
    """
    definition = asked.pipeline
    if asked.solid_selection is None:
        return definition, asked.ignored_solids
    names = selected_solids(definition, asked.solid_selection)
    left_out = [name for name in definition.solid_names if name not in names]
    return subset_pipeline(definition, names), [*asked.ignored_solids, *left_out]


def create_run(
    asked: Asked,
    plan: ExecutionPlan,
    *,
    run_id: str | None = None,
    status: DagsterRunStatus | None = None,
    step_keys: Sequence[str] | None = None,
    parent_run_id: str | None = None,
    root_run_id: str | None = None,
) -> DagsterRun:
    """Record the run that was asked for.

    Args:
        asked: What was asked for.
        plan: What :func:`plan_of` returned, or a part of it.
        run_id: The run's id (default: a new one).
        status: Its first status.
        step_keys: The steps to execute, where they were selected.
        parent_run_id: The run that it re-executes.
        root_run_id: The first of the runs that it descends from.

    Raises:
        DagsterRunAlreadyExists: the run id is taken.
    """
    selection = asked.solid_selection
    return asked.instance.create_run(
        pipeline_name=asked.pipeline.name,
        run_id=run_id,
        run_config=plan.environment_config.original_config,
        mode=plan.environment_config.mode,
        solids_to_execute=plan.pipeline.solid_names if selection is not None else None,
        step_keys_to_execute=step_keys,
        tags=asked.tags,
        status=status,
        root_run_id=root_run_id,
        parent_run_id=parent_run_id,
        solid_selection=selection,
        pipeline_snapshot=pipeline_snapshot(asked.pipeline),
        execution_plan_snapshot=plan_snapshot(plan),
        external_pipeline_origin=asked.origin,
    )
