from __future__ import annotations

import random
from typing import Any

import pytest

from dagsterlite import RetryPolicy, create_execution_plan, execute_pipeline, pipeline, solid
from dagsterlite.errors import DagsterInvariantViolationError, DagsterStepBegunBeforeError
from dagsterlite.plan.decide import decide_retry
from dagsterlite.plan.worker_loss import RERUN_TAG, may_run_again


def pipeline_of(tags: dict[str, Any]) -> Any:
    @solid(tags=tags)
    def pay(_context: Any) -> int:
        return 1

    @pipeline
    def pays() -> None:
        pay()

    return pays


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({}, True),
        ({RERUN_TAG: "true"}, True),
        ({RERUN_TAG: "false"}, False),
        ({RERUN_TAG: "False"}, False),
        ({RERUN_TAG: False}, False),
    ],
)
def test_a_tag_says_whether_a_step_may_run_again(tags: dict[str, Any], expected: bool) -> None:
    (step,) = create_execution_plan(pipeline_of(tags)).steps

    assert may_run_again(step) is expected


@pytest.mark.parametrize("value", ["no", "", "0", "1"])
def test_another_value_is_refused_before_anything_runs(value: str) -> None:
    with pytest.raises(
        DagsterInvariantViolationError, match=r"solid 'pay' must be true or false, not"
    ):
        execute_pipeline(pipeline_of({RERUN_TAG: value}))


def test_a_retry_policy_does_not_hold_for_what_must_not_run_again() -> None:
    error = DagsterStepBegunBeforeError("begun before")

    assert decide_retry(error, RetryPolicy(max_retries=3), 0, random.random) is None
