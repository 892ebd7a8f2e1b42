from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite import (
    Backoff,
    CheckError,
    DagsterInvalidDefinitionError,
    Jitter,
    PipelineDefinition,
    RetryPolicy,
    SolidDefinition,
    SolidInvocation,
    composite_solid,
    pipeline,
    solid,
)
from dagsterlite.handles import SolidHandle


def never() -> float:
    raise AssertionError("chance was asked")


@pytest.mark.parametrize(
    ("backoff", "delays"),
    [
        (None, [0.5, 0.5, 0.5, 0.5]),
        (Backoff.LINEAR, [0.5, 1.0, 1.5, 2.0]),
        (Backoff.EXPONENTIAL, [0.5, 1.5, 3.5, 7.5]),
    ],
)
def test_the_delay_grows_as_the_backoff_says(backoff: Backoff | None, delays: list[float]) -> None:
    policy = RetryPolicy(max_retries=9, delay=0.5, backoff=backoff)
    assert [policy.delay_after(attempt, never) for attempt in (1, 2, 3, 4)] == delays


@pytest.mark.parametrize(
    ("jitter", "chance", "delay"),
    [
        (Jitter.FULL, 0.0, 0.0),
        (Jitter.FULL, 0.25, 1.5),
        (Jitter.PLUS_MINUS, 0.0, 4.0),
        (Jitter.PLUS_MINUS, 0.5, 6.0),
        (Jitter.PLUS_MINUS, 0.75, 7.0),
    ],
)
def test_chance_changes_the_delay_after_the_backoff(
    jitter: Jitter, chance: float, delay: float
) -> None:
    policy = RetryPolicy(delay=2, backoff=Backoff.LINEAR, jitter=jitter)
    assert policy.delay_after(3, lambda: chance) == delay


@given(
    st.floats(0, 1e9),
    st.sampled_from([None, *Backoff]),
    st.sampled_from([None, *Jitter]),
    st.integers(1, 10**6),
    st.floats(0, 1, exclude_max=True),
)
def test_a_delay_is_never_negative_and_never_without_an_end(
    delay: float, backoff: Backoff | None, jitter: Jitter | None, attempt: int, chance: float
) -> None:
    policy = RetryPolicy(delay=delay, backoff=backoff, jitter=jitter)
    found = policy.delay_after(attempt, lambda: chance)
    assert found is not None
    assert 0 <= found < float("inf")


def test_without_a_delay_the_next_attempt_starts_at_once() -> None:
    assert RetryPolicy().max_retries == 1
    assert RetryPolicy(5).delay_after(1, never) is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"max_retries": -1}, "'max_retries' must be a whole number from 0 up"),
        ({"max_retries": 1.5}, "'max_retries' must be a whole number from 0 up"),
        ({"max_retries": True}, "'max_retries' must be a whole number from 0 up"),
        ({"max_retries": None}, "'max_retries' must be a whole number from 0 up"),
        ({"delay": -0.1}, "'delay' must be a number of seconds from 0 up"),
        ({"delay": float("inf")}, "'delay' must be a number of seconds from 0 up"),
        ({"delay": float("nan")}, "'delay' must be a number of seconds from 0 up"),
        ({"delay": "2"}, "'delay' must be a number of seconds from 0 up"),
        ({"delay": 1, "backoff": "LINEAR"}, "'backoff' must be a Backoff"),
        ({"delay": 1, "jitter": "FULL"}, "'jitter' must be a Jitter"),
    ],
)
def test_a_wrong_argument_is_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(CheckError, match=named):
        RetryPolicy(**arguments)


@pytest.mark.parametrize("wish", [{"backoff": Backoff.LINEAR}, {"jitter": Jitter.FULL}])
def test_what_changes_a_delay_needs_one(wish: dict[str, Any]) -> None:
    with pytest.raises(DagsterInvalidDefinitionError, match="Give delay=<seconds> too"):
        RetryPolicy(**wish)


PLACE, OWN, INNER, OUTER, WHOLE = (RetryPolicy(number) for number in range(1, 6))


@solid
def plain(_context):
    return 1


@solid(retry_policy=OWN)
def own(_context):
    return 1


@composite_solid
def inner():
    plain()
    own()


@composite_solid
def outer():
    inner.with_retry_policy(INNER)()
    plain()
    own.with_retry_policy(PLACE).alias("placed").tag({"a": "b"})()


def policy_of(definition: PipelineDefinition, path: str) -> RetryPolicy | None:
    return definition.get_retry_policy_for_handle(SolidHandle.from_string(path))


def test_what_is_nearest_to_the_solid_counts() -> None:
    @pipeline(solid_retry_policy=WHOLE)
    def graph():
        plain()
        own()
        own.alias("placed").with_retry_policy(PLACE)()
        outer.with_retry_policy(OUTER)()

    assert policy_of(graph, "plain") is WHOLE
    assert policy_of(graph, "own") is OWN
    assert policy_of(graph, "placed") is PLACE
    assert policy_of(graph, "outer.plain") is OUTER
    assert policy_of(graph, "outer.placed") is PLACE
    assert policy_of(graph, "outer.inner.plain") is INNER
    assert policy_of(graph, "outer.inner.own") is OWN


def test_no_policy_is_no_policy() -> None:
    @pipeline
    def graph():
        plain()
        outer()

    assert policy_of(graph, "plain") is None
    assert policy_of(graph, "outer.plain") is None


def test_a_policy_of_a_place_stands_in_written_dependencies_too() -> None:
    place = SolidInvocation("own", alias="placed", retry_policy=PLACE)
    graph = PipelineDefinition([own], dependencies={place: {}}, name="p")
    assert policy_of(graph, "placed") is PLACE
    assert place == SolidInvocation("own", alias="placed")


def test_other_things_than_policies_are_refused_with_the_place() -> None:
    wrong: Any = {"max_retries": 2}
    with pytest.raises(CheckError, match=r"solid 'bad': argument 'retry_policy' must be a RetryP"):
        SolidDefinition("bad", [], lambda _context, _inputs: iter(()), [], retry_policy=wrong)
    with pytest.raises(CheckError, match="solid 'own': argument 'retry_policy'"):
        own.with_retry_policy(wrong)
    with pytest.raises(CheckError, match="'p': argument 'solid_retry_policy'"):
        PipelineDefinition([own], name="p", solid_retry_policy=wrong)
    with pytest.raises(CheckError, match="solid 'placed': argument 'retry_policy'"):
        PipelineDefinition(
            [own], dependencies={SolidInvocation("own", "placed", retry_policy=wrong): {}}
        )
