from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterExecutionStepExecutionError,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterStepOutputNotFoundError,
    EventMetadataEntry,
    ExpectationResult,
    Failure,
    InputDefinition,
    Int,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryRequested,
    SolidDefinition,
    execute_pipeline,
    execute_pipeline_iterator,
    pipeline,
    solid,
)
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import kinds, logged, of_step, recorded, told


def run_of(definition: SolidDefinition, **kwargs: Any) -> PipelineExecutionResult:
    return execute_pipeline(
        PipelineDefinition([definition], name="p"), **{"raise_on_error": False, **kwargs}
    )


def failure_of(result: PipelineExecutionResult) -> str:
    event = next(e for e in result.event_list if e.is_step_failure)
    assert event.step_failure_data.error is not None
    return event.step_failure_data.error.to_string()


TWO = [OutputDefinition(name="a"), OutputDefinition(name="b", is_required=False)]


# --- what solids return ---


@pytest.mark.parametrize("value", [0, None, "", [], {}, False, (1, 2)])
def test_a_returned_value_is_the_output_whatever_it_is(value: object) -> None:
    @solid
    def gives(_context):
        return value

    assert run_of(gives).output_for_solid("gives") == value


def test_an_output_may_be_returned_instead_of_yielded() -> None:
    @solid(output_defs=[OutputDefinition(Int, "n")])
    def gives(_context):
        return Output(3, "n")

    assert run_of(gives).output_for_solid("gives", "n") == 3


def test_a_solid_without_outputs_returns_nothing() -> None:
    @solid(output_defs=[])
    def acts(_context):
        pass

    assert of_step(run_of(acts), "acts") == ["STEP_START", "STEP_SUCCESS"]


@pytest.mark.parametrize(
    ("outputs", "value", "message"),
    [
        (TWO, [1, 2], "has several outputs: yield one Output for each of 'a', 'b'"),
        ([], 3, "but is defined to have no outputs"),
        (None, AssetMaterialization("x"), "it returned a AssetMaterialization. Yield it instead"),
        (None, ExpectationResult(success=True), "it returned a ExpectationResult. Yield it"),
    ],
)
def test_a_returned_value_that_is_no_output_is_told(
    outputs: list[OutputDefinition] | None, value: object, message: str
) -> None:
    @solid(output_defs=outputs)
    def gives(_context):
        return value

    with pytest.raises(DagsterInvariantViolationError, match=message):
        run_of(gives, raise_on_error=True)
    assert told(run_of(gives).event_list)[-2:] == ["STEP_FAILURE gives.compute", "PIPELINE_FAILURE"]


def test_an_async_function_is_awaited() -> None:
    @solid
    async def waits(_context):
        await asyncio.sleep(0)
        return 3

    @solid(output_defs=TWO)
    async def streams(_context):
        yield ExpectationResult(success=True, label="ok")
        await asyncio.sleep(0)
        yield Output(4, "a")

    assert run_of(waits).output_for_solid("waits") == 3
    result = run_of(streams)
    assert result.output_for_solid("streams", "a") == 4
    assert "STEP_EXPECTATION_RESULT" in of_step(result, "streams")


def test_an_async_function_that_waits_is_interrupted() -> None:
    began, told = threading.Event(), []

    @solid
    async def waits(_context):
        try:
            began.set()
            await asyncio.Event().wait()
        finally:
            told.append("cleaned up")

    with DagsterInstance.ephemeral() as instance:

        def cancel() -> None:
            assert began.wait(10)
            (record,) = instance.get_run_records()
            instance.request_cancel(record.dagster_run.run_id)

        thread = threading.Thread(target=cancel)
        thread.start()
        result = run_of(waits, instance=instance)
        thread.join()
    assert told == ["cleaned up"]
    assert kinds(result.event_list)[-1] == "PIPELINE_CANCELED"


# --- what solids yield ---


@pytest.mark.parametrize(
    ("yielded", "message"),
    [
        ([3], "yielded a value of type int rather than an instance of Output"),
        ([None], "yielded a value of type NoneType"),
        ([Output(1, "c")], "output 'c' that does not exist"),
        ([Output(1, "aa")], "Did you mean 'a'"),
        ([Output(1, "a"), Output(2, "a")], "returned output 'a' multiple times"),
    ],
)
def test_what_must_not_be_yielded_fails_the_step(yielded: list[object], message: str) -> None:
    closed: list[bool] = []

    @solid(output_defs=TWO)
    def gives(_context):
        try:
            yield from yielded
            yield Output(1, "b")
        finally:
            closed.append(True)

    with pytest.raises(DagsterInvariantViolationError, match=message):
        run_of(gives, raise_on_error=True)
    assert closed == [True]
    assert "solid 'gives'" in failure_of(run_of(gives))


