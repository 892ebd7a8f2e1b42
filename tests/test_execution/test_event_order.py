from __future__ import annotations

import pytest

from dagsterlite import (
    AssetMaterialization,
    AssetObservation,
    DagsterInstance,
    ExpectationResult,
    Failure,
    InputDefinition,
    Int,
    List,
    Nothing,
    Output,
    OutputDefinition,
    RetryRequested,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from tests.event_lists import assert_gap_free, kinds, logged, of_step, recorded, told


@lambda_solid(output_def=OutputDefinition(Int))
def one():
    return 1


@lambda_solid(input_defs=[InputDefinition("x", Int)], output_def=OutputDefinition(Int))
def plus_one(x):
    return x + 1


def test_a_run_tells_its_steps_in_the_documented_order() -> None:
    @pipeline
    def chain():
        plus_one(one())

    result = execute_pipeline(chain)
    assert told(result.event_list) == [
        "PIPELINE_START",
        "STEP_START one.compute",
        "STEP_OUTPUT one.compute",
        "OBJECT_STORE_OPERATION one.compute",
        "STEP_SUCCESS one.compute",
        "STEP_START plus_one.compute",
        "STEP_INPUT plus_one.compute",
        "STEP_OUTPUT plus_one.compute",
        "OBJECT_STORE_OPERATION plus_one.compute",
        "STEP_SUCCESS plus_one.compute",
        "PIPELINE_SUCCESS",
    ]


def test_a_step_tells_inputs_then_its_own_events_as_yielded_then_success() -> None:
    @solid(
        input_defs=[InputDefinition("x", Int), InputDefinition("ys", List[Int])],
        output_defs=[OutputDefinition(Int, "a"), OutputDefinition(Int, "b")],
    )
    def busy(_context, x, ys):
        yield ExpectationResult(success=x > 0)
        yield Output(x, "a")
        yield AssetMaterialization("table")
        yield AssetObservation("table")
        yield Output(len(ys), "b")
        yield ExpectationResult(success=False)

    @pipeline
    def graph():
        busy(one(), [one.alias("uno")(), one.alias("eins")()])

    assert of_step(execute_pipeline(graph), "busy") == [
        "STEP_START",
        "STEP_INPUT",
        "STEP_INPUT",
        "STEP_EXPECTATION_RESULT",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_MATERIALIZATION",
        "ASSET_OBSERVATION",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_EXPECTATION_RESULT",
        "STEP_SUCCESS",
    ]


def test_outputs_that_config_asks_for_are_written_after_they_are_kept(tmp_path) -> None:
    @pipeline
    def graph():
        one()

    paths = [str(tmp_path / name) for name in ("a", "b")]
    outputs = [{"result": {"json": {"path": paths[0]}}}, {"result": {"pickle": {"path": paths[1]}}}]
    result = execute_pipeline(graph, {"solids": {"one": {"outputs": outputs}}})
    assert of_step(result, "one") == [
        "STEP_START",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_MATERIALIZATION",
        "STEP_MATERIALIZATION",
        "STEP_SUCCESS",
    ]
    written = result.result_for_solid("one").materializations_during_compute  # type: ignore[union-attr]
    assert [m.asset_key.path for m in written if m.asset_key] == [[path] for path in paths]
    assert (tmp_path / "a").read_text() == '{"value": 1}'


def test_a_nothing_input_tells_nothing_and_a_nothing_output_is_told_without_being_yielded() -> None:
    @solid(output_defs=[OutputDefinition(Nothing)])
    def act(_context):
        yield AssetMaterialization("done")

    @solid(input_defs=[InputDefinition("after", Nothing)])
    def later(_context):
        return 1

    @pipeline
    def graph():
        later(act())

    result = execute_pipeline(graph)
    assert result.success
    assert "STEP_INPUT" not in of_step(result, "later")
    assert of_step(result, "act") == [
        "STEP_START",
        "STEP_MATERIALIZATION",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]


def test_values_are_loaded_from_storage_only_where_they_are_not_at_hand(tmp_path) -> None:
    @pipeline
    def graph():
        plus_one(one())

    storage = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(graph, storage)
    assert of_step(result, "plus_one") == [
        "STEP_START",
        "STEP_INPUT",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]
    (operation,) = (
        e for e in result.events_by_step_key["one.compute"] if "OBJECT" in e.event_type_value
    )
    assert operation.object_store_operation_result_data.op.value == "SET_OBJECT"
    assert str(tmp_path) in operation.message


def test_a_failed_step_ends_with_its_failure_and_those_that_need_it_are_abandoned() -> None:
    @solid
    def fails(_context):
        yield ExpectationResult(success=True)
        raise Failure("no")

    @pipeline
    def graph():
        plus_one.alias("last")(plus_one(fails()))
        one()

    result = execute_pipeline(graph, raise_on_error=False)
    assert told(result.event_list) == [
        "PIPELINE_START",
        "STEP_START fails.compute",
        "STEP_EXPECTATION_RESULT fails.compute",
        "STEP_FAILURE fails.compute",
        "STEP_START one.compute",
        "STEP_OUTPUT one.compute",
        "OBJECT_STORE_OPERATION one.compute",
        "STEP_SUCCESS one.compute",
        "ENGINE_EVENT plus_one.compute",
        "ENGINE_EVENT last.compute",
        "PIPELINE_FAILURE",
    ]
    messages = [e.message for e in result.event_list if e.is_engine_event]
    assert messages == [
        "Dependencies for step plus_one.compute failed: fails.compute. Not executing.",
        "Dependencies for step last.compute failed: plus_one.compute. Not executing.",
    ]
    assert "Steps failed: fails.compute" in result.event_list[-1].message


def test_a_step_that_is_skipped_tells_nothing_but_that() -> None:
    @solid(output_defs=[OutputDefinition(Int, is_required=False)])
    def leaves_out(_context):
        yield from ()

    @pipeline
    def graph():
        plus_one.alias("last")(plus_one(leaves_out()))

    result = execute_pipeline(graph)
    assert result.success
    assert of_step(result, "leaves_out") == ["STEP_START", "STEP_SUCCESS"]
    assert of_step(result, "plus_one") == of_step(result, "last") == ["STEP_SKIPPED"]


def test_a_retry_is_told_as_up_for_retry_and_then_restarted() -> None:
    @solid
    def flaky(context):
        if context.retry_number < 2:
            raise RetryRequested(max_retries=2)
        return context.retry_number

    @pipeline
    def graph():
        flaky()

    result = execute_pipeline(graph)
    assert of_step(result, "flaky") == [
        "STEP_START",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]
    assert result.output_for_solid("flaky") == 2


def test_the_log_holds_what_was_yielded_with_messages_in_their_place() -> None:
    @solid
    def talks(context):
        context.log.info("before")
        yield ExpectationResult(success=True)
        context.log.error("between %d and %s", 1, "two")
        yield Output(1)
        context.log.debug("after")

    @pipeline
    def graph():
        talks()

    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(graph, instance=instance)
        entries = logged(instance)
    assert recorded(instance) == told(result.event_list)
    assert_gap_free(entries)
    texts = [e.user_message or e.dagster_event_type.value for e in entries if e.step_key]  # type: ignore[union-attr]
    assert texts == [
        "STEP_START",
        "before",
        "STEP_EXPECTATION_RESULT",
        "between 1 and two",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "after",
        "STEP_SUCCESS",
    ]
    assert [e.level for e in entries if e.user_message] == [20, 40, 10]


def test_every_event_of_a_step_bears_its_identity_and_the_runs_tags() -> None:
    @pipeline(tags={"team": "data"})
    def graph():
        one()

    result = execute_pipeline(graph, tags={"x": 1})
    for event in result.step_event_list:
        assert event.solid_name == "one"
        assert str(event.solid_handle) == "one"
        assert event.step_kind_value == "COMPUTE"
        assert event.pipeline_name == event.job_name == "graph"
        assert event.logging_tags == {
            "team": "data",
            "x": "1",
            "pipeline_name": "graph",
            "run_id": result.run_id,
            "step_key": "one.compute",
            "solid": "one",
            "solid_definition": "one",
        }


def test_messages_are_worded_as_documented() -> None:
    @pipeline
    def graph():
        plus_one(one())

    messages = {e.event_type_value: e.message for e in execute_pipeline(graph).event_list}
    assert messages["PIPELINE_START"] == 'Started execution of pipeline "graph".'
    assert messages["STEP_START"] == 'Started execution of step "plus_one.compute".'
    assert messages["STEP_INPUT"] == 'Got input "x" of type "Int". (Type check passed).'
    assert messages["STEP_OUTPUT"] == 'Yielded output "result" of type "Int". (Type check passed).'
    assert messages["STEP_SUCCESS"].startswith('Finished execution of step "plus_one.compute" in ')
    assert messages["PIPELINE_SUCCESS"] == 'Finished execution of pipeline "graph".'


@pytest.mark.parametrize("kept", ["memory", "sqlite"])
def test_each_store_holds_the_same_log_in_the_same_order(kept: str, tmp_path) -> None:
    @solid
    def flaky(context):
        context.log.info("try")
        if not context.retry_number:
            raise RetryRequested
        return 1

    @pipeline
    def graph():
        plus_one(flaky())

    instance = (
        DagsterInstance.ephemeral()
        if kept == "memory"
        else DagsterInstance.local_temp(str(tmp_path))
    )
    with instance:
        events = execute_pipeline(graph, instance=instance).event_list
        assert recorded(instance) == told(events)
        assert_gap_free(logged(instance))
        assert kinds(events).count("STEP_RESTARTED") == 1
