"""What seeds 001 and 004 list of results, runs, plans and contexts, and the walk of seed 004."""

from __future__ import annotations

import inspect
import pdb  # noqa: T100 - the documents' own example
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AbstractComputeExecutionContext,
    CompositeSolidExecutionResult,
    DagsterEvent,
    DagsterInstance,
    ExecutionPlan,
    PipelineExecutionResult,
    PipelineRun,
    SolidExecutionContext,
    SolidExecutionResult,
    StepExecutionContext,
    SystemComputeExecutionContext,
    TypeCheckContext,
    create_execution_plan,
    create_run_for_pipeline,
    execute_pipeline,
    execute_run,
    execute_run_iterator,
    load_run_result,
    pipeline,
    solid,
)
from dagsterlite.errors import CheckError, DagsterRunNotFoundError, DagsterStorageError
from tests.event_lists import told

OF_SOLIDS = """
    compute_input_event_dict compute_output_event_dict compute_step_events
    compute_step_failure_event expectation_events_during_compute
    expectation_results_during_compute failure_data get_output_event_for_compute
    get_step_success_event input_events_during_compute materialization_events_during_compute
    materializations_during_compute output_events_during_compute output_value output_values
    skipped success
"""
OF_PIPELINES = """
    success event_list step_event_list events_by_step_key solid_result_list result_for_solid
    result_for_handle output_for_solid
"""
OF_EVENTS = """
    event_type_value step_key solid_name message event_specific_data is_step_event
    is_step_start is_step_success is_step_failure is_step_skipped is_step_up_for_retry
    is_step_restarted is_successful_output is_step_materialization is_expectation_result
    is_pipeline_success is_pipeline_failure is_pipeline_init_failure is_engine_event is_failure
    is_hook_event step_input_data step_output_data step_success_data step_failure_data
    step_retry_data step_materialization_data step_expectation_result_data engine_event_data
"""
ABSTRACT = "get_tag has_tag log pipeline_def resources run_id solid solid_def"


@pytest.mark.parametrize(
    ("cls", "names"),
    [
        (SolidExecutionResult, OF_SOLIDS),
        (PipelineExecutionResult, OF_PIPELINES),
        (CompositeSolidExecutionResult, "success output_value output_values solid_result_list"),
        (DagsterEvent, OF_EVENTS),
        (SolidExecutionContext, f"{ABSTRACT} instance pdb pipeline_run solid_config step_key"),
        (SolidExecutionContext, "mode_def run_config retry_number pipeline_name solid_handle"),
        (AbstractComputeExecutionContext, ABSTRACT),
        (TypeCheckContext, "log resources run_id"),
        (SystemComputeExecutionContext, "log step solid solid_def pipeline_def mode_def run_id"),
        (SystemComputeExecutionContext, "pipeline_run run_config instance resources solid_config"),
    ],
)
def test_each_documented_name_is_there(cls: type, names: str) -> None:
    source = inspect.getsource(cls)
    missing = [n for n in names.split() if not hasattr(cls, n) and f"self.{n} " not in source]
    assert missing == []


def test_an_event_bears_its_tags() -> None:
    event = execute_pipeline(graph, tags={"team": "data"}).step_event_list[0]
    assert event.logging_tags["team"] == "data"
    assert event.logging_tags["step_key"] == event.step_key == "one.compute"
    assert event.solid_name == "one"


def test_the_abstract_context_leaves_all_of_it_to_its_implementations() -> None:
    assert set(ABSTRACT.split()) <= AbstractComputeExecutionContext.__abstractmethods__
    assert SystemComputeExecutionContext is StepExecutionContext


def test_a_run_has_the_documented_fields() -> None:
    names = """pipeline_name run_id run_config mode solid_selection solids_to_execute
        step_keys_to_execute status tags root_run_id parent_run_id pipeline_snapshot_id
        execution_plan_snapshot_id external_pipeline_origin"""
    assert set(PipelineRun.__dataclass_fields__) == set(names.split())


@solid
def one(_context) -> int:
    return 1


@pipeline
def graph():
    one()