def test_a_required_output_that_is_left_out_fails_the_step() -> None:
    @solid(output_defs=TWO)
    def gives(_context):
        yield Output(1, "b")

    with pytest.raises(DagsterStepOutputNotFoundError, match="non-optional output 'a'") as caught:
        run_of(gives, raise_on_error=True)
    assert (caught.value.step_key, caught.value.output_name) == ("gives.compute", "a")


def test_outputs_may_come_in_any_order_and_optional_ones_may_stay_out() -> None:
    @solid(output_defs=[OutputDefinition(name=n, is_required=False) for n in "abc"])
    def gives(_context):
        yield Output(3, "c")
        yield Output(1, "a")

    result = run_of(gives).result_for_solid("gives")
    assert result.output_values == {"c": 3, "a": 1}


def test_a_compute_function_that_returns_what_holds_no_events_is_told() -> None:
    def compute(_context: Any, _inputs: Any) -> Any:
        return 3

    wrong = SolidDefinition("gives", [], compute, [OutputDefinition()])
    with pytest.raises(
        DagsterInvariantViolationError, match="compute_fn of solid 'gives' returned"
    ):
        run_of(wrong, raise_on_error=True)


def test_a_compute_function_that_returns_none_yields_no_events() -> None:
    def compute(_context: Any, _inputs: Any) -> Any:
        return None

    result = run_of(SolidDefinition("quiet", [], compute, [OutputDefinition(Nothing)]))
    assert result.success
    assert [e.is_successful_output for e in result.step_event_list].count(True) == 1

    wanting = SolidDefinition("wanting", [], compute, [OutputDefinition()])
    with pytest.raises(DagsterStepOutputNotFoundError, match="'result'"):
        run_of(wanting, raise_on_error=True)


def test_a_compute_function_may_return_any_iterable() -> None:
    listed = SolidDefinition("gives", [], lambda _c, _i: iter([Output(1)]), [OutputDefinition()])
    assert run_of(listed).output_for_solid("gives") == 1


# --- what solids raise ---


class Odd(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


@pytest.mark.parametrize(
    "error", [ValueError("no rows"), Odd(), KeyError(3), ExceptionGroup("g", [ValueError("x")])]
)
def test_the_users_own_exception_is_raised_and_its_text_recorded(error: Exception) -> None:
    @solid
    def fails(_context):
        raise error

    with pytest.raises(type(error)) as caught:
        run_of(fails, raise_on_error=True)
    assert caught.value is error
    text = failure_of(run_of(fails))
    assert type(error).__name__ in text
    assert 'step "fails.compute"' in text
    assert "raise error" in text
    assert "dagsterlite/execution" not in text


def test_the_caller_sees_the_users_frames_in_the_traceback() -> None:
    @solid
    def fails(_context):
        def deep() -> None:
            raise ValueError("x")

        deep()

    with pytest.raises(ValueError, match="x") as caught:
        run_of(fails, raise_on_error=True)
    assert caught.traceback[-1].name == "deep"


def test_a_failure_keeps_its_description_and_metadata() -> None:
    @solid
    def fails(_context):
        raise Failure("bad data", [EventMetadataEntry.int(3, "rows")])

    with pytest.raises(Failure, match="bad data"):
        run_of(fails, raise_on_error=True)
    result = run_of(fails)
    data = result.result_for_solid("fails").failure_data  # type: ignore[union-attr]
    assert data is not None
    assert data.user_failure_data is not None
    assert data.user_failure_data.description == "bad data"
    assert [e.label for e in data.user_failure_data.metadata_entries] == ["rows"]


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (SystemExit(3), SystemExit),
        (asyncio.CancelledError(), asyncio.CancelledError),
        (GeneratorExit(), DagsterExecutionStepExecutionError),
    ],
)
def test_what_is_no_exception_fails_the_step_too(
    error: BaseException, raised: type[BaseException]
) -> None:
    @solid
    def leaves(_context):
        raise error

    instance = DagsterInstance.ephemeral()
    with pytest.raises(raised):
        run_of(leaves, raise_on_error=True, instance=instance)
    assert recorded(instance) == [
        "PIPELINE_START",
        "STEP_START leaves.compute",
        "STEP_FAILURE leaves.compute",
        "PIPELINE_FAILURE",
    ]
    result = run_of(leaves)
    assert result.status is DagsterRunStatus.FAILURE
    assert type(error).__name__ in failure_of(result)


