"""The kinds of clusters that a run or a resource can use: one small file a kind, one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dagsterlite_dask.clusters import (
    batch,
    current,
    custom,
    existing,
    gateway,
    given,
    kube,
    local,
    ssh,
    yarn,
)
from dagsterlite_dask.clusters.made import OpenCluster
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown

KINDS: Final[Mapping[str, OpenCluster]] = {
    "current": current.open_cluster,
    "existing": existing.open_cluster,
    "local": local.open_cluster,
    "ssh": ssh.open_cluster,
    **{system: batch.opener(system) for system in batch.SYSTEMS},
    "yarn": yarn.open_cluster,
    "kube": kube.open_cluster,
    "gateway": gateway.open_cluster,
    "custom": custom.open_cluster,
}


@contextmanager
def open_cluster(
    config: Mapping[str, Any] | None, options: ClusterOptions, handed_over: Any = None
) -> Iterator[OpenedCluster]:
    """Open a cluster; close it, or leave it, as ``shutdown`` says.

    Args:
        config: The kind and, by it, its config; None for the cluster that this process works
            with already, and where there is none for a local one.
        options: How it is used.
        handed_over: A client, a cluster or a function that makes one, in place of the config.

    Raises:
        DagsterInvalidConfigError: the config is not what the kind takes.
        MissingExtraError: the kind needs a package that is not installed.
        DagsterClusterUnreachableError: the cluster is not there, or does not come up.
    """
    with _opened(config, options, handed_over) as cluster:
        try:
            yield cluster
        finally:
            if cluster.is_joined and options.shutdown is Shutdown.ALWAYS:
                cluster.client.shutdown()


def _opened(config: Mapping[str, Any] | None, options: ClusterOptions, handed_over: Any) -> Any:
    if handed_over is not None:
        return given.open_given(handed_over, options)
    if not config:
        config = {"current" if current.is_there() else "local": None}
    ((kind, details),) = config.items()
    return KINDS[kind](details or {}, options)
