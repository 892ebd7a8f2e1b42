"""The functions that run pipelines (seeds 001 and 004), and jobs, which run by themselves."""

from __future__ import annotations

from dagsterlite.api.pipelines import (
    create_execution_plan,
    create_run_for_pipeline,
    execute_pipeline,
    execute_pipeline_iterator,
    execute_run,
    scaffold_run_config,
    validate_run_config,
)

__all__ = [
    "create_execution_plan",
    "create_run_for_pipeline",
    "execute_pipeline",
    "execute_pipeline_iterator",
    "execute_run",
    "scaffold_run_config",
    "validate_run_config",
]
