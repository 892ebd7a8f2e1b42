"""Wires that are cut while a run is under way: those of workers, and that of the driver."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    execute_pipeline,
    pipeline,
    reexecute_pipeline,
    solid,
)
from dagsterlite.errors import DagsterClusterLostError
from dagsterlite.events.engine import Waiting
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask import lookout, session
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, kill, left_behind, running_cluster
from tests.test_dagsterlite_dask.proxy import Proxy
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)
from tests.test_dagsterlite_dask.test_chaos import (
    assert_nothing_was_lost_or_done_twice,
    plan_of_many,
)
from tests.test_dagsterlite_dask.test_losses import details

RESUME = {"dagster/is_resume_retry": "true"}


@contextmanager
def wire_to(address: str) -> Iterator[Proxy]:
    proxy = Proxy(address)
    try:
        yield proxy
    finally:
        proxy.close()


@pytest.fixture
def side(tmp_path: Path) -> Path:
    folder = tmp_path / "side"
    folder.mkdir()
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster of this test alone, without workers yet."""
    (tmp_path / "logs").mkdir()
    with running_cluster(tmp_path / "logs") as made:
        yield made


@pytest.mark.timeout(300)
def test_workers_that_are_all_cut_off_from_the_scheduler_cost_no_step(
    cluster: Cluster, side: Path
) -> None:
    definition, expected = plan_of_many(5)
    with wire_to(cluster.address) as wire, DagsterInstance.ephemeral() as instance:
        for _ in range(2):
            cluster.add_worker(scheduler=wire.address)
        config = {**cluster.config(), **config_of(list(expected), side)}
        with in_background(
            lambda: execute_pipeline(definition, config, instance=instance), instance
        ) as found:
            wait_until(lambda: len(noted(side)) > 20)
            wire.cut()
            wait_until(lambda: not cluster.facts())
            wait_until(lambda: details(instance, Waiting))
            wire.mend()
            for _ in range(2):
                cluster.add_worker(scheduler=wire.address)
        (result,) = found
        assert not isinstance(result, BaseException), result
        assert_nothing_was_lost_or_done_twice(result, instance, expected, side)
        assert len(details(instance, Waiting)) >= 1


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def waits(context, number):
    folder = context.solid_config["folder"]
    note(folder, "began")
    try:
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.01)
    except BaseException:
        note(folder, "was stopped")
        raise
    return number + 1


@pipeline
def two_steps():
    waits(first())


@pytest.mark.parametrize("gone", ["the wire", "the scheduler"])
def test_a_run_that_lost_its_scheduler_fails_and_is_resumed(
    gone: str, cluster: Cluster, side: Path, tmp_path: Path
) -> None:
    cluster.add_worker()
    with wire_to(cluster.address) as wire, DagsterInstance.local_temp(str(tmp_path)) as instance:
        steps = config_of(["first", "waits"], side)
        far: dict[str, Any] = {"cluster": {"existing": {"address": wire.address}}}
        config = {**cluster.config(), "execution": {"dask": {"config": far}}, **steps}
        with in_background(
            lambda: execute_pipeline(two_steps, config, instance=instance), instance
        ) as found:
            wait_until(lambda: "began" in noted(side))
            (run,) = instance.get_runs()
            wait_until(lambda: "STEP_SUCCESS first.compute" in recorded(instance, run.run_id))
            wire.cut() if gone == "the wire" else kill(cluster.scheduler)
        assert isinstance(found[0], DagsterClusterLostError)
        assert instance.require_run(run.run_id).dagster_run.status is DagsterRunStatus.FAILURE
        assert_gap_free(logged(instance, run.run_id))
        wait_until(lambda: "was stopped" in noted(side))

        (side / "go").touch()
        with following(gone, cluster, tmp_path) as place:
            result = reexecute_pipeline(
                two_steps, run.run_id, {**place.config(), **steps}, tags=RESUME, instance=instance
            )
            assert result.output_for_solid("waits") == 2
            wait_until(lambda: left_behind(place) == {})
        assert noted(side) == {"first": 1, "began": 2, "was stopped": 1, "go": 0}
        assert_gap_free(logged(instance, result.run_id))


@contextmanager
def following(gone: str, cluster: Cluster, tmp_path: Path) -> Iterator[Cluster]:
    """Give out the cluster that the run is resumed on: the same, where there is one still."""
    if gone == "the wire":
        yield cluster
        return
    (tmp_path / "more_logs").mkdir()
    with running_cluster(tmp_path / "more_logs", 1) as another:
        yield another


def test_a_run_tells_of_a_scheduler_that_hangs_and_goes_on_when_it_does_not(
    cluster: Cluster, side: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "WATCH_SECONDS", 0.5)
    monkeypatch.setattr(session, "ANSWER_SECONDS", 0.5)
    cluster.add_worker()
    with DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["first", "waits"], side)}
        with in_background(
            lambda: execute_pipeline(two_steps, config, instance=instance), instance
        ) as found:
            wait_until(lambda: "began" in noted(side))
            os.kill(cluster.scheduler.pid, signal.SIGSTOP)
            try:
                wait_until(lambda: details(instance, Waiting))
            finally:
                os.kill(cluster.scheduler.pid, signal.SIGCONT)
            (side / "go").touch()
        assert found[0].output_for_solid("waits") == 2
        assert "the Dask scheduler" in {one.waits_for for one in details(instance, Waiting)}


def test_a_run_whose_scheduler_hangs_for_good_fails(
    cluster: Cluster, side: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "WATCH_SECONDS", 0.5)
    monkeypatch.setattr(session, "ANSWER_SECONDS", 0.5)
    cluster.add_worker()
    with DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(worker_timeout=2), **config_of(["first", "waits"], side)}
        with in_background(
            lambda: execute_pipeline(two_steps, config, instance=instance), instance
        ) as found:
            wait_until(lambda: "began" in noted(side))
            os.kill(cluster.scheduler.pid, signal.SIGSTOP)
        kill(cluster.scheduler)
        assert isinstance(found[0], DagsterClusterLostError)
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.FAILURE
