from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite import (
    Backoff,
    DagsterExecutionInterruptedError,
    DagsterExecutionStepExecutionError,
    DagsterInvariantViolationError,
    DagsterRunCanceledError,
    DagsterTypeCheckDidNotPass,
    Failure,
    InputDefinition,
    Jitter,
    List,
    Nothing,
    OutputDefinition,
    RetryPolicy,
    RetryRequested,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.api import create_execution_plan
from dagsterlite.errors import DagsterStepLostError
from dagsterlite.events.receipt import Receipt, StepOutcome, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.decide import (
    RUN,
    Abandon,
    Retry,
    Run,
    Skip,
    decide,
    decide_retry,
    is_final,
    is_yielded,
)

OUTPUTS = [
    OutputDefinition(name="a", is_required=False),
    OutputDefinition(name="b", is_required=False),
]


@solid(output_defs=OUTPUTS)
def first(_context):
    raise NotImplementedError


@solid(output_defs=OUTPUTS)
def second(_context):
    raise NotImplementedError


@lambda_solid(input_defs=[InputDefinition("x"), InputDefinition("y")])
def two(x, y):
    raise NotImplementedError


@solid(input_defs=[InputDefinition("all", List)])
def fan_in(_context, all):
    raise NotImplementedError


@solid(input_defs=[InputDefinition("after", Nothing)])
def ordered(_context):
    raise NotImplementedError


@pipeline
def graph():
    a1, b1 = first()
    a2, _ = second()
    two(a1, a2)
    two.alias("same")(a1, b1)
    fan_in([a1, b1, a2])
    ordered(a1)


PLAN = create_execution_plan(graph)


def receipt(key: str, outcome: StepOutcome, outputs: Iterable[str] = ()) -> Receipt:
    stored = tuple(StoredOutput(output_name=o, address="-", codec="-") for o in outputs)
    return Receipt(
        run_id="r", step_key=f"{key}.compute", attempt_id="x", outcome=outcome, outputs=stored
    )


def receipts(**given: tuple[StepOutcome, str]) -> dict[str, Receipt]:
    return {f"{k}.compute": receipt(k, outcome, outs) for k, (outcome, outs) in given.items()}


OK, BAD = StepOutcome.SUCCESS, StepOutcome.FAILURE
SKIPPED, ABANDONED, CANCELED = StepOutcome.SKIPPED, StepOutcome.ABANDONED, StepOutcome.CANCELED
A1 = StepOutputHandle("first.compute", "a")
B1 = StepOutputHandle("first.compute", "b")
A2 = StepOutputHandle("second.compute", "a")


@pytest.mark.parametrize(
    ("step", "first_end", "second_end", "expected"),
    [
        ("two", (OK, "ab"), (OK, "ab"), RUN),
        ("two", (OK, "a"), (OK, "a"), RUN),
        ("two", (OK, "b"), (OK, "a"), Skip((A1,))),
        ("two", (OK, ""), (OK, ""), Skip((A1, A2))),
        ("two", (SKIPPED, ""), (OK, "ab"), Skip((A1,))),
        ("two", (BAD, ""), (OK, "ab"), Abandon(("first.compute",))),
        ("two", (BAD, ""), (OK, ""), Abandon(("first.compute",))),
        ("two", (ABANDONED, ""), (BAD, ""), Abandon(("first.compute", "second.compute"))),
        ("two", (CANCELED, ""), (SKIPPED, ""), Abandon(("first.compute",))),
        ("same", (OK, "ab"), (BAD, ""), RUN),
        ("same", (OK, "a"), (BAD, ""), Skip((B1,))),
        ("fan_in", (OK, "ab"), (OK, "a"), RUN),
        ("fan_in", (OK, "b"), (OK, ""), RUN),
        ("fan_in", (SKIPPED, ""), (OK, "a"), RUN),
        ("fan_in", (SKIPPED, ""), (OK, "b"), Skip((A1, B1, A2))),
        ("fan_in", (OK, "ab"), (BAD, ""), Abandon(("second.compute",))),
        ("ordered", (OK, "a"), (BAD, ""), RUN),
        ("ordered", (OK, "b"), (OK, "a"), Skip((A1,))),
        ("ordered", (BAD, ""), (OK, "a"), Abandon(("first.compute",))),
    ],
)
def test_a_step_is_decided_from_the_ends_of_those_it_needs(
    step: str,
    first_end: tuple[StepOutcome, str],
    second_end: tuple[StepOutcome, str],
    expected: object,
) -> None:
    found = decide(PLAN.get_step_by_key(step), receipts(first=first_end, second=second_end))
    assert found == expected


def test_a_step_that_needs_nothing_runs() -> None:
    assert decide(PLAN.get_step_by_key("first"), {}) == Run()


ends = st.one_of(
    st.tuples(st.just(OK), st.sampled_from(["", "a", "b", "ab"])),
    st.tuples(st.sampled_from([BAD, SKIPPED, ABANDONED, CANCELED]), st.just("")),
)


@given(ends, ends, st.sampled_from(["two", "same", "fan_in", "ordered"]))
def test_failure_outweighs_what_is_missing_and_what_is_missing_outweighs_the_rest(
    first_end: tuple[StepOutcome, str], second_end: tuple[StepOutcome, str], name: str
) -> None:
    step = PLAN.get_step_by_key(name)
    known = receipts(first=first_end, second=second_end)
    found = decide(step, known)
    needed = [known[key] for key in step.upstream_keys()]
    failed = [r for r in needed if r.outcome in {BAD, ABANDONED, CANCELED}]
    missing = [all(not is_yielded(h, known) for h in i.upstream_outputs()) for i in step.inputs]
    if failed:
        assert isinstance(found, Abandon)
        assert set(found.failed_step_keys) == {r.step_key for r in failed}
    elif any(missing):
        assert isinstance(found, Skip)
        assert not any(is_yielded(h, known) for h in found.missing)
    else:
        assert found == RUN


def never() -> float:
    raise AssertionError("chance was asked")


def raised(exc: Exception) -> DagsterExecutionStepExecutionError:
    return DagsterExecutionStepExecutionError("the step raised", user_exception=exc)


TIMES = [(0, 0, False), (1, 0, True), (1, 1, False), (3, 2, True), (3, 3, False)]


@pytest.mark.parametrize(("most", "number", "again"), TIMES)
def test_a_step_is_tried_again_as_often_as_it_asks_for(most: int, number: int, again: bool) -> None:
    expected = Retry(number + 1, 2.5) if again else None
    assert decide_retry(RetryRequested(most, 2.5), None, number, never) == expected


@pytest.mark.parametrize(("most", "number", "again"), TIMES)
@pytest.mark.parametrize(
    "error", [raised(ValueError("no")), Failure("no"), DagsterStepLostError("4 workers died")]
)
def test_a_step_that_raises_is_tried_again_as_often_as_its_policy_says(
    error: Exception, most: int, number: int, again: bool
) -> None:
    policy = RetryPolicy(most, delay=2, backoff=Backoff.LINEAR)
    expected = Retry(number + 1, 2 * (number + 1)) if again else None
    assert decide_retry(error, policy, number, never) == expected
    assert decide_retry(error, None, number, never) is None


def test_what_a_step_asks_for_counts_more_than_its_policy() -> None:
    policy = RetryPolicy(max_retries=1, delay=100)
    assert decide_retry(RetryRequested(3, 0.5), policy, 2, never) == Retry(3, 0.5)
    assert decide_retry(RetryRequested(3), policy, 0, never) == Retry(1, None)
    assert decide_retry(RetryRequested(0), policy, 0, never) is None


def test_chance_has_its_say_in_a_policy_with_jitter() -> None:
    policy = RetryPolicy(delay=8, jitter=Jitter.FULL)
    assert decide_retry(Failure(), policy, 0, lambda: 0.25) == Retry(1, 2.0)


@pytest.mark.parametrize(
    "error",
    [
        Failure("final", allow_retries=False),
        DagsterTypeCheckDidNotPass("no Int"),
        DagsterInvariantViolationError("yielded twice"),
        DagsterExecutionInterruptedError("canceled"),
        KeyboardInterrupt(),
        DagsterRunCanceledError("1"),
    ],
)
def test_a_policy_is_not_for_what_is_final_or_stops_the_run(error: BaseException) -> None:
    assert decide_retry(error, RetryPolicy(5), 0, never) is None


@pytest.mark.parametrize("outcome", list(StepOutcome))
def test_only_an_attempt_that_asked_for_another_is_not_final(outcome: StepOutcome) -> None:
    assert is_final(receipt("first", outcome)) is (outcome is not StepOutcome.UP_FOR_RETRY)
