"""Containers of Hadoop YARN, by dask-yarn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagsterlite_dask.clusters.made import Recipe, asks_for_workers, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.clusters.packages import load_class


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Start a scheduler and workers in YARN's containers.

    Args:
        config: ``n_workers``, and the other arguments of dask-yarn's ``YarnCluster``.
        options: How it is used.

    Raises:
        MissingExtraError: dask-yarn is not installed.
        DagsterClusterError: its release does not work with this Dask: that of 2020 does not.
        DagsterInvalidConfigError: no worker is asked for, or an argument is wrong.
        DagsterClusterUnreachableError: the application does not come up.
    """
    options.refuse_security("yarn")
    cls = load_class("dask_yarn:YarnCluster", "yarn")
    asks_for_workers("yarn", config, options, ("n_workers",))
    recipe = Recipe(kind="yarn", make=cls, arguments=config, can_grow=True)
    with open_made(recipe, options) as opened:
        yield opened
