"""Where, when and how many at a time: what tags and run config ask of a cluster."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    RetryPolicy,
    composite_solid,
    create_execution_plan,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    DagsterNoWorkersError,
    DagsterUnmetResourcesError,
)
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.placement import Offer, Placement, Placements, placement_of
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


def step_of(definition: Any) -> Any:
    @pipeline
    def alone():
        definition()

    (step,) = create_execution_plan(alone).steps
    return step


def tagged(**tags: Any) -> Any:
    @solid(
        tags={name.replace("__", "/").replace("_dask/", "-dask/"): v for name, v in tags.items()}
    )
    def asks(_context):
        from distributed import get_worker

        return get_worker().name

    return asks


# --- tags ---


def test_one_tag_holds_all_wishes_and_stands_over_the_others() -> None:
    wishes = {"resources": {"GPU": 1}, "priority": 7, "workers": "w", "allow_other_workers": True}
    step = step_of(tagged(dagster__priority=1, dagsterlite__dask=wishes))

    found = placement_of(step)

    assert found == Placement(7, (("GPU", 1.0),), ("w",), allow_other_workers=True)
    assert found.annotations == {
        "priority": 7,
        "resources": {"GPU": 1.0},
        "workers": ["w"],
        "allow_other_workers": True,
    }


def test_what_the_one_tag_does_not_say_the_others_do() -> None:
    step = step_of(
        tagged(
            dagster__priority=3,
            dagster_dask__resource_requirements={"GPU": 2},
            dagsterlite__dask={"workers": ["a", "b"]},
        )
    )

    assert placement_of(step) == Placement(3, (("GPU", 2.0),), ("a", "b"))


@pytest.mark.parametrize(
    "wishes",
    [
        "no JSON",
        [1],
        {"prority": 1},
        {"priority": "high"},
        {"priority": True},
        {"resources": 1},
        {"resources": {"GPU": 0}},
        {"resources": {"GPU": "many"}},
        {"workers": []},
        {"workers": [1]},
        {"allow_other_workers": 1},
    ],
)
def test_a_tag_that_is_wrong_is_told_with_its_solid(wishes: Any) -> None:
    step = step_of(tagged(dagsterlite__dask=wishes))

    with pytest.raises(DagsterInvariantViolationError, match="Tag 'dagsterlite/dask' of solid"):
        placement_of(step)


@pytest.mark.parametrize("wish", ["tcp://10.0.0.1:99", "10.0.0.1:99", "10.0.0.1", "anna"])
def test_a_worker_is_named_by_address_host_or_name(wish: str) -> None:
    offers = {"tcp://10.0.0.1:99": Offer({}, "anna"), "tcp://10.0.0.2:99": Offer({}, "otto")}

    assert Placement(workers=(wish,)).is_offered_by(offers)
    assert not Placement(workers=("10.0.0.3",)).is_offered_by(offers)
    assert Placement(workers=("10.0.0.3",), allow_other_workers=True).is_offered_by(offers)


# --- run config ---


@composite_solid
def outer():
    return tagged(dagster__priority=1).alias("inner")()


@pipeline
def nested():
    outer()


def test_run_config_stands_over_tags_by_the_path_of_the_solid() -> None:
    plan = create_execution_plan(nested)
    placements = Placements({"outer.inner": {"workers": ["w"], "priority": None}}, "here")

    placements.check(plan)

    assert placements(plan.steps[0]) == Placement(1, (), ("w",))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"outer.iner": {}}, "names 'outer.iner'.*outer.inner"),
        ({"outer.inner": {"resources": {"GPU": -1.0}}}, "here.outer.inner: resource 'GPU'"),
        ({"outer.inner": {"workers": []}}, "here.outer.inner: 'workers'"),
    ],
)
def test_wishes_in_run_config_that_are_wrong_are_told(
    overrides: dict[str, Any], message: str
) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=message):
        Placements(overrides, "here").check(create_execution_plan(nested))


# --- on a cluster ---


@pytest.mark.parametrize("from_config", [False, True])
def test_a_step_runs_on_the_worker_that_it_names(cluster: Cluster, from_config: bool) -> None:
    facts = cluster.facts()
    for worker in facts.values():
        wishes = {"workers": [str(worker["name"])]}
        asks = tagged() if from_config else tagged(dagsterlite__dask=wishes)

        @pipeline
        def placed(asks=asks):
            for number in range(4):
                asks.alias(f"asks_{number}")()

        more = {f"asks_{number}": wishes for number in range(4)} if from_config else {}
        result = execute_pipeline(placed, cluster.config(placement=more))

        found = {str(result.output_for_solid(f"asks_{number}")) for number in range(4)}
        assert found == {str(worker["name"])}


def test_a_worker_that_is_not_there_is_told_before_anything_runs(cluster: Cluster) -> None:
    @pipeline
    def placed():
        tagged().alias("asks")()

    with pytest.raises(DagsterNoWorkersError, match="may run on workers 'nobody' only"):
        execute_pipeline(placed, cluster.config(placement={"asks": {"workers": ["nobody"]}}))
    wishes = {"asks": {"resources": {"GPU": 5.0}}}
    with pytest.raises(DagsterUnmetResourcesError, match="GPU=5"):
        execute_pipeline(placed, cluster.config(placement=wishes))


# --- limits by tags ---


def limits(*config: dict[str, Any]) -> TagLimits:
    return TagLimits.from_config(config, "here")


def test_a_limit_counts_the_steps_of_a_tag() -> None:
    one, two = step_of(tagged(db="a")), step_of(tagged(db="b"))
    other = step_of(tagged(team="x"))
    found = limits({"key": "db", "limit": 1})

    assert found.hold(one)
    assert not found.hold(other)
    assert found.take(one)
    assert not found.take(two)
    found.give_back(one.key)
    assert found.take(two)


def test_a_limit_may_be_for_one_value_or_for_each() -> None:
    one, two = step_of(tagged(db="a")), step_of(tagged(db="b"))

    of_a = limits({"key": "db", "value": "a", "limit": 1})
    assert of_a.hold(one)
    assert not of_a.hold(two)
    of_each = limits({"key": "db", "value": {"applyLimitPerUniqueValue": True}, "limit": 1})
    assert of_each.take(one)
    assert of_each.take(two)


def test_a_limit_below_one_is_told() -> None:
    with pytest.raises(DagsterInvalidConfigError, match=r"here\[0\]\.limit must be 1 or more"):
        limits({"key": "db", "limit": 0})


@solid(config_schema=CONFIG, tags={"db": "a"})
def uses_database(context):
    began = time.time()
    time.sleep(0.15)
    return began, time.time()


@solid(
    config_schema=CONFIG,
    tags={"db": "a"},
    input_defs=[InputDefinition("before")],
    retry_policy=RetryPolicy(max_retries=1, delay=0.01),
)
def uses_it_again(context, before):
    if context.retry_number == 0:
        raise ValueError("try again")
    began = time.time()
    time.sleep(0.05)
    return began, time.time()


@solid(input_defs=[InputDefinition("of")])
def after(_context, of):
    return of


NAMES = [f"uses_{number}" for number in range(4)] + [f"again_{number}" for number in range(2)]


@pipeline
def database():
    for number in range(4):
        used = uses_database.alias(f"uses_{number}")()
        if number < 2:
            used = uses_it_again.alias(f"again_{number}")(used)
        after.alias(f"after_{number}")(used)


def most_at_once(spans: list[tuple[float, float]]) -> int:
    return max(sum(a <= began < b for a, b in spans) for began, _ in spans)


@pytest.mark.parametrize("executor", ["dask", "multiprocess"])
def test_no_more_steps_of_a_tag_run_at_once_than_they_may(
    executor: str, cluster: Cluster, tmp_path: Path
) -> None:
    limit = {"tag_concurrency_limits": [{"key": "db", "value": "a", "limit": 1}]}
    config = cluster.config(**limit)
    if executor == "multiprocess":
        config["execution"] = {"multiprocess": {"max_concurrent": 2, **limit}}
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = execute_pipeline(
            database, {**config, **config_of(NAMES, tmp_path)}, instance=instance
        )

        assert result.success
        assert most_at_once([result.output_for_solid(name) for name in NAMES]) == 1
        for number in range(4):
            result.output_for_solid(f"after_{number}")


@solid(tags={"db": "a"})
def fails(_context):
    raise ValueError("no")


def test_a_failed_step_gives_its_turn_back_and_what_needs_it_is_abandoned(
    cluster: Cluster,
) -> None:
    @pipeline
    def failing():
        for number in range(3):
            uses_it_again.alias(f"again_{number}")(fails.alias(f"fails_{number}")())

    config = cluster.config(tag_concurrency_limits=[{"key": "db", "limit": 1}])
    names = [f"again_{number}" for number in range(3)]
    result = execute_pipeline(
        failing, {**config, **config_of(names, Path("/"))}, raise_on_error=False
    )

    assert not result.success
    failed = {e.step_key for e in result.event_list if e.is_step_failure}
    assert failed == {f"fails_{number}.compute" for number in range(3)}