def test_the_walk_through_one_run(tmp_path: Path) -> None:
    """Seed 004: a plan, a run, its execution, its result."""
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        plan = create_execution_plan(graph, run_config={}, mode="default")
        assert isinstance(plan, ExecutionPlan)
        (step,) = plan.steps
        assert plan.step_dict == {step.handle: step}
        assert plan.executable_map == {"one.compute": step.handle}
        assert plan.resolvable_map == {}
        assert plan.step_handles_to_execute == [step.handle]
        assert plan.environment_config.mode == "default"
        run = create_run_for_pipeline(graph, instance=instance, execution_plan=plan)
        result = execute_run(graph, run, instance)
        assert isinstance(result, PipelineExecutionResult)
        assert result.output_for_solid("one") == 1


def test_a_recorded_run_is_executed_event_by_event() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run_for_pipeline(graph)
    events = execute_run_iterator(graph, run, instance)
    assert events.run_id == run.run_id
    assert told(events)[-1] == "PIPELINE_SUCCESS"


def test_a_run_of_a_selection_that_only_names_solids_is_executed() -> None:
    @pipeline
    def two():
        one()
        one.alias("other")()

    instance = DagsterInstance.ephemeral()
    run = instance.create_run("two", solids_to_execute=["other"])
    assert list(execute_run(two, run, instance).events_by_step_key) == ["other.compute"]


def test_a_run_of_another_pipeline_is_refused() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run("other")
    for execute in (execute_run, execute_run_iterator):
        with pytest.raises(CheckError, match="is of pipeline 'other', not of 'graph'"):
            execute(graph, run, instance)


# --- results of other processes ---

EXECUTES = """
import sys
from dagsterlite import DagsterInstance, execute_pipeline
from tests.test_api.test_documented_names import graph

config = {} if sys.argv[2] == "memory" else {"intermediate_storage": {"filesystem": {}}}
with DagsterInstance.local_temp(sys.argv[1]) as instance:
    print(execute_pipeline(graph, config, instance=instance).run_id)
"""


def executed_elsewhere(home: Path, where: str) -> str:
    command = [sys.executable, "-c", EXECUTES, str(home), where]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    return answer.stdout.strip()


def test_the_result_of_another_process_is_read_back(tmp_path: Path) -> None:
    run_id = executed_elsewhere(tmp_path, "files")
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = load_run_result(graph, run_id, instance)
        assert result.success
        assert result.run_id == run_id
        assert told(result.event_list)[0] == "PIPELINE_START"
        assert result.result_for_solid("one").output_values == {"result": 1}


def test_values_that_were_kept_in_memory_are_told_to_be_gone(tmp_path: Path) -> None:
    run_id = executed_elsewhere(tmp_path, "memory")
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = load_run_result(graph, run_id, instance)
        assert result.success
        with pytest.raises(DagsterStorageError, match=r"of step 'one.compute' .* are not kept"):
            result.output_for_solid("one")


def test_misuse_of_load_run_result_is_told() -> None:
    instance = DagsterInstance.ephemeral()
    with pytest.raises(DagsterRunNotFoundError):
        load_run_result(graph, "nope", instance)
    with pytest.raises(CheckError, match="'run_id' must be a text"):
        load_run_result(graph, None, instance)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="'instance' must be"):
        load_run_result(graph, "x", None)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="'pipeline' must be"):
        load_run_result(3, instance.create_run("graph").run_id, instance)  # type: ignore[arg-type]


# --- examples of seed 001 ---


def test_a_solid_is_debugged_in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    stops: list[Any] = []

    def stop(debugger: pdb.Pdb) -> None:
        stops.append(debugger)

    monkeypatch.setattr(pdb.Pdb, "set_trace", stop)

    @solid
    def debug_solid(context):
        context.pdb.set_trace()

    @pipeline
    def debugged():
        debug_solid()

    assert execute_pipeline(debugged).success
    assert len(stops) == 1


MODULE = """
from dagsterlite import PipelineDefinition, pipeline, reconstructable

@pipeline
def foo_pipeline():
    ...

reconstructable_foo_pipeline = reconstructable(foo_pipeline)


def make_bar_pipeline():
    return PipelineDefinition([], name="bar")

reconstructable_bar_pipeline = reconstructable(make_bar_pipeline)
"""


def test_the_documents_reconstructable_pipelines_can_be_made(tmp_path: Path) -> None:
    (tmp_path / "documented.py").write_text(MODULE, encoding="utf-8")
    code = (
        "import documented as d\n"
        "print(d.reconstructable_foo_pipeline.get_definition().name,"
        " d.reconstructable_bar_pipeline.get_definition().name)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["foo_pipeline", "bar"]
