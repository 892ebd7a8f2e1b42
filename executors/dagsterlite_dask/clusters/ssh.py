"""Hosts that are reached by SSH: a scheduler on the first, workers on the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from distributed import SSHCluster

from dagsterlite_dask.clusters.made import Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.clusters.packages import load_class


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Start a scheduler and workers over SSH.

    Args:
        config: ``hosts``, and the other arguments of Dask's ``SSHCluster``.
        options: How it is used.

    Raises:
        MissingExtraError: asyncssh is not installed.
        DagsterInvalidConfigError: fewer than two hosts are named, or an argument is wrong.
        DagsterClusterUnreachableError: a host cannot be reached, or its command does not start.
    """
    load_class("asyncssh:connect", "ssh")
    if len(config["hosts"]) < 2:  # noqa: PLR2004 - one for the scheduler, one for a worker
        message = "must name the scheduler's host and at least one worker's (maybe the same)."
        raise options.misfit("cluster.ssh.hosts", message, config["hosts"])
    arguments = dict(config)
    if options.security is not None:
        arguments["security"] = options.tls()
    recipe = Recipe(kind="ssh", make=SSHCluster, arguments=arguments)
    with open_made(recipe, options) as opened:
        yield opened
