from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterInvariantViolationError,
    ExpectationResult,
    Failure,
    InputDefinition,
    Int,
    List,
    Materialization,
    Output,
    OutputDefinition,
    RetryRequested,
    composite_solid,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterStorageError
from dagsterlite.execution.results import CompositeSolidExecutionResult, PipelineExecutionResult
from dagsterlite.execution.solid_result import SolidExecutionResult
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import kinds, told


@lambda_solid(output_def=OutputDefinition(Int))
def one():
    return 1


@solid(
    input_defs=[InputDefinition("x", Int), InputDefinition("ys", List[Int])],
    output_defs=[OutputDefinition(Int, "a"), OutputDefinition(Int, "b", is_required=False)],
)
def busy(_context, x, ys):
    yield ExpectationResult(success=True, label="first")
    yield AssetMaterialization("asset")
    yield Materialization("old")
    yield Output(x + len(ys), "a")
    yield ExpectationResult(success=False, label="second")


@solid
def fails(_context):
    raise Failure("no")


@lambda_solid(input_defs=[InputDefinition("x", Int)], output_def=OutputDefinition(Int))
def add(x):
    return x + 1


@composite_solid(output_defs=[OutputDefinition(Int)])
def inner():
    return add(one())


@composite_solid(output_defs=[OutputDefinition(Int, "kept"), OutputDefinition(Int, "left_out")])
def outer():
    a, b = busy(inner(), [one()])
    return {"kept": a, "left_out": b}


@pipeline
def graph():
    busy(one(), [one.alias("uno")()])
    outer()
    add(fails())


RESULT = execute_pipeline(graph, raise_on_error=False)


def leaf(name: str, result: Any = RESULT) -> SolidExecutionResult:
    found = result.result_for_handle(name)
    assert isinstance(found, SolidExecutionResult)
    return found


# --- of the pipeline ---


def test_a_result_tells_the_run() -> None:
    assert isinstance(RESULT, PipelineExecutionResult)
    assert RESULT.pipeline_def is graph
    assert not RESULT.success
    assert RESULT.status is DagsterRunStatus.FAILURE
    assert RESULT.run_id in repr(RESULT)
    assert "FAILURE" in repr(RESULT)


def test_a_result_holds_the_events_in_their_order_and_by_step() -> None:
    assert kinds(RESULT.event_list)[0] == "PIPELINE_START"
    assert kinds(RESULT.event_list)[-1] == "PIPELINE_FAILURE"
    steps = [e for e in RESULT.event_list if e.step_key]
    assert RESULT.step_event_list == steps
    by_step = RESULT.events_by_step_key
    assert sum(map(len, by_step.values())) == len(steps)
    assert all(e.step_key == key for key, events in by_step.items() for e in events)


def test_a_result_lists_its_solids_in_topological_order() -> None:
    names = [r.solid.name for r in RESULT.solid_result_list]
    assert sorted(names) == ["add", "busy", "fails", "one", "outer", "uno"]
    assert names.index("one") < names.index("busy")


def test_solids_are_found_by_name_and_handle() -> None:
    assert RESULT.result_for_solid("one").solid.name == "one"
    assert isinstance(RESULT.result_for_solid("outer"), CompositeSolidExecutionResult)
    inside = RESULT.result_for_handle("outer.inner.add")
    assert str(inside.handle) == "outer.inner.add"
    assert RESULT.result_for_handle(inside.handle).output_value() == 2
    assert RESULT.output_for_solid("outer.inner.add") == 2
    assert RESULT.output_for_solid("busy", "a") == 2


@pytest.mark.parametrize(
    ("handle", "message"),
    [
        ("bussy", "pipeline 'graph' has no such solid.* Did you mean 'busy'"),
        ("outer.inner.ad", "has no such solid.* Did you mean 'add'"),
        ("one.inner", "'one' holds no solid 'inner': it is no composite"),
    ],
)
def test_a_solid_that_is_not_there_is_told(handle: str, message: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=message):
        RESULT.result_for_handle(handle)


# --- of a solid ---


def test_a_solids_result_tells_how_it_went() -> None:
    ends = {name: (leaf(name).success, leaf(name).skipped) for name in ("one", "fails", "add")}
    assert ends == {"one": (True, False), "fails": (False, False), "add": (False, False)}
    assert leaf("one").failure_data is None
    assert leaf("one").step_key == "one.compute"
    assert "'one', success=True" in repr(leaf("one"))