def test_sys_exit_in_a_generator_solid_is_recorded_after_what_it_yielded() -> None:
    @solid
    def leaves(_context):
        yield AssetMaterialization("a")
        sys.exit("done")

    assert of_step(run_of(leaves), "leaves") == [
        "STEP_START",
        "STEP_MATERIALIZATION",
        "STEP_FAILURE",
    ]


@pytest.mark.parametrize("raise_on_error", [True, False])
def test_keyboard_interrupt_in_a_solid_cancels_the_run_and_is_raised(raise_on_error: bool) -> None:
    @solid
    def stops(_context):
        raise KeyboardInterrupt

    @solid(input_defs=[InputDefinition("after", Nothing)])
    def later(_context):
        raise NotImplementedError

    @pipeline
    def graph():
        later(stops())

    instance = DagsterInstance.ephemeral()
    with pytest.raises(KeyboardInterrupt):
        execute_pipeline(graph, instance=instance, raise_on_error=raise_on_error)
    assert recorded(instance) == [
        "PIPELINE_START",
        "STEP_START stops.compute",
        "STEP_FAILURE stops.compute",
        "PIPELINE_CANCELING",
        "PIPELINE_CANCELED",
    ]
    assert instance.get_runs()[0].is_canceled


def test_a_generator_that_raises_while_it_is_closed_does_not_hide_why_it_was() -> None:
    @solid(output_defs=[OutputDefinition(Int)])
    def gives(_context):
        try:
            yield Output("text")
        finally:
            raise ZeroDivisionError("clean-up")

    with DagsterInstance.ephemeral() as instance:
        result = run_of(gives, instance=instance)
        assert 'Type check failed for step output "result"' in failure_of(result)
        errors = [e.error_info for e in logged(instance) if e.error_info]
    assert [e.cls_name for e in errors] == ["ZeroDivisionError"]


def test_a_step_that_leaves_a_thread_behind_is_not_told_of_after_its_end() -> None:
    go_on = threading.Event()
    threads: list[threading.Thread] = []

    @solid
    def leaves_one(context):
        def late() -> None:
            go_on.wait(20)
            context.log.info("too late")

        threads.append(threading.Thread(target=late))
        threads[0].start()

    with DagsterInstance.ephemeral() as instance:
        assert run_of(leaves_one, instance=instance).success
        go_on.set()
        threads[0].join()
        assert not [e for e in logged(instance) if e.user_message]


def test_a_step_that_logs_from_many_threads_loses_no_line() -> None:
    @solid
    def talks(context):
        def work() -> None:
            for number in range(50):
                context.log.debug(number)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    with DagsterInstance.ephemeral() as instance:
        run_of(talks, instance=instance)
        entries = [e for e in logged(instance) if e.step_key]
    assert [e.seq for e in entries] == list(range(len(entries)))
    assert len([e for e in entries if e.user_message]) == 400


def test_an_inner_pipelines_error_is_the_steps_error_and_not_the_runs_own() -> None:
    @solid
    def inner_step(_context):
        raise RetryRequested(max_retries=0)

    @pipeline
    def inner():
        inner_step()

    @solid
    def outer_step(context):
        return execute_pipeline(inner, instance=context.instance)

    instance = DagsterInstance.ephemeral()
    result = run_of(outer_step, instance=instance)
    assert result.status is DagsterRunStatus.FAILURE
    assert {run.status for run in instance.get_runs()} == {DagsterRunStatus.FAILURE}


def test_a_pipeline_may_run_inside_a_solid() -> None:
    @solid
    def deep(_context):
        return 1

    @solid
    def runs(context):
        inner = PipelineDefinition([deep], name="inner")
        values = [execute_pipeline(inner, instance=context.instance).output_for_solid("deep")]
        kinds = [e.event_type_value for e in execute_pipeline_iterator(inner)]
        return [*values, kinds[-1]]

    assert run_of(runs).output_for_solid("runs") == [1, "PIPELINE_SUCCESS"]
