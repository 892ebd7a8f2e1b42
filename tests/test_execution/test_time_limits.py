"""Steps that take longer than they may, in one process."""

from __future__ import annotations

import time
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    RetryPolicy,
    execute_pipeline,
    failure_hook,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterInvariantViolationError, DagsterStepTimeoutError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, recorded

TIMEOUT = "dagsterlite/timeout"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_forever() -> None:
    while True:
        time.sleep(0.005)


def outcome(timeless: Any) -> tuple[Any, list[str]]:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(timeless, QUIET, instance=instance, raise_on_error=False)
        assert_gap_free(logged(instance))
        return result, recorded(instance)


def test_a_step_is_stopped_when_its_time_is_over() -> None:
    seen = []

    @solid(tags={TIMEOUT: 0.05})
    def slow(_context):
        try:
            run_forever()
        finally:
            seen.append("cleaned up")

    @solid
    def independent(_context):
        return 1

    @pipeline
    def two():
        slow()
        independent()

    result, told = outcome(two)

    assert seen == ["cleaned up"]
    assert told[-1] == "PIPELINE_FAILURE"
    assert "STEP_SUCCESS independent.compute" in told
    (failure,) = [
        event for event in result.event_list if event.event_type is DagsterEventType.STEP_FAILURE
    ]
    error = failure.step_failure_data.error
    assert error.cls_name == "DagsterStepTimeoutError"
    assert "has not ended within 0.05 seconds" in error.message


def test_the_caller_gets_the_typed_error() -> None:
    @solid(tags={TIMEOUT: "0.05"})
    def slow(_context):
        run_forever()

    @pipeline
    def one():
        slow()

    with pytest.raises(DagsterStepTimeoutError) as raised:
        execute_pipeline(one, QUIET)
    assert (raised.value.step_key, raised.value.seconds) == ("slow.compute", 0.05)


def test_a_retry_policy_covers_it_and_hooks_see_it() -> None:
    seen = []

    @failure_hook
    def look(context):
        seen.append(type(context.solid_exception))

    @solid(tags={TIMEOUT: 0.05}, retry_policy=RetryPolicy(max_retries=1))
    def slow_once(context):
        if context.retry_number == 0:
            run_forever()
        return context.retry_number

    @solid(tags={TIMEOUT: 0.05})
    def slow(_context):
        run_forever()

    @pipeline(hook_defs={look})
    def two():
        slow_once()
        slow()

    result, told = outcome(two)

    assert result.output_for_solid("slow_once") == 1
    assert "STEP_UP_FOR_RETRY slow_once.compute" in told
    assert seen == [DagsterStepTimeoutError]


def test_who_catches_everything_is_stopped_all_the_same() -> None:
    @solid(tags={TIMEOUT: 0.05})
    def stubborn(_context):
        try:
            run_forever()
        except BaseException:  # noqa: BLE001 - that is what is tried
            return 1

    @solid(tags={TIMEOUT: 0.05})
    def turns(_context):
        try:
            run_forever()
        except BaseException as exc:
            raise ValueError("mine") from exc

    @pipeline
    def two():
        stubborn()
        turns()

    _, told = outcome(two)

    assert "STEP_FAILURE stubborn.compute" in told
    assert "STEP_FAILURE turns.compute" in told


def test_the_limit_is_for_each_step_alone() -> None:
    @solid(tags={TIMEOUT: 0.05})
    def slow(_context):
        run_forever()

    @solid(tags={TIMEOUT: 60})
    def quick(context):
        context.log.info("still here")
        return 1

    @pipeline
    def several():
        for i in range(3):
            slow.alias(f"slow_{i}")()
            quick.alias(f"quick_{i}")()

    _, told = outcome(several)

    assert sum(line.startswith("STEP_FAILURE slow") for line in told) == 3
    assert sum(line.startswith("STEP_SUCCESS quick") for line in told) == 3


def test_a_run_inside_a_step_ends_with_it() -> None:
    @solid
    def endless(_context):
        run_forever()

    @pipeline
    def inner():
        endless()

    inner_instance = DagsterInstance.ephemeral()

    @solid(tags={TIMEOUT: 0.2})
    def outer(_context):
        execute_pipeline(inner, QUIET, instance=inner_instance)

    @pipeline
    def around():
        outer()

    with inner_instance:
        _, told = outcome(around)
        (run,) = inner_instance.get_runs()

    assert run.status is DagsterRunStatus.CANCELED
    assert "STEP_FAILURE outer.compute" in told


def test_a_cancel_is_no_time_limit() -> None:
    with DagsterInstance.ephemeral() as instance:

        @solid(tags={TIMEOUT: 60})
        def asks_to_stop(context):
            instance.request_cancel(context.run_id)
            run_forever()

        @pipeline
        def canceled():
            asks_to_stop()

        execute_pipeline(canceled, QUIET, instance=instance, raise_on_error=False)
        assert recorded(instance)[-1] == "PIPELINE_CANCELED"


@pytest.mark.parametrize("limit", ["soon", 0, -1, "inf", "nan", [1]])
def test_a_limit_that_is_none_is_told_before_anything_runs(limit: Any) -> None:
    @solid(tags={TIMEOUT: limit})
    def limited(_context):
        raise AssertionError

    @pipeline
    def one():
        limited()

    with DagsterInstance.ephemeral() as instance:
        with pytest.raises(DagsterInvariantViolationError, match="number of seconds above 0"):
            execute_pipeline(one, QUIET, instance=instance)
        assert recorded(instance) == ["PIPELINE_INIT_FAILURE"]
