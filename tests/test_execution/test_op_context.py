"""What ops are given, and what they tell without yielding."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    AssetObservation,
    CheckError,
    DagsterEvent,
    DagsterInvariantViolationError,
    DagsterRun,
    EventMetadata,
    ExpectationResult,
    MetadataValue,
    OpExecutionContext,
    Out,
    Output,
    ParameterCheckError,
    RetryRequested,
    SolidExecutionContext,
    graph,
    job,
    op,
)
from dagsterlite.api.job import JobDefinition
from tests.event_lists import kinds


def job_of(made: Any) -> JobDefinition:
    @job
    def flow():
        made()

    return flow


def metadata_of(event: DagsterEvent) -> dict[str, Any]:
    entries = event.step_output_data.metadata_entries
    return {entry.label: entry.entry_data for entry in entries}


def test_the_context_has_the_names_of_ops_and_jobs() -> None:
    seen: dict[str, Any] = {}

    @op(config_schema={"n": int})
    def looks(context: OpExecutionContext) -> None:
        seen.update(
            config=context.op_config,
            op=context.op.label,
            op_def=context.op_def,
            handle=str(context.op_handle),
            job_def=context.job_def,
            job_name=context.job_name,
            run=context.run,
            dagster_run=context.dagster_run,
            run_tags=context.run_tags,
        )

    @graph
    def outer():
        looks.alias("glance")()

    @job(config={"ops": {"outer": {"ops": {"glance": {"config": {"n": 3}}}}}})
    def flow():
        outer()

    result = flow.execute_in_process(tags={"team": "a"})

    assert OpExecutionContext is SolidExecutionContext
    assert seen["config"] == {"n": 3}
    assert seen["op"] == "op 'glance'"
    assert seen["op_def"] is looks
    assert seen["handle"] == "outer.glance"
    assert isinstance(seen["job_def"], JobDefinition)
    assert (seen["job_def"].name, seen["job_name"]) == ("flow", "flow")
    assert isinstance(seen["run"], DagsterRun)
    assert seen["run"].run_id == result.run_id
    assert seen["dagster_run"] is seen["run"]
    assert seen["run_tags"] == {"team": "a"}


# --- log_event -----------------------------------------------------------------------------------


def test_events_are_logged_in_the_order_that_user_code_tells_them() -> None:
    @op
    def tells(context) -> int:
        context.log_event(AssetMaterialization("a"))
        context.log_event(AssetObservation("b"))
        context.log_event(ExpectationResult(success=True, label="c"))
        return 1

    result = job_of(tells).execute_in_process()

    assert kinds(result.events_for_node("tells")) == [
        "STEP_START",
        "STEP_MATERIALIZATION",
        "ASSET_OBSERVATION",
        "STEP_EXPECTATION_RESULT",
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_SUCCESS",
    ]
    assert [m.label for m in result.asset_materializations_for_node("tells")] == ["a"]
    assert [o.label for o in result.asset_observations_for_node("tells")] == ["b"]


def test_logged_and_yielded_events_stand_in_one_order() -> None:
    @op
    def tells(context):
        context.log_event(AssetMaterialization("1"))
        yield AssetMaterialization("2")
        context.log_event(AssetMaterialization("3"))
        yield Output(None)
        context.log_event(AssetMaterialization("4"))

    result = job_of(tells).execute_in_process()

    labels = [m.label for m in result.asset_materializations_for_node("tells")]
    assert labels == ["1", "2", "3", "4"]
    assert kinds(result.events_for_node("tells"))[-2:] == ["STEP_MATERIALIZATION", "STEP_SUCCESS"]


def test_what_was_logged_before_a_failure_or_a_retry_stands() -> None:
    @op
    def tries(context):
        context.log_event(AssetMaterialization(f"try {context.retry_number}"))
        if context.retry_number == 0:
            raise RetryRequested
        raise ValueError("no")

    result = job_of(tries).execute_in_process(raise_on_error=False)

    assert kinds(result.events_for_node("tries")) == [
        "STEP_START",
        "STEP_MATERIALIZATION",
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
        "STEP_MATERIALIZATION",
        "STEP_FAILURE",
    ]


def test_only_events_are_logged() -> None:
    @op
    def slips(context):
        context.log_event(Output(1))

    with pytest.raises(ParameterCheckError, match="'event' must be an AssetMaterialization"):
        job_of(slips).execute_in_process()


# --- metadata of outputs -------------------------------------------------------------------------


def test_an_output_tells_its_metadata() -> None:
    @op(out={"a": Out(), "b": Out()})
    def tells():
        yield Output(1, "a", metadata={"rows": 3, "kind": "small"})
        yield Output(2, "b")

    result = job_of(tells).execute_in_process()

    first, second = (e for e in result.all_node_events if e.is_successful_output)
    assert metadata_of(first) == {"rows": EventMetadata.int(3), "kind": EventMetadata.text("small")}
    assert metadata_of(second) == {}


def test_metadata_is_added_to_outputs_that_are_returned() -> None:
    @op(out={"a": Out(), "b": Out()})
    def two(context):
        context.add_output_metadata({"rows": 1, "old": True}, output_name="a")
        context.add_output_metadata({"rows": MetadataValue.int(2)}, output_name="a")
        return Output(1, "a", metadata={"own": 0.5}), 2

    @op
    def one(context):
        context.add_output_metadata({"only": "x"})
        return 1

    first, second = (
        event
        for event in job_of(two).execute_in_process().all_node_events
        if event.is_successful_output
    )
    (third,) = (
        event
        for event in job_of(one).execute_in_process().all_node_events
        if event.is_successful_output
    )
    assert metadata_of(first) == {
        "own": EventMetadata.float(0.5),
        "rows": EventMetadata.int(2),
        "old": EventMetadata.bool(True),
    }
    assert metadata_of(second) == {}
    assert metadata_of(third) == {"only": EventMetadata.text("x")}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (None, "op 'two' names no output, but its outputs are 'aa', 'b'"),
        ("a", "op 'two' names 'a', but its outputs are 'aa', 'b'. Did you mean 'aa'"),
    ],
)
def test_metadata_of_no_output_is_refused(name: str | None, message: str) -> None:
    @op(out={"aa": Out(), "b": Out()})
    def two(context):
        context.add_output_metadata({"rows": 1}, name)
        return 1, 2

    with pytest.raises(DagsterInvariantViolationError, match=message):
        job_of(two).execute_in_process()


def test_metadata_that_is_none_is_refused() -> None:
    assert MetadataValue is EventMetadata
    with pytest.raises(ParameterCheckError, match="Output: argument 'metadata' must be a dict"):
        Output(1, metadata=[1])  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="metadata or metadata_entries, not both"):
        Output(1, metadata={}, metadata_entries=[])


# --- what ops return -----------------------------------------------------------------------------


def test_a_tuple_of_another_length_is_told() -> None:
    @op(out={"a": Out(), "b": Out()})
    def two():
        return 1, 2, 3

    with pytest.raises(
        DagsterInvariantViolationError,
        match=r"Error in op 'two': it returned a tuple of 3 values but has 2 outputs: 'a', 'b'",
    ):
        job_of(two).execute_in_process()


def test_outputs_in_another_order_are_told() -> None:
    @op(out={"a": Out(), "b": Out()})
    def two():
        return Output(1, "b"), Output(2, "a")

    with pytest.raises(
        DagsterInvariantViolationError,
        match="returned Output 'b' at position 0 of a tuple, the place of output 'a'",
    ):
        job_of(two).execute_in_process()


def test_errors_in_a_run_speak_of_ops() -> None:
    @op(out={"a": Out(), "b": Out()})
    def leaves_out():
        yield Output(1, "a")

    @op
    def yields_more():
        yield Output(1, "resullt")

    with pytest.raises(Exception, match="Core compute for op 'leaves_out' did not return"):
        job_of(leaves_out).execute_in_process()
    with pytest.raises(Exception, match=r"op 'yields_more' returned an output 'resullt'.*mean"):
        job_of(yields_more).execute_in_process()
