"""A client of a cluster for user code: what the resource of this shelf is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import Client

from dagsterlite_dask.clusters import open_cluster
from dagsterlite_dask.clusters.opened import wait_for_workers
from dagsterlite_dask.clusters.options import ClusterOptions


@contextmanager
def open_dask_client(config: Mapping[str, Any]) -> Iterator[Client]:
    """Open the cluster that a resource's config, resolved, asks for; give out a client of it.

    Raises:
        DagsterClusterError: the cluster is not there, or has too few workers in time.
        DagsterInvalidConfigError: the config is not what the kind of cluster takes.
        MissingExtraError: the kind needs a package that is not installed.
    """
    options = ClusterOptions.from_config(config, "resources.<dask_resource>.config")
    with open_cluster(config.get("cluster"), options) as cluster:
        wait_for_workers(cluster.client, options.wait_for_workers, options.worker_seconds)
        yield cluster.client