def test_a_solids_events_are_found_by_what_they_tell() -> None:
    result = leaf("busy")
    assert kinds(result.compute_step_events) == [
        "STEP_START",
        "STEP_INPUT",
        "STEP_INPUT",
        "STEP_EXPECTATION_RESULT",
        "STEP_MATERIALIZATION",
        "STEP_MATERIALIZATION",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_EXPECTATION_RESULT",
        "STEP_SUCCESS",
    ]
    assert result.step_events == result.compute_step_events
    assert list(result.compute_input_event_dict) == ["x", "ys"]
    assert list(result.compute_output_event_dict) == ["a"]
    assert kinds(result.input_events_during_compute) == ["STEP_INPUT"] * 2
    assert kinds(result.output_events_during_compute) == ["STEP_OUTPUT"]
    assert kinds(result.materialization_events_during_compute) == ["STEP_MATERIALIZATION"] * 2
    assert [type(m).__name__ for m in result.materializations_during_compute] == [
        "AssetMaterialization",
        "Materialization",
    ]
    assert kinds(result.expectation_events_during_compute) == ["STEP_EXPECTATION_RESULT"] * 2
    assert [(e.label, e.success) for e in result.expectation_results_during_compute] == [
        ("first", True),
        ("second", False),
    ]
    assert result.get_output_event_for_compute("a").step_output_data.output_name == "a"
    assert result.get_step_success_event().is_step_success


def test_a_failed_solids_events_are_found_too() -> None:
    result = leaf("fails")
    assert result.compute_step_failure_event.is_step_failure
    assert result.failure_data is not None
    assert result.failure_data.user_failure_data is not None
    assert result.failure_data.user_failure_data.description == "no"


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: leaf("one").compute_step_failure_event, "'one' has no event STEP_FAILURE"),
        (lambda: leaf("fails").get_step_success_event(), "'fails' has no event STEP_SUCCESS"),
        (lambda: leaf("busy").get_output_event_for_compute("b"), "'busy' did not yield output 'b'"),
        (lambda: leaf("busy").get_output_event_for_compute(), "did not yield output 'result'"),
        (lambda: leaf("busy").output_value("aa"), "Output 'aa' not defined.*Did you mean 'a'"),
        (lambda: leaf("busy").output_value("b"), "did not yield output 'b'"),
        (lambda: leaf("fails").output_value("x"), "Output 'x' not defined in solid 'fails'"),
    ],
)
def test_what_is_not_there_is_told(ask: Any, message: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=message):
        ask()


def test_values_are_read_back_and_are_none_where_the_solid_did_not_succeed() -> None:
    assert leaf("one").output_value() == 1
    assert leaf("one").output_values == {"result": 1}
    assert leaf("busy").output_values == {"a": 2}
    assert leaf("fails").output_value() is None
    assert leaf("fails").output_values is None
    assert leaf("add").output_values is None


def test_retries_are_counted() -> None:
    @solid
    def flaky(context):
        if context.retry_number < 2:
            raise RetryRequested(max_retries=2)

    @pipeline
    def retried():
        flaky()

    assert leaf("flaky", execute_pipeline(retried)).retry_attempts == 2
    assert leaf("one").retry_attempts == 0


# --- of a composite ---


def test_a_composites_result_speaks_of_what_is_inside() -> None:
    found = RESULT.result_for_solid("outer")
    assert isinstance(found, CompositeSolidExecutionResult)
    assert found.success
    assert not found.skipped
    assert found.output_value("kept") == 3
    assert found.output_values == {"kept": 3}
    assert found.has_yielded("kept")
    assert not found.has_yielded("left_out")
    assert sorted(r.solid.name for r in found.solid_result_list) == ["busy", "inner", "one"]
    assert {e.step_key for e in found.event_list} == {
        "outer.one.compute",
        "outer.busy.compute",
        "outer.inner.one.compute",
        "outer.inner.add.compute",
    }
    assert found.result_for_solid("inner").output_values == {"result": 2}
    assert found.output_for_solid("inner.add") == 2
    assert told(found.step_event_list) == told(found.event_list)
    assert "'outer', success=True" in repr(found)
    with pytest.raises(DagsterInvariantViolationError, match="'keep' not defined in composite"):
        found.output_value("keep")


def test_a_composite_in_which_a_solid_failed_did_not_succeed() -> None:
    @composite_solid
    def broken():
        add(fails())

    @pipeline
    def one_composite():
        broken()

    found = execute_pipeline(one_composite, raise_on_error=False).result_for_solid("broken")
    assert not found.success
    assert found.output_values is None


# --- where values are kept ---


def test_values_on_files_are_read_back_also_after_the_run(tmp_path: Path) -> None:
    @pipeline
    def simple():
        add(one())

    config = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(simple, config)
    assert result.output_for_solid("add") == 2
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert all(result.run_id in str(path) for path in files)
    for path in files:
        path.unlink()
    with pytest.raises(DagsterStorageError, match=r"step 'add.compute'"):
        result.output_for_solid("add")


def test_values_in_an_ephemeral_instances_folder_live_as_long_as_the_result() -> None:
    @pipeline
    def simple():
        add(one())

    result = execute_pipeline(simple, {"storage": {"filesystem": None}})
    assert result.output_for_solid("add") == 2


def test_values_in_a_persistent_instance_lie_in_its_folder(tmp_path: Path) -> None:
    @pipeline
    def simple():
        add(one())

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = execute_pipeline(simple, {"storage": {"filesystem": None}}, instance=instance)
        assert result.output_for_solid("add") == 2
    assert (tmp_path / "storage" / result.run_id).is_dir()
