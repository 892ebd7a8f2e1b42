"""Plans: compiled without a run, checked without one, executed in part (seeds 003 and 004)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagsterlite.api.asked import (
    GivenPipeline,
    ask,
    check_instance,
    check_is_of,
    check_plan,
    check_run,
    plan_of,
    selected,
)
from dagsterlite.config.scaffold import scaffold_config
from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.plan_part import execute_part
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.defaults import in_own_words
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite.run_config.schema import build_schema
from dagsterlite.runs import DagsterRun


def create_execution_plan(
    pipeline: GivenPipeline,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
    step_keys_to_execute: Sequence[str] | None = None,
) -> ExecutionPlan:
    """Compile a pipeline to the plan that a run of it would execute (seed 004).

    Args:
        pipeline: The pipeline, or what gives it.
        run_config: The configuration of the run.
        mode: The mode's name.
        step_keys_to_execute: The steps to execute (default: all).

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidConfigError: the run config does not fit.
        DagsterExecutionStepNotFoundError: a step key is not in the plan.
    """
    plan = plan_of(ask("create_execution_plan", pipeline, run_config, mode))
    return plan if step_keys_to_execute is None else plan.build_subset_plan(step_keys_to_execute)


def execute_plan(
    execution_plan: ExecutionPlan,
    instance: DagsterInstance,
    pipeline_run: DagsterRun,
    run_config: Mapping[str, Any] | None = None,
) -> list[DagsterEvent]:
    """Execute the steps of a plan, or of a part of one, in this process; return their events.

    For custom executors, which take a plan apart with ``get_steps_to_execute_by_level`` and
    ``build_subset_plan``, and for outside schedulers that give each step a process of its own.
    Neither the run's status nor its run-level events are touched, and what a step raises is told
    by its events. What its steps need must be among them, or be stored by calls before.

    Args:
        execution_plan: The plan, or a part of it.
        instance: Where the run is recorded.
        pipeline_run: The run that the steps belong to.
        run_config: The run config, where it is not the one that the plan was compiled with.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterRunNotFoundError: the instance has no such run.
        DagsterRunConflict: another process drives the run, or it has ended.
        DagsterStepNotStoredError: a step that is needed has left no outputs.
        DagsterInvalidConfigError: the run config does not fit.
    """
    events = _part("execute_plan", execution_plan, pipeline_run, instance, run_config)
    return list(events)


def execute_plan_iterator(
    execution_plan: ExecutionPlan,
    pipeline_run: DagsterRun,
    instance: DagsterInstance,
    run_config: Mapping[str, Any] | None = None,
) -> Iterator[DagsterEvent]:
    """Execute the steps of a plan, or of a part of one; yield their events as they happen.

    Takes the arguments of :func:`execute_plan` and raises what it raises.
    """
    return _part("execute_plan_iterator", execution_plan, pipeline_run, instance, run_config)


def _part(
    owner: str, plan: Any, run: Any, instance: Any, run_config: Any
) -> Iterator[DagsterEvent]:
    check_plan(owner, plan)
    check_run(owner, run)
    check_instance(owner, instance)
    recorded = instance.require_run(run.run_id).dagster_run
    check_is_of(owner, plan.pipeline, recorded)
    if run_config is not None:
        if not isinstance(run_config, Mapping):
            raise ParameterCheckError(owner, "run_config", "a dict", run_config)
        mode = plan.environment_config.mode
        config = EnvironmentConfig.build(plan.pipeline, run_config, mode)
        plan = ExecutionPlan.build(plan.pipeline, config, mode, plan.step_keys_to_execute)
    return execute_part(plan, recorded, instance)


def scaffold_run_config(
    pipeline_def: GivenPipeline,
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
    asked = ask("scaffold_run_config", pipeline_def, None, mode, preset)
    definition, ignored = selected(asked)
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
    pipeline_def: GivenPipeline,
    run_config: Mapping[str, Any] | None = None,
    mode: str | None = None,
) -> Mapping[str, Any]:
    """Check a run config against a pipeline in a mode, executing nothing; return it.

    Raises:
        DagsterInvalidConfigError: it does not fit.
        DagsterInvariantViolationError: the mode is not there.
    """
    asked = ask("validate_run_config", pipeline_def, run_config, mode)
    return plan_of(asked).environment_config.original_config
