"""Limited steps take turns as a simple model of them says, however their run goes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite import (
    DependencyDefinition,
    InputDefinition,
    Nothing,
    PipelineDefinition,
    create_execution_plan,
    solid,
)
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.ready import priority_of
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.keys import task_key
from dagsterlite_dask.schedule import Schedule

LIMITS = [
    {"key": "db", "value": {"applyLimitPerUniqueValue": True}, "limit": 2},
    {"key": "team", "limit": 1},
]
SHAPES = st.lists(
    st.tuples(
        st.sets(st.integers(0, 9), max_size=2),
        st.dictionaries(st.sampled_from(["db", "team"]), st.sampled_from("xy")),
        st.integers(-1, 1),
    ),
    min_size=1,
    max_size=10,
)


def plan_of(shape: list[tuple[set[int], dict[str, str], int]]) -> GrowingPlan:
    """Return a plan of steps with these upstream steps, tags and priorities."""
    solids, dependencies = [], {}
    for number, (sources, tags, priority) in enumerate(shape):
        needs = [source for source in sources if source < number]

        @solid(
            name=f"s{number}",
            input_defs=[InputDefinition(f"n{source}", Nothing) for source in needs],
            tags={**tags, "dagster/priority": str(priority)},
        )
        def made(_context):
            return 1

        solids.append(made)
        dependencies[f"s{number}"] = {f"n{one}": DependencyDefinition(f"s{one}") for one in needs}
    graph = PipelineDefinition(solids, name="shape", dependencies=dependencies)
    return GrowingPlan(create_execution_plan(graph))


def slots_of(step: ExecutionStep) -> dict[tuple[str, str], int]:
    """Return what a step takes one of, each with how many there are."""
    tags = step.tags
    found = {("db", tags["db"]): 2} if "db" in tags else {}
    return found | ({("team", ""): 1} if "team" in tags else {})


class Run:
    """A run whose steps end, or are to be tried again, as it is told."""

    def __init__(self, plan: GrowingPlan) -> None:
        self.plan = plan
        self.steps = plan.step_by_key
        self.schedule = Schedule(plan, TagLimits.from_config(LIMITS, "here"))
        self.finished: set[str] = set()
        self.due: dict[str, float] = {}
        self.now = 0.0
        self.submit([key for key in self.steps if not self.schedule.hold_back(key)])

    def submit(self, keys: Any) -> None:
        self.schedule.submit({key: task_key(self.steps[key], "run", 0) for key in keys})
        self.due = {key: due for key, due in self.due.items() if key not in keys}

    def is_off(self, key: str) -> bool:
        is_due = self.due.get(key, self.now) <= self.now
        return key not in self.finished and key not in self.schedule.on_cluster and is_due

    def expected_turns(self) -> list[str]:
        """Return the limited steps whose turn it is: in order, each that there is room for."""
        running = Counter(
            slot for key in self.schedule.on_cluster for slot in slots_of(self.steps[key])
        )
        ready = [
            step
            for key, step in self.steps.items()
            if slots_of(step) and self.is_off(key) and self.plan.upstream_keys[key] <= self.finished
        ]
        turns = []
        for step in sorted(ready, key=priority_of, reverse=True):
            slots = slots_of(step)
            if all(running[slot] < limit for slot, limit in slots.items()):
                running.update(slots.keys())
                turns.append(step.key)
        return turns

    def take(self) -> None:
        turns = self.expected_turns()
        taken = self.schedule.take_due(self.now, self.finished)
        assert {key for key in taken if slots_of(self.steps[key])} == set(turns)
        self.submit(taken)
        there = self.finished | self.schedule.on_cluster.keys()
        for key, step in self.steps.items():
            if not slots_of(step) and self.is_off(key):
                assert not self.plan.upstream_keys[key] <= there


@given(shape=SHAPES, data=st.data())
def test_limited_steps_take_turns_by_their_urgency_and_all_steps_run(
    shape: list[tuple[set[int], dict[str, str], int]], data: st.DataObject
) -> None:
    run = Run(plan_of(shape))
    retries = 5
    while len(run.finished) < len(run.steps):
        run.take()
        run.now += 1.0
        can_end = [
            key for key in run.schedule.on_cluster if run.plan.upstream_keys[key] <= run.finished
        ]
        if not can_end:
            assert run.due
            continue
        key = data.draw(st.sampled_from(can_end))
        if retries and data.draw(st.booleans()):
            retries -= 1
            run.due[key] = run.now + data.draw(st.sampled_from([0.0, 1.0, 3.0]))
            run.schedule.postpone(key, run.due[key], (1, False))
        else:
            run.finished.add(key)
            run.schedule.finish(key)


def test_a_turn_asks_only_for_the_first_of_those_that_wait_for_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = Counter[str]()
    take = TagLimits.take

    def counting(limits: TagLimits, step: ExecutionStep) -> bool:
        asked[step.key] += 1
        return take(limits, step)

    monkeypatch.setattr(TagLimits, "take", counting)
    run = Run(plan_of([(set(), {"team": "x"}, 0)] * 20))
    for key in run.steps:
        assert list(run.schedule.take_due(0.0, run.finished)) == [key]
        run.submit([key])
        run.finished.add(key)
        run.schedule.finish(key)
    # Once for its turn, and once as what is next after another's.
    assert max(asked.values()) <= 2
