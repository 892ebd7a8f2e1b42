"""Dask's own work inside steps, on the cluster that they run on."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dask.base import compute
from dask.delayed import delayed
from distributed import Client, LocalCluster

from dagsterlite import DagsterInstance, InputDefinition, execute_pipeline, pipeline, solid
from dagsterlite.errors import DagsterRunCanceledError
from tests.event_lists import logged
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def double(number: int) -> int:
    return 2 * number


@solid
def computes(context):
    client = context.dask_client
    assert context.dask_client is client
    lazy = [delayed(double)(number) for number in range(5)]
    by_client = sum(client.gather(client.compute(lazy)))
    by_itself = sum(compute(*lazy))
    return by_client + by_itself + sum(client.gather(client.map(double, range(3))))


@solid(input_defs=[InputDefinition("numbers")])
def goes_on(context, numbers):
    return numbers + context.dask_client.submit(double, 1).result()


@pipeline
def nested():
    goes_on(computes())
    computes.alias("beside")()


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One worker of one thread."""
    with running_cluster(tmp_path_factory.mktemp("narrow"), 1, preload="") as cluster:
        yield cluster


def test_a_step_does_not_wait_for_itself_on_one_thread(narrow: Cluster) -> None:
    result = execute_pipeline(nested, narrow.config())

    assert result.output_for_solid("goes_on") == 48
    wait_until(lambda: left_behind(narrow) == {})
    assert clients_of(narrow) <= {narrow.client.id}


def clients_of(cluster: Cluster) -> set[str]:
    """Return the clients of a scheduler, without those that workers keep for themselves."""

    def ask(dask_scheduler: Any) -> list[str]:
        return list(dask_scheduler.clients)

    found = cluster.client.run_on_scheduler(ask)
    return {name for name in found if name != "fire-and-forget" and "-worker-" not in name}


@pytest.mark.parametrize("execution", [{"in_process": {}}, {"multiprocess": {"max_concurrent": 1}}])
def test_it_is_the_same_without_a_cluster_of_ones_own(execution: dict[str, dict[str, int]]) -> None:
    result = execute_pipeline(nested, {"execution": execution, **QUIET})

    assert result.output_for_solid("goes_on") == 48


@solid
def address(context):
    return context.dask_client.scheduler_info()["address"]


@pipeline
def addressed():
    address()


def test_in_one_process_it_is_the_cluster_of_the_processs_client() -> None:
    with (
        LocalCluster(n_workers=1, processes=False, dashboard_address=":0") as cluster,
        Client(cluster) as client,
    ):
        result = execute_pipeline(addressed, QUIET)

        assert result.output_for_solid("address") == cluster.scheduler_address
        assert client.status == "running"


def wait_for_gate(folder: str) -> None:
    note(folder, "began")
    while not os.path.exists(os.path.join(folder, "gate")):
        time.sleep(0.01)


@solid(config_schema=CONFIG)
def computes_long(context):
    client = context.dask_client
    client.gather(client.map(wait_for_gate, [context.solid_config["folder"]] * 3))


@pipeline
def long():
    computes_long()


def test_what_a_step_computes_is_canceled_with_it(narrow: Cluster, tmp_path: Path) -> None:
    side = tmp_path / "side"
    side.mkdir()
    config = {**narrow.config(), **config_of(["computes_long"], side)}
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        with in_background(
            lambda: execute_pipeline(long, config, instance=instance), instance
        ) as found:
            wait_until(lambda: "began" in noted(side))
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        assert isinstance(found[0], DagsterRunCanceledError)
        messages = [entry.message for entry in logged(instance, run.run_id)]
        assert not any("has not stopped" in message for message in messages)
    (side / "gate").touch()
    wait_until(lambda: left_behind(narrow) == {})
    assert noted(side)["began"] == 1
