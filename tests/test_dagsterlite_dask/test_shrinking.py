"""A cluster that shrinks while a run is under way does so by workers that the run does not need."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import PipelineDefinition, execute_pipeline, pipeline, solid
from dagsterlite_dask.placement import RESOURCES_TAG
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import wait_until


@solid(config_schema={"folder": str})
def hold(context) -> int:
    folder = context.solid_config["folder"]
    with open(os.path.join(folder, "begun"), "w", encoding="utf-8"):
        pass
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.01)
    return 1


@solid(tags={RESOURCES_TAG: '{"GPU": 1}'})
def special(_context, number: int) -> int:
    return number


@pipeline
def held():
    hold()


@pipeline
def held_before_special():
    special(hold())


@pytest.fixture
def begin(
    cluster: Cluster, tmp_path: Path
) -> Iterator[Callable[[PipelineDefinition], Future[Any]]]:
    """Have a run come to where it waits; it goes on at the latest when the test ends."""
    with ThreadPoolExecutor(1) as pool:

        def begun(of: PipelineDefinition) -> Future[Any]:
            config = {**cluster.config(), "solids": {"hold": {"config": {"folder": str(tmp_path)}}}}
            run = pool.submit(execute_pipeline, of, config)
            wait_until(lambda: run.done() or (tmp_path / "begun").exists())
            return run

        yield begun
        (tmp_path / "go").touch()


def spared(cluster: Cluster) -> set[str]:
    """Return the workers that stay, even where the cluster is to have none."""

    def to_close(dask_scheduler: Any = None) -> list[str]:
        found: list[str] = dask_scheduler.workers_to_close(n=len(dask_scheduler.workers))
        return found

    to_go: list[str] = cluster.client.run_on_scheduler(to_close)
    return set(cluster.worker_pids()) - set(to_go)


def test_a_worker_that_runs_a_step_stays_and_an_idle_one_goes(
    cluster: Cluster, begin: Callable[[PipelineDefinition], Future[Any]], tmp_path: Path
) -> None:
    run = begin(held)
    assert len(spared(cluster)) == 1

    (tmp_path / "go").touch()
    assert run.result().success
    assert spared(cluster) == set()


def test_a_worker_that_offers_what_a_step_to_come_asks_for_stays(
    cluster: Cluster, begin: Callable[[PipelineDefinition], Future[Any]], tmp_path: Path
) -> None:
    run = begin(held_before_special)
    offering = {address for address, facts in cluster.facts().items() if facts["resources"]}
    assert offering <= spared(cluster)

    (tmp_path / "go").touch()
    assert run.result().success
    assert spared(cluster) == set()
