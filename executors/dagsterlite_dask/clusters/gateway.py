"""A cluster of Dask Gateway: made for a use, or joined by its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagsterlite_dask.clusters.made import Recipe, asks_for_workers, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster, connect
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown
from dagsterlite_dask.clusters.packages import load_class


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Have a gateway start a cluster, or join one of its clusters.

    Args:
        config: ``cluster_name`` to join, or ``n_workers``; and the other arguments of
            dask-gateway's ``GatewayCluster``.
        options: How it is used.

    Raises:
        MissingExtraError: dask-gateway is not installed.
        DagsterInvalidConfigError: no worker is asked for, or an argument is wrong.
        DagsterClusterUnreachableError: the gateway does not answer, or the cluster does not start.
    """
    options.refuse_security("gateway")
    if config.get("cluster_name") is None:
        with open_made(recipe(config, options), options) as opened:
            yield opened
        return
    options.refuse_adapt("gateway")
    with joining(config).cluster(options) as cluster:
        mend = f"Mend {options.where}.cluster.gateway.cluster_name."
        with connect(cluster, mend, **options.client_options()) as client:
            # Whoever made it may have asked for workers that are not there yet.
            yield OpenedCluster(client=client, is_joined=True, can_grow=True)
        if options.shutdown is Shutdown.ALWAYS:
            cluster.shutdown()


def recipe(config: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    """Return how a cluster of the gateway is made."""
    cls = _load_class()
    asks_for_workers("gateway", config, options, ("n_workers",))
    arguments = dict(config)
    count = arguments.pop("n_workers", None)
    if options.shutdown is Shutdown.NEVER:
        arguments["shutdown_on_close"] = False

    def make(**arguments: Any) -> Any:
        cluster = cls(**arguments)
        if count:
            cluster.scale(count)
        return cluster

    make.__name__ = cls.__name__
    return Recipe(kind="gateway", make=make, arguments=arguments, can_grow=True)


def joining(config: Mapping[str, Any]) -> Recipe:
    """Return how one of the gateway's clusters is joined."""
    cls = _load_class()
    return Recipe(kind="gateway", make=cls.from_name, arguments=config)


def _load_class() -> Any:
    """Return the class of the gateway's clusters, which this Dask lets go of in silence."""
    cls: Any = load_class("dask_gateway:GatewayCluster", "gateway")

    class GatewayCluster(cls):  # type: ignore[misc]
        def close(self, shutdown: bool | None = None) -> None:
            super().close(shutdown)
            # Its gateway, closed with it, closes itself again as it is collected, unless it is
            # asynchronous; the loop that it then asks for is gone, and Python tells of an error.
            self.gateway._asynchronous = True  # noqa: SLF001

    return GatewayCluster
