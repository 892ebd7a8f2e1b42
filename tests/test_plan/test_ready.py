from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite import (
    DagsterInvariantViolationError,
    DependencyDefinition,
    InputDefinition,
    List,
    MultiDependencyDefinition,
    PipelineDefinition,
    SolidInvocation,
    lambda_solid,
)
from dagsterlite.api import create_execution_plan
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.ready import ReadyQueue, priority_of


@lambda_solid(input_defs=[InputDefinition("xs", List, default_value=[])])
def node(xs):
    return xs


def plan_of(
    edges: dict[str, list[str]], priorities: dict[str, object] | None = None
) -> ExecutionPlan:
    tags = {k: {"dagster/priority": v} for k, v in (priorities or {}).items()}
    dependencies = {
        SolidInvocation("node", alias=name, tags=tags.get(name, {})): (
            {"xs": MultiDependencyDefinition([DependencyDefinition(s) for s in sources])}
            if sources
            else {}
        )
        for name, sources in edges.items()
    }
    return create_execution_plan(PipelineDefinition([node], name="p", dependencies=dependencies))


def drain(queue: ReadyQueue) -> list[str]:
    order = []
    while queue:
        step = queue.take()
        order.append(step.solid_name)
        queue.finish(step.key)
    return order


def test_a_step_is_given_out_once_all_that_it_needs_is_finished() -> None:
    queue = ReadyQueue(GrowingPlan(plan_of({"a": [], "b": [], "c": ["a", "b"]})))
    first, second = queue.take(), queue.take()
    assert not queue
    queue.finish(first.key)
    assert not queue
    queue.finish(second.key)
    assert queue.take().solid_name == "c"
    assert not queue


def test_the_highest_priority_comes_first_and_equals_in_the_order_they_became_ready() -> None:
    edges: dict[str, list[str]] = {name: [] for name in "abcde"}
    plan = plan_of(edges, {"d": 5, "b": "-1", "e": 5})
    assert drain(ReadyQueue(GrowingPlan(plan))) == ["d", "e", "a", "c", "b"]


def test_a_priority_lifts_a_step_over_what_waits_longer() -> None:
    plan = plan_of({"a": [], "b": [], "c": ["a"], "d": ["a"]}, {"d": 1, "a": 1})
    assert drain(ReadyQueue(GrowingPlan(plan))) == ["a", "d", "b", "c"]


def test_a_step_that_is_put_back_waits_behind_those_of_its_priority() -> None:
    queue = ReadyQueue(GrowingPlan(plan_of({"a": [], "b": []})))
    again = queue.take()
    queue.put_back(again.key)
    assert drain(queue) == ["b", "a"]


def test_only_the_steps_to_execute_are_given_out() -> None:
    plan = plan_of({"a": [], "b": ["a"], "c": ["b"]}).build_subset_plan(["b", "c"])
    assert drain(ReadyQueue(GrowingPlan(plan))) == ["b", "c"]


def test_a_priority_that_is_no_whole_number_is_refused_with_its_place() -> None:
    plan = plan_of({"a": []}, {"a": "high"})
    with pytest.raises(
        DagsterInvariantViolationError, match=r"'dagster/priority' of solid 'a'.*'high'"
    ):
        ReadyQueue(GrowingPlan(plan))
    assert priority_of(plan_of({"a": []}).steps[0]) == 0


@given(st.integers(0, 10**6), st.integers(1, 15))
def test_every_step_comes_once_after_those_it_needs_whatever_the_graph(
    seed: int, size: int
) -> None:
    rng = random.Random(seed)
    names = [f"n{i}" for i in range(size)]
    edges = {n: [m for m in names[:i] if rng.random() < 0.3] for i, n in enumerate(names)}
    plan = plan_of(edges, {n: rng.randint(-2, 2) for n in names})
    order = drain(ReadyQueue(GrowingPlan(plan)))
    assert sorted(order) == sorted(names)
    place = {name: i for i, name in enumerate(order)}
    assert all(place[m] < place[n] for n, sources in edges.items() for m in sources)
