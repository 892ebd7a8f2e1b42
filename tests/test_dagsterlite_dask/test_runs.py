"""Runs on a real cluster: its scheduler lacks dagsterlite, its workers the tests' modules."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask
import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    List,
    ModeDefinition,
    OutputDefinition,
    RetryRequested,
    execute_pipeline,
    execute_pipeline_iterator,
    pipeline,
    resource,
    solid,
)
from dagsterlite.errors import DagsterStepExecutionFailed
from dagsterlite.events.engine import AttemptSuperseded, Waiting
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask.session import Session
from tests.event_lists import assert_gap_free, logged, of_step, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)


@solid(output_defs=[OutputDefinition(int)], config_schema={"number": int})
def start(context):
    return context.solid_config["number"]


@solid(input_defs=[InputDefinition("number", int)], output_defs=[OutputDefinition(int)])
def add_one(context, number):
    context.log.info("got %s", number)
    return number + 1


@solid(input_defs=[InputDefinition("numbers", List[int])])
def total(_context, numbers):
    return sum(numbers)


@pipeline
def fan():
    number = start()
    total([add_one.alias(f"add_{i}")(number) for i in range(30)])


def fan_config(number: int) -> dict[str, Any]:
    return {"solids": {"start": {"config": {"number": number}}}}


def test_a_pipeline_runs_and_its_events_are_in_order(cluster: Cluster) -> None:
    with DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **fan_config(1)}
        result = execute_pipeline(fan, config, instance=instance)

        assert result.output_for_solid("total") == 60
        entries = logged(instance)
        assert_gap_free(entries)
        told = recorded(instance)
        done = told.index("STEP_SUCCESS start.compute")
        assert all(told.index(f"STEP_START add_{i}.compute") > done for i in range(30))
        begun = told.index("STEP_START total.compute")
        assert all(told.index(f"STEP_SUCCESS add_{i}.compute") < begun for i in range(30))


def test_runs_at_once_on_one_cluster_do_not_meet(cluster: Cluster, tmp_path: Path) -> None:
    def run(number: int) -> tuple[int, int, list[str]]:
        with DagsterInstance.local_temp(str(tmp_path / str(number))) as instance:
            config = {**cluster.config(), **fan_config(number)}
            result = execute_pipeline(fan, config, instance=instance)
            return number, result.output_for_solid("total"), recorded(instance)

    with ThreadPoolExecutor(3) as pool:
        for number, found, told in pool.map(run, [10, 20, 30]):
            assert found == 30 * (number + 1)
            assert len([t for t in told if t.startswith("STEP_START")]) == 32


def test_the_same_pipeline_runs_again_and_again(cluster: Cluster) -> None:
    for number in range(3):
        config = {**cluster.config(), **fan_config(number)}
        assert execute_pipeline(fan, config).output_for_solid("total") == 30 * (number + 1)


def test_a_graph_of_many_steps_is_not_warned_of(cluster: Cluster) -> None:
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 B"}):
        assert execute_pipeline(fan, {**cluster.config(), **fan_config(1)}).success


def test_events_are_heard_while_their_step_runs(cluster: Cluster, tmp_path: Path) -> None:
    @solid(config_schema=CONFIG)
    def waits(context):
        context.log.info("ready")
        while "go" not in os.listdir(context.solid_config["folder"]):
            time.sleep(0.01)

    @pipeline
    def waiting():
        waits()

    config = {**cluster.config(), **config_of(["waits"], tmp_path)}
    told = []
    for event in execute_pipeline_iterator(waiting, config):
        told.append(event.event_type_value)
        if event.is_step_start:
            (tmp_path / "go").touch()
    assert told[-1] == "PIPELINE_SUCCESS"


def test_a_step_with_a_resource_leaves_it_to_others_while_it_waits_for_a_retry(
    cluster: Cluster,
) -> None:
    tags = {"dagster-dask/resource_requirements": '{"GPU": 2}'}

    @solid(tags=tags)
    def retries(context):
        if context.retry_number == 0:
            raise RetryRequested(seconds_to_wait=0.5)
        return context.retry_number

    @solid(tags=tags)
    def uses_it(_context):
        return 1

    @pipeline
    def sharing():
        add_one(retries())
        uses_it()

    result = execute_pipeline(sharing, cluster.config())
    assert result.output_for_solid("add_one") == 2
    assert of_step(result, "retries")[:2] == ["STEP_START", "STEP_UP_FOR_RETRY"]
    assert of_step(result, "add_one").count("STEP_START") == 1


@pytest.fixture
def short_waits(cluster: Cluster) -> Iterator[Cluster]:
    """The shared cluster, whose tasks leave all longer waits to the driver."""

    def set_longest(seconds: float) -> None:
        attempts = __import__("dagsterlite_dask.attempts").attempts
        attempts.LONGEST_WAIT = seconds

    cluster.client.run(set_longest, 0.1)
    yield cluster
    cluster.client.run(set_longest, 10.0)


@pytest.mark.parametrize("storage", ["filesystem", "in_memory"])
def test_a_long_wait_is_the_drivers_and_holds_back_what_follows(
    storage: str, short_waits: Cluster
) -> None:
    @solid(output_defs=[OutputDefinition(int)])
    def retries_thrice(context):
        if context.retry_number < 3:
            raise RetryRequested(max_retries=3, seconds_to_wait=0.2)
        return context.retry_number

    @pipeline
    def long():
        number = retries_thrice()
        total([add_one.alias("a")(number), add_one.alias("b")(start())])

    kept: dict[str, Any] = {"intermediate_storage": {storage: {}}}
    result = execute_pipeline(long, {**short_waits.config(), **fan_config(5), **kept})

    assert result.output_for_solid("total") == 4 + 6
    assert of_step(result, "retries_thrice").count("STEP_RESTARTED") == 3
    del result
    gc.collect()


def test_lost_messages_are_fetched(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    heard = Counter[str]()
    hear = Session._hear

    def hear_a_third(self: Session, event: Any) -> None:
        heard["all"] += 1
        if heard["all"] % 3 == 0:
            hear(self, event)

    monkeypatch.setattr(Session, "_hear", hear_a_third)
    with DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **fan_config(1)}
        result = execute_pipeline(fan, config, instance=instance)

        assert result.output_for_solid("total") == 60
        assert_gap_free(logged(instance))
        starts = Counter(t for t in recorded(instance) if t.startswith("STEP_"))
        assert starts["STEP_START total.compute"] == 1
        assert len([t for t in starts if t.startswith("STEP_SUCCESS")]) == 32


def test_a_run_works_inside_a_running_event_loop(cluster: Cluster) -> None:
    async def run() -> int:
        config = {**cluster.config(), **fan_config(1)}
        found: int = execute_pipeline(fan, config).output_for_solid("total")
        return found

    assert asyncio.run(run()) == 60


def test_a_run_inside_a_step_uses_the_same_cluster(cluster: Cluster) -> None:
    @solid
    def runs_a_pipeline(_context):
        result = execute_pipeline(
            fan,
            {
                **fan_config(1),
                "execution": {"dask": {}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )
        return result.output_for_solid("total")

    @pipeline
    def outer():
        runs_a_pipeline.alias("one")()
        runs_a_pipeline.alias("two")()

    result = execute_pipeline(outer, cluster.config())
    assert result.output_for_solid("one") == result.output_for_solid("two") == 60


def test_a_step_that_ends_its_interpreter_fails(cluster: Cluster) -> None:
    @solid
    def leaves(_context):
        raise SystemExit(3)

    @pipeline
    def leaving():
        leaves()

    before = cluster.worker_pids()
    with pytest.raises(DagsterStepExecutionFailed, match="SystemExit"):
        execute_pipeline(leaving, cluster.config())
    assert cluster.worker_pids() == before


# --- workers that leave and come -----------------------------------------------------------------


@solid(config_schema=CONFIG)
def goes_slowly(context):
    folder = context.solid_config["folder"]
    number = note(folder, "began")
    while "go" not in os.listdir(folder):
        time.sleep(0.01)
    note(folder, "ended")
    return number


@pipeline
def slow():
    add_one(goes_slowly())


def test_of_two_copies_of_a_step_one_counts(tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 2) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["goes_slowly"], side)}
        with in_background(
            lambda: execute_pipeline(slow, config, instance=instance), instance
        ) as found:
            start = 'Started execution of step "goes_slowly.compute".'
            # What a worker has not sent yet is lost when the scheduler lets go of it.
            wait_until(lambda: messages(instance).count(start) == 1)
            (busy,) = [w for w, tasks in cluster.client.processing().items() if tasks]
            cluster.client.retire_workers([busy], close_workers=False)
            # Both copies were heard of.
            wait_until(lambda: messages(instance).count(start) == 2)
            (side / "go").touch()
        (result,) = found
        assert result.success
        assert_gap_free(logged(instance))
        told = recorded(instance)
        assert told.count("STEP_SUCCESS goes_slowly.compute") == 1
        details: list[Any] = [
            getattr(e.dagster_event.event_specific_data, "detail", None)
            for e in logged(instance)
            if e.dagster_event
        ]
        # Both may have gone on to the step behind it in their chain: of that one counts as well.
        found_late = [d for d in details if isinstance(d, AttemptSuperseded)]
        superseded = {d.attempt_id for d in found_late if d.step_key == "goes_slowly.compute"}
        starts = {e.attempt_id for e in logged(instance) if e.message == start}
        assert len(starts - superseded) == 1
        wait_until(lambda: left_behind(cluster) == {})


@solid(config_schema=CONFIG)
def notes_its_stop(context):
    folder = context.solid_config["folder"]
    number = note(folder, "began")
    try:
        while "go" not in os.listdir(folder):
            time.sleep(0.01)
    except BaseException:
        note(folder, "was stopped")
        raise
    return number


@pipeline
def stoppable():
    notes_its_stop()


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_step_that_a_worker_stops_as_it_leaves_runs_again_elsewhere(
    is_closed: bool, tmp_path: Path
) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 2) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["notes_its_stop"], side)}
        with in_background(
            lambda: execute_pipeline(stoppable, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(side).get("began") == 1)
            (busy,) = [w for w, tasks in cluster.client.processing().items() if tasks]
            cluster.client.retire_workers([busy], close_workers=is_closed)
            wait_until(lambda: noted(side).get("was stopped") == 1)
            wait_until(lambda: noted(side)["began"] == 2)
            (side / "go").touch()
        (result,) = found
        assert not isinstance(result, BaseException), result
        assert result.output_for_solid("notes_its_stop") == 2
        assert not any(told.startswith("STEP_FAILURE") for told in recorded(instance))
        assert_gap_free(logged(instance))


def test_a_run_waits_for_a_worker_when_the_last_has_gone(tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["goes_slowly"], side)}
        with in_background(
            lambda: execute_pipeline(slow, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(side).get("began") == 1)
            cluster.workers[0].kill()
            wait_until(lambda: "The run waits for workers" in str(messages(instance)))
            (side / "go").touch()
            cluster.add_worker()
        assert found[0].output_for_solid("add_one") == 3


def messages(instance: DagsterInstance) -> list[str]:
    return [entry.message for entry in logged(instance)] if instance.get_runs() else []


def test_a_run_that_waits_in_vain_fails(tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(worker_timeout=1), **config_of(["goes_slowly"], side)}
        with in_background(
            lambda: execute_pipeline(slow, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(side).get("began") == 1)
            cluster.workers[0].kill()
        assert "has no workers" in str(found[0])
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.FAILURE
        waits: list[Any] = [
            getattr(e.dagster_event.event_specific_data, "detail", None)
            for e in logged(instance)
            if e.dagster_event
        ]
        assert Waiting("workers") in waits


# --- workers of many threads ---------------------------------------------------------------------


@resource
def made(_context):
    yield (os.getpid(), time.monotonic_ns(), threading.get_ident())


@solid(required_resource_keys={"made"})
def chatters(context):
    for number in range(20):
        context.log.info("%s %s", context.solid.name, number)
        time.sleep(0.001)
    return context.resources.made


@pipeline(mode_defs=[ModeDefinition(resource_defs={"made": made})])
def chattering():
    for i in range(32):
        chatters.alias(f"chatters_{i}")()


def test_steps_of_one_process_share_its_resources_and_keep_their_logs_apart(
    tmp_path: Path,
) -> None:
    with (
        running_cluster(tmp_path, 1, threads=16) as cluster,
        DagsterInstance.ephemeral() as instance,
    ):
        result = execute_pipeline(chattering, cluster.config(), instance=instance)

        assert len({result.output_for_solid(f"chatters_{i}") for i in range(32)}) == 1
        entries = logged(instance)
        assert_gap_free(entries)
        said = [(e.step_key, e.user_message) for e in entries if e.dagster_event is None]
        for i in range(32):
            mine = [text for key, text in said if key == f"chatters_{i}.compute"]
            assert mine == [f"chatters_{i} {number}" for number in range(20)]
        wait_until(lambda: left_behind(cluster) == {})
