"""Plans: compiled without a run, checked without one, executed in part (seeds 003 and 004)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite.api.asked import GivenPipeline, as_executable
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig


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
        DagsterInvalidConfigError: the run config does not fit.
        DagsterExecutionStepNotFoundError: a step key is not in the plan.
    """
    definition = as_executable("create_execution_plan", pipeline).get_definition()
    config = EnvironmentConfig.build(definition, run_config, mode)
    return ExecutionPlan.build(definition, config, mode, step_keys_to_execute)


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
    definition = as_executable("validate_run_config", pipeline_def, "pipeline_def").get_definition()
    return EnvironmentConfig.build(definition, run_config, mode).original_config
