"""A DaskCluster of the Kubernetes operator, by dask-kubernetes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import yaml

from dagsterlite_dask.clusters.kube_owners import own_namespace, owner, remove_leftovers
from dagsterlite_dask.clusters.kube_spec import Spec, cluster_spec, marked, others, worker_groups
from dagsterlite_dask.clusters.kube_start import see_removed, start
from dagsterlite_dask.clusters.made import CLOSE_SECONDS, Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown
from dagsterlite_dask.clusters.packages import load_class

READY_SECONDS: Final = 300
"""How long the scheduler's pod may take, where ``resource_timeout`` does not say it."""

JOIN_SECONDS: Final = 30.0
"""How long at least it is tried to reach a scheduler that became ready only just in time."""


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Have the operator start a scheduler and workers in pods.

    Clusters of drivers that were killed are deleted before.

    Args:
        config: Arguments of dask-kubernetes' ``KubeCluster``, ``pod_spec``, ``container_spec`` and
            ``worker_groups``.
        options: How it is used.

    Raises:
        MissingExtraError: dask-kubernetes is not installed.
        DagsterInvalidConfigError: an argument is wrong.
        DagsterClusterUnreachableError: there is no operator, or the pods do not come up.
    """
    options.refuse_security("kube")
    _check(config, options)
    made_by = recipe(config, options)
    remove_leftovers(made_by.arguments["namespace"])
    is_kept = False
    try:
        with open_made(made_by, options) as opened:
            is_kept = options.shutdown is Shutdown.NEVER
            yield opened
    finally:
        if not is_kept:
            spec, namespace = (
                made_by.arguments[name] for name in ("custom_cluster_spec", "namespace")
            )
            see_removed(spec, namespace, CLOSE_SECONDS)


def recipe(config: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    """Return how a cluster of the operator is made."""
    make_spec = load_class("dask_kubernetes.operator:make_cluster_spec", "kube")
    cls = load_class("dagsterlite_dask.clusters.kube_join:JoinedCluster", "kube")
    groups = worker_groups(config, make_spec)

    def make(
        *, namespace: str | None, custom_cluster_spec: Spec, resource_timeout: float, **rest: Any
    ) -> Any:
        until = time.monotonic() + resource_timeout
        started = start(custom_cluster_spec, namespace, resource_timeout)
        left = max(until - time.monotonic(), JOIN_SECONDS)
        cluster = cls(seconds=left, name=started.name, namespace=started.namespace, **rest)
        try:
            for name, group in groups.items():
                cluster.add_group(name, group)
        except BaseException:
            cluster.close()
            raise
        return cluster

    make.__name__ = "KubeCluster"
    arguments = {
        "namespace": own_namespace(),
        "resource_timeout": READY_SECONDS,
        "quiet": True,
        **others(config, make_spec),
        "custom_cluster_spec": _spec(config, make_spec, options),
    }
    return Recipe(kind="kube", make=make, arguments=arguments, can_grow=True)


def _spec(config: Mapping[str, Any], make_spec: Any, options: ClusterOptions) -> Spec:
    spec = config.get("custom_cluster_spec")
    if isinstance(spec, str):
        spec = _read(spec, options)
    if spec is None:
        spec = cluster_spec(config, make_spec)
    _check_scheduler(spec, options)
    # One that is to be left is nobody's leftover.
    return marked(spec, {} if options.shutdown is Shutdown.NEVER else owner())


def _read(path: str, options: ClusterOptions) -> Spec:
    place = "cluster.kube.custom_cluster_spec"
    try:
        with open(path, encoding="utf-8") as file:
            spec = yaml.safe_load(file)
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise options.misfit(place, f"names a file that cannot be read: {exc}", path) from exc
    if not isinstance(spec, dict):
        raise options.misfit(place, f"names {path}, which holds no DaskCluster.", path)
    return spec


def _check_scheduler(spec: Mapping[str, Any], options: ClusterOptions) -> None:
    """Refuse a scheduler whose arguments dask-kubernetes would look for in vain."""
    place: Any = spec
    for name in ("spec", "scheduler", "spec", "containers"):
        place = place.get(name) if isinstance(place, Mapping) else None
    if place and place[0].get("args") is None:
        message = (
            "lacks args, in which dask-kubernetes looks for what the scheduler is told: give them, "
            "if only an empty list beside command."
        )
        where = "cluster.kube.custom_cluster_spec.spec.scheduler.spec.containers[0]"
        raise options.misfit(where, message, place[0])


def _check(config: Mapping[str, Any], options: ClusterOptions) -> None:
    """Refuse what would be overlooked, or refused once the cluster is made."""
    if config.get("custom_cluster_spec") is not None:
        for name in ("pod_spec", "container_spec"):
            if config.get(name) is not None:
                message = "is of no use beside custom_cluster_spec: say it there."
                raise options.misfit(f"cluster.kube.{name}", message, config[name])
    if "containers" in (config.get("pod_spec") or {}):
        message = "stands for the containers that are made: say by container_spec what they have."
        raise options.misfit("cluster.kube.pod_spec.containers", message, config["pod_spec"])
    if options.adapt is not None and not {"minimum", "maximum"} <= options.adapt.keys():
        message = "needs a minimum and a maximum: the operator's autoscaler asks for both."
        raise options.misfit("adapt", message, dict(options.adapt))
