from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryRequested,
    SolidDefinition,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterRunCanceledError
from tests.event_lists import assert_gap_free, kinds, logged, of_step, recorded

START, AGAIN, WAITS = "STEP_START", "STEP_RESTARTED", "STEP_UP_FOR_RETRY"
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
