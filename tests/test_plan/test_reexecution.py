from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite import lambda_solid, pipeline
from dagsterlite.errors import DagsterInvalidSubsetError, DagsterStepNotStoredError
from dagsterlite.events.receipt import StepOutcome
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.reexecution import Generation, sources_of, steps_to_resume
from dagsterlite.run_config.resolved import EnvironmentConfig

S, F, K, A = (
    StepOutcome.SUCCESS,
    StepOutcome.FAILURE,
    StepOutcome.SKIPPED,
    StepOutcome.ABANDONED,
)


@lambda_solid
def a():
    return 1


@lambda_solid
def b(x):
    return x


@lambda_solid
def c(x, y):
    return (x, y)


@pipeline
def abc():
    start = a()
    c(start, b(start))


PLAN = ExecutionPlan.build(abc, EnvironmentConfig.build(abc))


def part(*names: str) -> ExecutionPlan:
    return PLAN.build_subset_plan(names)


def run(run_id: str, **outcomes: StepOutcome | None) -> Generation:
    return Generation(
        run_id=run_id,
        step_keys=frozenset(f"{name}.compute" for name in outcomes),
        outcomes={f"{name}.compute": how for name, how in outcomes.items() if how is not None},
    )


def test_the_nearest_run_that_was_to_execute_a_step_gives_its_outputs() -> None:
    found = sources_of(
        part("c").needed_keys, [run("3", c=S), run("2", b=S), run("1", a=S, b=S, c=S)]
    )
    assert found == {"b.compute": "2", "a.compute": "1"}


def test_a_whole_plan_needs_nothing_and_looks_at_nothing() -> None:
    def none() -> Iterator[Generation]:
        raise NotImplementedError
        yield

    assert sources_of(PLAN.needed_keys, none()) == {}


def test_no_more_runs_are_looked_at_than_needed() -> None:
    runs = iter([run("2", a=S), run("1", a=S)])
    assert sources_of(part("b").needed_keys, runs) == {"a.compute": "2"}
    assert next(runs).run_id == "1"


def test_a_skipped_step_counts_as_done() -> None:
    assert sources_of(part("b").needed_keys, [run("1", a=K)]) == {"a.compute": "1"}


@pytest.mark.parametrize(
    ("how", "told"), [(F, "is FAILURE there"), (A, "is ABANDONED"), (None, "did not end there")]
)
def test_a_nearer_run_that_failed_to_renew_a_step_outdates_an_earlier_one(
    how: StepOutcome | None, told: str
) -> None:
    with pytest.raises(DagsterStepNotStoredError, match=told) as caught:
        sources_of(part("b").needed_keys, [run("2", a=how), run("1", a=S)])
    assert caught.value.step_key == "a.compute"
    assert "Execute it too: name it in the selection" in str(caught.value)


def test_a_step_that_no_run_executed_is_told() -> None:
    with pytest.raises(DagsterStepNotStoredError, match=r"none of the runs before \(2, 1\)"):
        sources_of(part("b").needed_keys, [run("2", c=S), run("1", b=S)])


def test_failed_unfinished_and_unstarted_steps_are_left_to_resume() -> None:
    assert steps_to_resume(PLAN, run("1", a=S, b=F, c=A)) == ["b.compute", "c.compute"]
    assert steps_to_resume(PLAN, run("1", a=S, b=None, c=None)) == ["b.compute", "c.compute"]
    assert steps_to_resume(PLAN, run("1", b=F)) == ["b.compute"]


def test_a_run_without_anything_left_is_told() -> None:
    with pytest.raises(DagsterInvalidSubsetError, match="Nothing of run 1 is left to do"):
        steps_to_resume(PLAN, run("1", a=S, b=K, c=K))
