"""The functions that run pipelines (seed 001)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dagsterlite.config.scaffold import scaffold_config
from dagsterlite.definitions.naming import check_tags
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.subset import subset_pipeline
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.execution.results import PipelineExecutionResult, output_reader
from dagsterlite.execution.run import RunOutcome, drive_run
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.snapshot import pipeline_snapshot, plan_snapshot
from dagsterlite.plan.solid_selection import selected_solids
from dagsterlite.run_config.defaults import in_own_words
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.run_config.schema import build_schema
from dagsterlite.runs import DagsterRun, DagsterRunStatus


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """What a caller asked for, its preset looked up."""

    pipeline: PipelineDefinition
    run_config: Mapping[str, Any]
    mode: str | None
    tags: Mapping[str, str]
    solid_selection: Sequence[str] | None
    instance: DagsterInstance


def execute_pipeline(
    pipeline: PipelineDefinition,
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
        pipeline: The pipeline to execute.
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
    asked = _ask(pipeline, run_config, mode, preset, tags, solid_selection, instance)
    plan = _plan(asked)
    run = _create_run(asked, plan)
    return _execute(asked, plan, run, raise_on_error=raise_on_error)


def execute_pipeline_iterator(
    pipeline: PipelineDefinition,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    preset: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
) -> RunEvents:
    """Execute a pipeline iteratively: return the stream of events as they happen (seed 001).

    Arguments are checked, and the run recorded, before the first event is asked for. Errors of
    steps are told by events, not raised. A caller that stops reading cancels the run.

    Takes the arguments of :func:`execute_pipeline` and raises what it raises before the start.
    """
    asked = _ask(pipeline, run_config, mode, preset, tags, solid_selection, instance)
    plan = _plan(asked)
    run = _create_run(asked, plan)
    events = drive_run(plan, run, asked.instance, RunOutcome(), raise_on_error=False)
    return RunEvents(run, plan.step_keys_to_execute, events)


def create_execution_plan(
    pipeline: PipelineDefinition,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    step_keys_to_execute: Sequence[str] | None = None,
) -> ExecutionPlan:
    """Compile a pipeline to the plan that a run of it would execute (seed 004).

    Args:
        pipeline: The pipeline.
        run_config: The configuration of the run.
        mode: The mode's name.
        step_keys_to_execute: The steps to execute (default: all).

    Raises:
        DagsterInvalidConfigError: the run config does not fit.
        DagsterExecutionStepNotFoundError: a step key is not in the plan.
    """
    definition = _definition(pipeline)
    config = EnvironmentConfig.build(definition, run_config, mode)
    return ExecutionPlan.build(definition, config, mode, step_keys_to_execute)


def create_run_for_pipeline(
    pipeline_def: PipelineDefinition,
    run_id: str | None = None,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    tags: Mapping[str, Any] | None = None,
    solid_selection: Sequence[str] | None = None,
    instance: DagsterInstance | None = None,
    status: DagsterRunStatus | None = None,
) -> DagsterRun:
    """Record a run of a pipeline in an instance without executing it (seed 004).

    Raises:
        DagsterInvalidConfigError: the run config does not fit.
        DagsterRunAlreadyExists: the run id is taken.
    """
    if instance is None:
        message = "create_run_for_pipeline: argument 'instance' says where the run is recorded."
        raise CheckError(message)
    asked = _ask(pipeline_def, run_config, mode, None, tags, solid_selection, instance)
    return _create_run(asked, _plan(asked), run_id=run_id, status=status)


def execute_run(
    pipeline: PipelineDefinition,
    pipeline_run: DagsterRun,
    instance: DagsterInstance,
    raise_on_error: bool = False,
) -> PipelineExecutionResult:
    """Execute a run that is recorded in an instance (seed 004).

    Args:
        pipeline: The pipeline.
        pipeline_run: The run, not yet started.
        instance: Where it is recorded.
        raise_on_error: Whether or not to raise exceptions when they occur.

    Raises:
        DagsterRunNotFoundError: the instance has no such run.
        DagsterRunConflict: the run has been started already.
    """
    if not isinstance(pipeline_run, DagsterRun):
        raise ParameterCheckError("execute_run", "pipeline_run", "a PipelineRun", pipeline_run)
    _check_instance("execute_run", instance)
    run = instance.require_run(pipeline_run.run_id).dagster_run
    asked = _Asked(
        pipeline=_definition(pipeline),
        run_config=run.run_config,
        mode=run.mode,
        tags=run.tags,
        solid_selection=run.solid_selection,
        instance=instance,
    )
    plan = _plan(asked)
    if run.step_keys_to_execute is not None:
        plan = plan.build_subset_plan(run.step_keys_to_execute)
    return _execute(asked, plan, run, raise_on_error=raise_on_error)


def _execute(
    asked: _Asked, plan: ExecutionPlan, run: DagsterRun, *, raise_on_error: bool
) -> PipelineExecutionResult:
    outcome = RunOutcome()
    events = list(drive_run(plan, run, asked.instance, outcome, raise_on_error=raise_on_error))
    return PipelineExecutionResult(
        asked.pipeline,
        run.run_id,
        events,
        output_reader(run.run_id, outcome.storage, asked.instance, outcome.read_managed),
        plan.step_keys_to_execute,
        outcome.status,
    )


def _definition(pipeline: PipelineDefinition) -> PipelineDefinition:
    if not isinstance(pipeline, PipelineDefinition):
        expected = "a PipelineDefinition (a function under @pipeline)"
        raise ParameterCheckError("execute_pipeline", "pipeline", expected, pipeline)
    return pipeline


def _check_instance(owner: str, instance: Any) -> None:
    if not isinstance(instance, DagsterInstance):
        raise ParameterCheckError(owner, "instance", "a DagsterInstance", instance)


def _check_text(name: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise ParameterCheckError("execute_pipeline", name, "a text", value)


def _ask(
    pipeline: PipelineDefinition,
    run_config: Mapping[str, Any] | None,
    mode: str | None,
    preset: str | None,
    tags: Mapping[str, Any] | None,
    solid_selection: Sequence[str] | None,
    instance: DagsterInstance | None,
) -> _Asked:
    definition = _definition(pipeline)
    if run_config is not None and not isinstance(run_config, Mapping):
        raise ParameterCheckError("execute_pipeline", "run_config", "a dict", run_config)
    _check_text("mode", mode)
    _check_text("preset", preset)
    if isinstance(solid_selection, str):
        expected = "a list of selection queries"
        raise ParameterCheckError("execute_pipeline", "solid_selection", expected, solid_selection)
    if instance is None:
        instance = DagsterInstance.ephemeral()
    _check_instance("execute_pipeline", instance)
    asked = _Asked(
        pipeline=definition,
        run_config=run_config or {},
        mode=mode,
        tags=check_tags("execute_pipeline", tags),
        solid_selection=solid_selection,
        instance=instance,
    )
    if preset is not None:
        asked = _with_preset(asked, definition.get_preset(preset))
    return replace(asked, tags={**definition.tags, **asked.tags})


def _with_preset(asked: _Asked, preset: PresetDefinition) -> _Asked:
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


def _plan(asked: _Asked) -> ExecutionPlan:
    asked.pipeline.get_mode_definition(asked.mode)
    definition, ignored = _selected(asked)
    config = EnvironmentConfig.build(definition, asked.run_config, asked.mode, ignored)
    return ExecutionPlan.build(definition, config)


def _selected(asked: _Asked) -> tuple[PipelineDefinition, tuple[str, ...]]:
    """Return the part of the pipeline that is selected, and the solids that are not."""
    definition = asked.pipeline
    if asked.solid_selection is None:
        return definition, ()
    names = selected_solids(definition, asked.solid_selection)
    ignored = tuple(name for name in definition.solid_names if name not in names)
    return subset_pipeline(definition, names), ignored


def _create_run(
    asked: _Asked,
    plan: ExecutionPlan,
    *,
    run_id: str | None = None,
    status: DagsterRunStatus | None = None,
) -> DagsterRun:
    selection = asked.solid_selection
    return asked.instance.create_run(
        pipeline_name=asked.pipeline.name,
        run_id=run_id,
        run_config=plan.environment_config.original_config,
        mode=plan.environment_config.mode,
        solids_to_execute=plan.pipeline.solid_names if selection is not None else None,
        tags=asked.tags,
        status=status,
        solid_selection=selection,
        pipeline_snapshot=pipeline_snapshot(asked.pipeline),
        execution_plan_snapshot=plan_snapshot(plan),
    )


def scaffold_run_config(
    pipeline_def: PipelineDefinition,
    mode: str | None = None,
    preset: str | None = None,
    only_required: bool = False,
) -> str:
    """Return the run config of a pipeline as YAML to be filled in, executing nothing.

    What the preset gives, or has a default, stands there with its value; references to the
    environment stand as they were written. Required values that are missing are left empty; what
    is optional beside them is commented out. Comments tell types, descriptions and choices.

    Args:
        pipeline_def: The pipeline.
        mode: The mode's name (default: the pipeline's first mode).
        preset: The preset to begin with. You may not set both mode and preset.
        only_required: Whether to leave out what is neither required nor given by the preset.

    Raises:
        CheckError: an argument is of the wrong type, or mode and preset are both given.
        DagsterInvariantViolationError: the mode or preset is not there.
        DagsterInvalidSubsetError: the preset selects solids that are not there.
    """
    asked = _ask(pipeline_def, None, mode, preset, None, None, None)
    definition, ignored = _selected(asked)
    mode_def = definition.get_mode_definition(asked.mode or definition.get_default_mode_name())
    default = {**definition.default_run_config, **asked.run_config}
    given = in_own_words(default, definition.words, definition.graph)
    schema = build_schema(definition, mode_def, ignored)
    begun = f" and preset {preset!r}" if preset is not None else ""
    mode_name = f" in mode {mode_def.name!r}" if definition.words.has_modes else ""
    title = f"# Run config of {definition.label}{mode_name}{begun}."
    lines = scaffold_config(schema, given, only_required=only_required)
    return "\n".join([title, *(lines or ["{}"]), ""])


def validate_run_config(
    pipeline_def: PipelineDefinition,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
) -> Mapping[str, Any]:
    """Check a run config against a pipeline in a mode, executing nothing; return it.

    Raises:
        DagsterInvalidConfigError: it does not fit.
        DagsterInvariantViolationError: the mode is not there.
    """
    config = EnvironmentConfig.build(_definition(pipeline_def), run_config, mode)
    return config.original_config
