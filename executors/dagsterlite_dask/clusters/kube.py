"""A DaskCluster of the Kubernetes operator, by dask-kubernetes."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from dagsterlite_dask.clusters.made import Recipe, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions, Shutdown
from dagsterlite_dask.clusters.packages import load_class

_WORKER: Final = "dask worker"
_SCHEDULER: Final = ("dask", "scheduler")


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Have the operator start a scheduler and workers in pods.

    Args:
        config: Arguments of dask-kubernetes' ``KubeCluster``.
        options: How it is used.

    Raises:
        MissingExtraError: dask-kubernetes is not installed.
        DagsterInvalidConfigError: an argument is wrong.
        DagsterClusterUnreachableError: there is no operator, or the pods do not come up.
    """
    options.refuse_security("kube")
    with open_made(recipe(config, options), options) as opened:
        yield opened


def recipe(config: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    """Return how a cluster of the operator is made.

    Its specification is written here: the package's own calls ``dask-scheduler`` and
    ``dask-worker``, which Dask has no more.
    """
    cls = load_class("dask_kubernetes.operator:KubeCluster", "kube")
    arguments = dict(config)
    if arguments.get("custom_cluster_spec") is None:
        spec = load_class("dask_kubernetes.operator:make_cluster_spec", "kube")
        arguments = {**_rest(arguments, spec), "custom_cluster_spec": _spec(arguments, spec)}
    if options.shutdown is Shutdown.NEVER:
        arguments["shutdown_on_close"] = False
    return Recipe(kind="kube", make=cls, arguments=arguments, can_grow=True)


def _rest(arguments: Mapping[str, Any], make_spec: Any) -> dict[str, Any]:
    described = inspect.signature(make_spec).parameters
    return {name: value for name, value in arguments.items() if name not in described}


def _spec(arguments: Mapping[str, Any], make_spec: Any) -> dict[str, Any]:
    described = inspect.signature(make_spec).parameters
    given = {name: value for name, value in arguments.items() if name in described}
    defaults = {
        "name": f"dagsterlite-{uuid.uuid4().hex[:10]}",
        "n_workers": 1,
        "worker_command": _WORKER,
    }
    wanted = {**defaults, **given}
    if isinstance(wanted["worker_command"], str):
        wanted["worker_command"] = wanted["worker_command"].split()
    made: dict[str, Any] = make_spec(**wanted)
    for container in made["spec"]["scheduler"]["spec"]["containers"]:
        if container["args"][:1] == ["dask-scheduler"]:
            container["args"][:1] = _SCHEDULER
    return made
