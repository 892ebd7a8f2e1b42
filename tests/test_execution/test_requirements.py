from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterInstance,
    DagsterUnmetExecutorRequirementsError,
    ExecutorRequirement,
    ModeDefinition,
    check_cross_process_constraints,
    execute_pipeline,
    executor,
    mem_io_manager,
    multiple_process_executor_requirements,
    pipeline,
    reconstructable,
    solid,
)
from tests.event_lists import kinds
from tests.test_execution import pipelines_to_find as there
from tests.test_execution.test_custom_executors import QUIET, LevelExecutor

INSTANCE = ExecutorRequirement.NON_EPHEMERAL_INSTANCE
OUTPUTS = ExecutorRequirement.PERSISTENT_OUTPUTS
PIPELINE = ExecutorRequirement.RECONSTRUCTABLE_PIPELINE


def requiring(*requirements: ExecutorRequirement, **resources: Any) -> Any:
    ran: list[str] = []

    @executor(name="picky", requirements=list(requirements))
    def picky(_init_context):
        return LevelExecutor()

    @solid
    def one(_context):
        ran.append("one")
        return 1

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[picky], resource_defs=resources)])
    def numbers():
        one()

    return numbers, ran


def test_what_several_processes_require() -> None:
    assert multiple_process_executor_requirements() == [PIPELINE, INSTANCE, OUTPUTS]
    assert ExecutorRequirement.RECONSTRUCTABLE_JOB is PIPELINE


def test_requirements_that_are_met_stand_in_no_ones_way(tmp_path: Path) -> None:
    definition, ran = requiring(INSTANCE, OUTPUTS)

    result = execute_pipeline(definition, QUIET, instance=DagsterInstance.local_temp(str(tmp_path)))

    assert result.success
    assert ran == ["one"]


def test_a_run_that_selects_no_storage_gets_a_persistent_one_where_that_is_required() -> None:
    definition, _ = requiring(OUTPUTS)

    result = execute_pipeline(definition, QUIET)

    (kept,) = (e for e in result.event_list if e.event_type_value == "OBJECT_STORE_OPERATION")
    assert kept.object_store_operation_result_data.metadata_entries


@pytest.mark.parametrize(
    ("requirement", "config", "resources", "words"),
    [
        (INSTANCE, {}, {}, "this one is ephemeral"),
        (PIPELINE, {}, {}, "needs it as reconstructable"),
        (OUTPUTS, {"intermediate_storage": {"in_memory": {}}}, {}, "'in_memory' keeps them in"),
        (OUTPUTS, {"storage": {"in_memory": {}}}, {}, "storage 'in_memory'"),
        (OUTPUTS, {}, {"io_manager": mem_io_manager}, "use fs_io_manager"),
    ],
)
def test_a_requirement_that_is_not_met_is_told_before_anything_runs(
    requirement: ExecutorRequirement,
    config: dict[str, Any],
    resources: dict[str, Any],
    words: str,
) -> None:
    definition, ran = requiring(requirement, **resources)

    with pytest.raises(DagsterUnmetExecutorRequirementsError, match=words) as caught:
        execute_pipeline(definition, {**QUIET, **config})

    assert str(caught.value).startswith("Executor 'picky' cannot execute this run: ")
    assert ran == []
    result = execute_pipeline(definition, {**QUIET, **config}, raise_on_error=False)
    assert kinds(result.event_list) == ["PIPELINE_INIT_FAILURE"]


def test_all_that_is_not_met_is_told_at_once() -> None:
    definition, _ = requiring(*multiple_process_executor_requirements())

    with pytest.raises(DagsterUnmetExecutorRequirementsError) as caught:
        execute_pipeline(definition, {**QUIET, "intermediate_storage": {"in_memory": {}}})

    message = str(caught.value)
    assert "reconstructable" in message
    assert "ephemeral" in message
    assert "in memory" in message


def test_an_executor_may_check_by_itself() -> None:
    @executor
    def checks(init_context):
        check_cross_process_constraints(init_context)
        return LevelExecutor()

    @solid
    def one(_context):
        return 1

    @pipeline(mode_defs=[ModeDefinition(executor_defs=[checks])])
    def numbers():
        one()

    with pytest.raises(DagsterUnmetExecutorRequirementsError, match="Executor 'checks' cannot"):
        execute_pipeline(numbers, QUIET)


@pytest.mark.parametrize("requirements", ["PERSISTENT_OUTPUTS", ["PERSISTENT_OUTPUTS"], 3])
def test_requirements_of_another_kind_are_refused(requirements: Any) -> None:
    with pytest.raises(CheckError, match="'requirements' must be a list of ExecutorRequirement"):
        executor(name="e", requirements=requirements)(lambda _: LevelExecutor())


def test_an_executor_is_told_how_other_processes_make_the_pipeline() -> None:
    target = reconstructable(there.checked)

    assert execute_pipeline(target, QUIET).success
    (given,) = there.CHECKED
    assert given == target
    there.CHECKED.clear()
    with pytest.raises(DagsterUnmetExecutorRequirementsError, match="loads pipeline 'checked'"):
        execute_pipeline(there.checked, QUIET)
