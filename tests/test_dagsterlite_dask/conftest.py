"""Clusters that the tests of this folder share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from distributed import Client

from tests.test_dagsterlite_dask import slurm_server, ssh_server
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import wait_until

# What needs a server that is not installed is not collected; the end of the tests says so.
collect_ignore = [
    *([] if ssh_server.PROGRAM else ["test_ssh.py"]),
    *([] if slurm_server.IS_THERE else ["test_slurm.py"]),
]


@pytest.fixture(scope="session")
def shared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two workers with nannies, each of one thread; one of them offers resources."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.add_worker(nanny=True)
        cluster.add_worker(nanny=True, resources={"GPU": 2})
        yield cluster


@pytest.fixture
def cluster(shared_cluster: Cluster) -> Iterator[Cluster]:
    """The shared cluster, which a test must leave clean and complete."""
    yield shared_cluster
    shared_cluster.client.wait_for_workers(2, timeout=30)
    until = time.monotonic() + 5
    while left_behind(shared_cluster) and time.monotonic() < until:
        time.sleep(0.05)
    assert left_behind(shared_cluster) == {}


@pytest.fixture(autouse=True)
def _no_client_left() -> Iterator[None]:
    """Wait for clients that close in the background: one that lost its cluster takes its time."""
    before = set(Client._instances)
    yield
    wait_until(lambda: all(client.status == "closed" for client in _since(before)))


def _since(before: set[Client]) -> set[Client]:
    return set(Client._instances) - before
