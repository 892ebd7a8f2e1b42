"""The functions that run pipelines, parts of them, and single solids (seeds 001 and 004)."""

from __future__ import annotations

from dagsterlite.api.detached import attach_run
from dagsterlite.api.pipelines import execute_pipeline, execute_pipeline_iterator
from dagsterlite.api.plans import (
    create_execution_plan,
    execute_plan,
    execute_plan_iterator,
    scaffold_run_config,
    validate_run_config,
)
from dagsterlite.api.reexecution import reexecute_pipeline, reexecute_pipeline_iterator
from dagsterlite.api.runs import (
    create_run_for_pipeline,
    execute_run,
    execute_run_iterator,
    load_run_result,
)
from dagsterlite.api.solids import (
    execute_solid,
    execute_solid_within_pipeline,
    execute_solids_within_pipeline,
)

__all__ = [
    "attach_run",
    "create_execution_plan",
    "create_run_for_pipeline",
    "execute_pipeline",
    "execute_pipeline_iterator",
    "execute_plan",
    "execute_plan_iterator",
    "execute_run",
    "execute_run_iterator",
    "execute_solid",
    "execute_solid_within_pipeline",
    "execute_solids_within_pipeline",
    "load_run_result",
    "reexecute_pipeline",
    "reexecute_pipeline_iterator",
    "scaffold_run_config",
    "validate_run_config",
]
