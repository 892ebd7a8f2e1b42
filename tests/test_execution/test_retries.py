from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from dagsterlite import (
    Backoff,
    DagsterInstance,
    Failure,
    InputDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    PythonObjectDagsterType,
    RetryPolicy,
    RetryRequested,
    SolidDefinition,
    SolidInvocation,
    dagster_type_loader,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.definitions.dependency import Dependencies
from dagsterlite.errors import DagsterRunCanceledError
from tests.event_lists import assert_gap_free, kinds, logged, of_step, recorded

START, AGAIN, WAITS = "STEP_START", "STEP_RESTARTED", "STEP_UP_FOR_RETRY"
TWICE = RetryPolicy(max_retries=2)
DISABLED: dict[str, Any] = {"execution": {"in_process": {"config": {"retries": {"disabled": {}}}}}}


def failing(max_retries: int, **wait: Any) -> SolidDefinition:
    @solid
    def fails(_context):
        raise RetryRequested(max_retries=max_retries, **wait) from ValueError("flaky")

    return fails


@pytest.mark.parametrize("max_retries", [0, 1, 3])
def test_a_step_is_tried_as_often_as_it_asks_for_then_fails(max_retries: int) -> None:
    graph = PipelineDefinition([failing(max_retries)], name="p")
    result = execute_pipeline(graph, raise_on_error=False)
    assert of_step(result, "fails") == [
        START,
        *[WAITS, AGAIN] * max_retries,
        "STEP_FAILURE",
    ]
    assert result.result_for_solid("fails").retry_attempts == max_retries  # type: ignore[union-attr]
    with pytest.raises(RetryRequested):
        execute_pipeline(graph)


def test_each_attempt_has_an_id_of_its_own_and_its_number() -> None:
    numbers: list[int] = []

    @solid
    def flaky(context):
        numbers.append(context.retry_number)
        if context.retry_number < 2:
            raise RetryRequested(max_retries=5)

    with DagsterInstance.ephemeral() as instance:
        execute_pipeline(PipelineDefinition([flaky], name="p"), instance=instance)
        entries = [e for e in logged(instance) if e.step_key]
    assert numbers == [0, 1, 2]
    assert len({e.attempt_id for e in entries}) == 3
    assert_gap_free(entries)


def test_the_error_that_was_the_cause_is_told_and_the_wait() -> None:
    graph = PipelineDefinition([failing(1, seconds_to_wait=0.001)], name="p")
    result = execute_pipeline(graph, raise_on_error=False)
    event = next(e for e in result.event_list if e.is_step_up_for_retry)
    assert event.step_retry_data.seconds_to_wait == 0.001
    assert event.step_retry_data.error is not None
    assert event.step_retry_data.error.message == "ValueError: flaky\n"
    assert "requested a retry in 0.001 seconds" in event.message


def test_retries_that_are_disabled_by_config_fail_at_once() -> None:
    graph = PipelineDefinition([failing(3)], name="p")
    result = execute_pipeline(graph, DISABLED, raise_on_error=False)
    assert of_step(result, "fails") == [START, "STEP_FAILURE"]
    enabled: dict[str, Any] = {
        "execution": {"in_process": {"config": {"retries": {"enabled": {}}}}}
    }
    result = execute_pipeline(graph, enabled, raise_on_error=False)
    assert kinds(result.event_list).count(AGAIN) == 3


def test_other_steps_run_while_one_waits() -> None:
    order: list[str] = []
    waited: list[float] = []

    @solid(tags={"dagster/priority": 9})
    def flaky(context):
        order.append(f"flaky {context.retry_number}")
        waited.append(time.monotonic())
        if not context.retry_number:
            raise RetryRequested(seconds_to_wait=0.1)
        return 1

    @lambda_solid
    def other():
        order.append("other")

    @lambda_solid(input_defs=[InputDefinition("x")])
    def after(x):
        order.append("after")

    @pipeline
    def graph():
        after(flaky())
        other()

    assert execute_pipeline(graph).success
    assert order == ["flaky 0", "other", "flaky 1", "after"]
    assert waited[1] - waited[0] >= 0.1


def test_a_wait_without_an_end_can_be_canceled_and_is_not_followed_by_an_attempt() -> None:
    asked = threading.Event()
    attempts: list[int] = []

    @solid
    def flaky(context):
        attempts.append(context.retry_number)
        asked.set()
        raise RetryRequested(seconds_to_wait=1e9)

    instance = DagsterInstance.ephemeral()

    def ask() -> None:
        asked.wait(20)
        instance.request_cancel(instance.get_runs()[0].run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        execute_pipeline(PipelineDefinition([flaky], name="p"), instance=instance)
    thread.join()
    assert attempts == [0]
    assert recorded(instance)[-3:] == [
        "STEP_UP_FOR_RETRY flaky.compute",
        "PIPELINE_CANCELING",
        "PIPELINE_CANCELED",
    ]


def test_a_cancel_never_triggers_a_retry() -> None:
    began = threading.Event()
    attempts: list[int] = []

    @solid
    def stubborn(context):
        attempts.append(context.retry_number)
        try:
            began.set()
            while True:
                time.sleep(0.001)
        except BaseException:  # noqa: BLE001
            raise RetryRequested(max_retries=9) from None

    instance = DagsterInstance.ephemeral()

    def ask() -> None:
        began.wait(20)
        instance.request_cancel(instance.get_runs()[0].run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        execute_pipeline(PipelineDefinition([stubborn], name="p"), instance=instance)
    thread.join()
    assert attempts == [0]
    assert "STEP_FAILURE stubborn.compute" in recorded(instance)


def test_outputs_of_an_attempt_that_asked_for_another_do_not_count() -> None:
    @solid(output_defs=[OutputDefinition(name="a", is_required=False), OutputDefinition(name="b")])
    def flaky(context):
        if not context.retry_number:
            yield Output("old", "a")
            raise RetryRequested
        yield Output("new", "b")

    result = execute_pipeline(PipelineDefinition([flaky], name="p")).result_for_solid("flaky")
    assert result.output_values == {"b": "new"}
    assert not result.has_yielded("a")


# --- policies ---


def raising(error: BaseException, policy: RetryPolicy | None = None) -> SolidDefinition:
    @solid(retry_policy=policy)
    def fails(_context):
        raise error

    return fails


def attempts_of(node: SolidDefinition, config: Any = None, **more: Any) -> int:
    graph = PipelineDefinition([node], name="p", **more)
    result = execute_pipeline(graph, config, raise_on_error=False)
    assert of_step(result, node.name)[-1] == "STEP_FAILURE"
    return 1 + of_step(result, node.name).count(AGAIN)


@pytest.mark.parametrize("error", [ValueError("no"), Failure("no"), SystemExit(1), GeneratorExit()])
def test_a_policy_tries_a_step_again_whatever_it_raises(error: BaseException) -> None:
    assert attempts_of(raising(error, TWICE)) == 3


def test_a_failure_may_forbid_further_attempts() -> None:
    assert attempts_of(raising(Failure("no", allow_retries=False), TWICE)) == 1


def test_what_a_step_asks_for_counts_more_than_its_policy() -> None:
    assert attempts_of(raising(RetryRequested(max_retries=1), TWICE)) == 2
    assert attempts_of(raising(RetryRequested(max_retries=3), TWICE)) == 4


def test_attempts_that_were_asked_for_count_against_the_policy() -> None:
    @solid(retry_policy=TWICE)
    def fails(context):
        if not context.retry_number:
            raise RetryRequested(max_retries=9)
        raise ValueError(context.retry_number)

    assert attempts_of(fails) == 3


def test_a_policy_is_taken_from_the_place_the_definition_or_the_pipeline() -> None:
    once = RetryPolicy()
    place: Dependencies = {SolidInvocation("fails", retry_policy=once): {}}
    assert attempts_of(raising(ValueError()), solid_retry_policy=TWICE) == 3
    node = raising(ValueError(), TWICE)
    assert attempts_of(node, solid_retry_policy=once) == 3
    assert attempts_of(node, solid_retry_policy=TWICE, dependencies=place) == 2


def test_retries_that_are_disabled_leave_policies_aside() -> None:
    assert attempts_of(raising(ValueError(), TWICE), DISABLED) == 1


def test_a_policy_tells_why_and_how_long_it_waits() -> None:
    policy = RetryPolicy(max_retries=2, delay=0.001, backoff=Backoff.EXPONENTIAL)
    graph = PipelineDefinition([raising(ValueError("flaky"), policy)], name="p")
    result = execute_pipeline(graph, raise_on_error=False)
    waits = [e.step_retry_data for e in result.event_list if e.is_step_up_for_retry]
    assert [data.seconds_to_wait for data in waits] == [0.001, 0.003]
    assert [data.error and data.error.message for data in waits] == ["ValueError: flaky\n"] * 2


def test_an_error_in_other_code_of_the_users_is_tried_again_and_one_of_ours_is_not() -> None:
    loads: list[int] = []

    @dagster_type_loader(int)
    def load(_context, number):
        loads.append(number)
        raise OSError

    box = PythonObjectDagsterType(str, name="Box", loader=load)

    @lambda_solid(input_defs=[InputDefinition("x", box)])
    def takes(x):
        return x

    config = {"solids": {"takes": {"inputs": {"x": 1}}}}
    assert attempts_of(takes, config, solid_retry_policy=TWICE) == 3
    assert loads == [1, 1, 1]

    @lambda_solid(output_def=OutputDefinition(int))
    def wrong():
        return "text"

    assert attempts_of(wrong, solid_retry_policy=TWICE) == 1


def test_a_cancel_triggers_no_policy() -> None:
    began = threading.Event()
    attempts: list[int] = []

    @solid(retry_policy=TWICE)
    def endless(context):
        attempts.append(context.retry_number)
        began.set()
        try:
            while True:
                time.sleep(0.001)
        finally:
            raise ValueError("while it was stopped")

    instance = DagsterInstance.ephemeral()

    def ask() -> None:
        began.wait(20)
        instance.request_cancel(instance.get_runs()[0].run_id)

    thread = threading.Thread(target=ask)
    thread.start()
    with pytest.raises(DagsterRunCanceledError):
        execute_pipeline(PipelineDefinition([endless], name="p"), instance=instance)
    thread.join()
    assert attempts == [0]
