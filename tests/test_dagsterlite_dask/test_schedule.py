"""Steps that are given to the cluster again, and workers that are waited for."""

from __future__ import annotations

import pytest
from distributed import KilledWorker

from dagsterlite import InputDefinition, create_execution_plan, pipeline, solid
from dagsterlite.errors import DagsterNoWorkersError, DagsterUnmetResourcesError
from dagsterlite.events.engine import Waiting
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.keys import TaskKey, task_key
from dagsterlite_dask.placement import Offer
from dagsterlite_dask.roster import TELL_SECONDS, Patience, unmet
from dagsterlite_dask.schedule import MOST_SUBMISSIONS, Schedule, is_blameless


@solid
def source(_context):
    return 1


@solid(input_defs=[InputDefinition("x")])
def one(_context, x):
    return x


@solid(input_defs=[InputDefinition("x"), InputDefinition("y")])
def two(_context, x, y):
    return x + y


@pipeline
def forks():
    a, b = source.alias("a")(), source.alias("b")()
    c = one.alias("c")(a)
    d = two.alias("d")(c, b)
    one.alias("e")(d)


@pytest.fixture
def plan() -> ExecutionPlan:
    return create_execution_plan(forks)


def keys(plan: ExecutionPlan, *names: str, submission: int = 0) -> dict[str, TaskKey]:
    steps = [plan.get_step_by_key(name) for name in names]
    return {step.key: task_key(step, "run", submission) for step in steps}


@pytest.fixture
def schedule(plan: ExecutionPlan) -> Schedule:
    made = Schedule(GrowingPlan(plan))
    made.submit(keys(plan, "a", "b", "c", "d", "e"))
    return made


def names(found: object) -> list[str]:
    return [str(key).removesuffix(".compute") for key in list(found)]  # type: ignore[call-overload]


def test_a_step_that_waits_holds_back_all_that_needs_it(schedule: Schedule) -> None:
    taken = schedule.postpone("a.compute", 5.0, (1, False))

    assert sorted(names(taken)) == ["a", "c", "d", "e"]
    assert names(schedule.on_cluster) == ["b"]
    assert schedule.take_due(4.9, set()) == {}
    assert schedule.take_due(5.0, set()) == {
        "a.compute": (1, False),
        "c.compute": None,
        "d.compute": None,
        "e.compute": None,
    }


def test_a_step_that_comes_to_be_known_is_held_back_with_what_it_needs(
    plan: ExecutionPlan,
) -> None:
    schedule = Schedule(GrowingPlan(plan))
    schedule.submit(keys(plan, "a", "b"))
    schedule.postpone("a.compute", 5.0, (1, False))

    assert schedule.hold_back("c.compute")
    assert schedule.hold_back("d.compute")
    assert not schedule.hold_back("b.compute")
    assert names(schedule.take_due(5.0, set())) == ["a", "c", "d"]


def test_a_step_that_is_due_comes_with_what_needs_nothing_else(
    schedule: Schedule, plan: ExecutionPlan
) -> None:
    schedule.postpone("a.compute", 5.0, (1, False))
    schedule.postpone("b.compute", 9.0, (1, False))

    first = schedule.take_due(5.0, set())
    assert names(first) == ["a", "c"]
    schedule.submit(keys(plan, "a", "c", submission=1))
    assert schedule.take_due(6.0, set()) == {}
    assert names(schedule.take_due(9.0, {"a.compute"})) == ["b", "d", "e"]


def test_a_step_that_has_its_end_is_off_the_cluster(schedule: Schedule) -> None:
    schedule.finish("a.compute")
    taken = schedule.postpone("c.compute", 0.0, (0, True))

    assert sorted(names(taken)) == ["c", "d", "e"]
    assert names(schedule.take_due(1.0, {"a.compute"})) == ["c", "d", "e"]


def test_a_step_is_not_given_to_the_cluster_for_ever(
    schedule: Schedule, plan: ExecutionPlan
) -> None:
    for number in range(1, MOST_SUBMISSIONS):
        assert not schedule.is_worn_out("a.compute")
        schedule.submit(keys(plan, "a", submission=number))
    assert schedule.is_worn_out("a.compute")


TASK: TaskKey = ("solid-run", "solid", 0)
OTHER: TaskKey = ("other-run", "other", 0)


def killed(task: TaskKey) -> KilledWorker:
    return KilledWorker(task, None, 3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("error", "has_begun", "is_so"),
    [
        (killed(TASK), False, True),
        (killed(TASK), True, False),
        (killed(OTHER), True, True),
        (ModuleNotFoundError("x"), False, False),
    ],
)
def test_a_step_is_blamed_for_what_it_was_seen_to_begin(
    error: BaseException, has_begun: bool, is_so: bool
) -> None:
    assert is_blameless(error, TASK, has_begun=has_begun) is is_so


@solid(tags={"dagster-dask/resource_requirements": '{"GPU": 1}'})
def on_gpu(_context):
    return 1


@pipeline
def with_gpu():
    source()
    on_gpu()


def test_what_no_worker_can_run_is_told_by_step() -> None:
    steps = create_execution_plan(with_gpu).steps

    assert unmet(steps, {"w": Offer({"GPU": 1.0})}) is None
    nobody, nobody_left = unmet(steps, {}), unmet(steps, {}, is_joined=False)
    assert isinstance(nobody, DagsterNoWorkersError)
    assert "dask worker" in str(nobody)
    assert isinstance(nobody_left, DagsterNoWorkersError)
    assert "made for the run" in str(nobody_left)
    assert "dask worker" not in str(nobody_left)
    trouble = unmet(steps, {"v": Offer({}), "w": Offer({"CPU": 1.0})})
    assert isinstance(trouble, DagsterUnmetResourcesError)
    assert trouble.step_key == "on_gpu.compute"


def test_a_wait_is_told_now_and_then_and_ends_in_an_error() -> None:
    patience, trouble = Patience(25.0), DagsterNoWorkersError("none")

    assert patience.look(trouble, 0.0) == Waiting("workers")
    assert patience.look(trouble, TELL_SECONDS - 1) is None
    assert patience.look(trouble, TELL_SECONDS) == Waiting("workers")
    with pytest.raises(DagsterNoWorkersError):
        patience.look(trouble, 25.0)


def test_a_wait_that_is_over_begins_anew() -> None:
    patience = Patience(25.0)
    trouble = DagsterUnmetResourcesError("a.compute", {"GPU": 1}, [])

    assert patience.look(trouble, 0.0) == Waiting("resource GPU", ("a.compute",))
    assert patience.look(None, 24.0) is None
    assert patience.look(trouble, 26.0) is not None
    assert patience.look(trouble, 27.0) is None
