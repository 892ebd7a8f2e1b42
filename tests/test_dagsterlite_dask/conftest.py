"""Clusters that the tests of this folder share."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster


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
