"""Kernels that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_notebooks.kernel import Kernel, running_kernel


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel that the tests of a module share."""
    with running_kernel(tmp_path_factory.mktemp("kernel")) as kernel:
        yield kernel


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler and two workers, none of which knows any of the tests' code."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), 2) as cluster:
        yield cluster
