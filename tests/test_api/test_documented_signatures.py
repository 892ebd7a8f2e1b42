"""The parameters that the documents give, in their order, of what an author calls or makes."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import dagsterlite
from dagsterlite import (
    DagsterInstance,
    ExecutionPlan,
    Executor,
    ExecutorDefinition,
    FileHandle,
    FileManager,
    HookContext,
    InitExecutorContext,
    LocalFileHandle,
    ModeDefinition,
    PresetDefinition,
    SolidExecutionResult,
    create_execution_plan,
    create_run_for_pipeline,
    execute_run,
    executor,
    reconstructable,
    user_code_error_boundary,
)

RUN = """pipeline_name run_id run_config mode solids_to_execute step_keys_to_execute status tags
    root_run_id parent_run_id pipeline_snapshot execution_plan_snapshot parent_pipeline_snapshot
    solid_selection external_pipeline_origin"""
EXECUTOR = """name config_schema requirements executor_creation_fn required_resource_keys
    description"""
MODE = "name resource_defs logger_defs executor_defs system_storage_defs intermediate_storage_defs"
INSTANCE = """instance_type local_artifact_storage run_storage event_storage compute_log_manager
    schedule_storage scheduler run_coordinator run_launcher settings ref"""


@pytest.mark.parametrize(
    ("called", "documented"),
    [
        (create_execution_plan, "pipeline run_config mode"),
        (create_run_for_pipeline, "pipeline_def run_id run_config mode"),
        (execute_run, "pipeline pipeline_run instance raise_on_error"),
        (reconstructable, "target"),
        (user_code_error_boundary, "error_cls msg_fn"),
        (DagsterInstance, INSTANCE),
        (DagsterInstance.create_run, f"self {RUN}"),
        (DagsterInstance.ephemeral, "tempdir preload settings"),
        (DagsterInstance.local_temp, "tempdir overrides"),
        (ExecutionPlan.build, "pipeline environment_config mode step_keys_to_execute"),
        (Executor.execute, "self plan_context execution_plan"),
        (ExecutorDefinition, EXECUTOR),
        (
            ExecutorDefinition.configured,
            "self config_or_config_fn name config_schema description",
        ),
        (executor, "name config_schema requirements"),
        (FileManager.copy_handle_to_local_temp, "self file_handle"),
        (FileManager.delete_local_temp, "self"),
        (FileManager.read, "self file_handle mode"),
        (FileManager.read_data, "self file_handle"),
        (FileManager.write, "self file_obj mode ext"),
        (FileManager.write_data, "self data ext"),
        (ModeDefinition, MODE),
        (PresetDefinition, "name run_config solid_selection mode tags"),
        (SolidExecutionResult.get_output_event_for_compute, "self output_name"),
        (SolidExecutionResult.output_value, "self output_name"),
    ],
    ids=lambda item: getattr(item, "__qualname__", None),
)
def test_what_is_called_has_the_documented_parameters(
    called: Callable[..., Any], documented: str
) -> None:
    parameters = list(inspect.signature(called).parameters)
    assert parameters[: len(documented.split())] == documented.split()


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (ExecutorDefinition, "name description executor_creation_fn configured"),
        (HookContext, "log hook_def step solid resources solid_config"),
        (InitExecutorContext, "job executor_def executor_config instance"),
        (FileHandle, "path_desc"),
        (LocalFileHandle, "path path_desc"),
        (Executor, "execute retries"),
    ],
)
def test_what_is_handed_over_has_the_documented_names(cls: type, names: str) -> None:
    set_when_made = inspect.signature(cls).parameters
    assert {n for n in names.split() if not hasattr(cls, n)} <= set_when_made.keys()


def test_the_default_lists_offer_what_the_documents_say() -> None:
    offered = {
        "default_executors": ["in_process", "multiprocess", "dask"],
        "default_system_storage_defs": ["in_memory", "filesystem"],
        "default_intermediate_storage_defs": ["in_memory", "filesystem"],
    }
    for name, expected in offered.items():
        definitions = getattr(dagsterlite, name)
        assert isinstance(definitions, list)
        assert [item.name for item in definitions] == expected
    assert dagsterlite.multiprocess_executor is dagsterlite.default_executors[1]
    assert dagsterlite.dask_executor is dagsterlite.default_executors[2]


NAMES = """
    AbstractComputeExecutionContext CompositeSolidExecutionResult DagsterEvent DagsterEventType
    DagsterInstance DagsterRun DagsterRunStatus EventLogEntry Executor ExecutorDefinition
    FileHandle FileManager HookContext InitExecutorContext LocalFileHandle ModeDefinition
    PipelineDefinition PipelineExecutionResult PipelineRun PresetDefinition RunsFilter
    SolidExecutionContext SolidExecutionResult StepExecutionContext StepLauncher StepRunRef
    SystemComputeExecutionContext SystemStorageDefinition TypeCheckContext create_execution_plan
    dask_executor default_executors default_intermediate_storage_defs default_system_storage_defs
    execute_pipeline execute_pipeline_iterator execute_plan execute_run execute_solid
    execute_solid_within_pipeline execute_solids_within_pipeline executor fs_intermediate_storage
    fs_system_storage in_process_executor job local_file_manager mem_intermediate_storage
    mem_system_storage multiprocess_executor op pipeline reconstructable reexecute_pipeline
    reexecute_pipeline_iterator solid user_code_error_boundary
"""


def test_each_name_that_the_documents_import_is_handed_on() -> None:
    assert [name for name in NAMES.split() if name not in dagsterlite.__all__] == []
