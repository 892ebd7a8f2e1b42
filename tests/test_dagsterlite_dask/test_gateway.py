"""Clusters of a real Dask Gateway, made and joined."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite.errors import DagsterInvalidConfigError
from dagsterlite_dask.clusters import open_cluster
from dagsterlite_dask.clusters.options import ClusterOptions
from tests.test_dagsterlite_dask import gateway_server
from tests.test_dagsterlite_dask.gateway_server import GatewayServer
from tests.test_dagsterlite_dask.side import wait_until
from tests.test_dagsterlite_dask.simple_runs import is_gone, killed_driver_on, run_on

IDLE_SECONDS = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayServer]:
    with gateway_server.running(tmp_path_factory.mktemp("gateway"), IDLE_SECONDS) as server:
        yield server


def test_a_run_has_a_cluster_made_that_ends_with_it(server: GatewayServer) -> None:
    worker = run_on({"gateway": {**server.config, "n_workers": 1}})

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))
    assert server.clusters() == []


def test_its_workers_come_with_the_work(server: GatewayServer) -> None:
    worker = run_on({"gateway": server.config}, adapt={"minimum": 0, "maximum": 1})

    assert worker != os.getpid()
    wait_until(lambda: is_gone(worker))


def test_a_cluster_of_the_gateway_is_joined_and_left(server: GatewayServer) -> None:
    config = {"gateway": {**server.config, "n_workers": 1}}
    with open_cluster(config, ClusterOptions()):
        (name,) = server.clusters()
        joining = {"gateway": {**server.config, "cluster_name": name}}

        worker = run_on(joining)

        assert not is_gone(worker)
        assert run_on(joining) == worker
        assert server.clusters() == [name]
    wait_until(lambda: is_gone(worker))


def test_a_cluster_that_the_gateway_does_not_have_is_told(server: GatewayServer) -> None:
    with pytest.raises(DagsterInvalidConfigError, match=r"cluster\.gateway .* nowhere not found"):
        run_on({"gateway": {**server.config, "cluster_name": "nowhere"}})


def test_the_gateway_ends_the_cluster_of_a_driver_that_is_killed(
    server: GatewayServer, tmp_path: Path
) -> None:
    """After its idle_timeout: the run is ended on the cluster, which then does nothing."""
    with killed_driver_on({"gateway": {**server.config, "n_workers": 1}}, tmp_path) as worker:
        assert len(server.clusters()) == 1

    wait_until(lambda: is_gone(worker), 100)
    wait_until(lambda: server.clusters() == [])
