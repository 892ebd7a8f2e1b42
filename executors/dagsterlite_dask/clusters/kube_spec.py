"""What the Kubernetes operator is asked for: the specification of a DaskCluster; pure."""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final

Spec = dict[str, Any]

MakeSpec = Callable[..., Spec]
"""dask-kubernetes' ``make_cluster_spec``."""

OURS: Final = {"app.kubernetes.io/managed-by": "dagsterlite"}
"""The labels by which the clusters that are made here are found, and their pods."""

_KNOWN_BY: Final = "dagsterlite/token"
"""The annotation by which a cluster is known from another one of its name."""

_OF_PODS: Final = ("pod_spec", "container_spec")
_WORKER: Final = "dask worker"
_SCHEDULER: Final = ("dask", "scheduler")


def cluster_spec(config: Mapping[str, Any], make_spec: MakeSpec) -> Spec:
    """Return the specification of a cluster.

    It is written here: the package's own calls ``dask-scheduler`` and ``dask-worker``, which Dask
    has no more.

    Args:
        config: Arguments of ``make_cluster_spec``, all of them optional, and ``pod_spec`` and
            ``container_spec``: what is laid over each pod and over each container.
        make_spec: Makes a specification of the arguments.
    """
    given = {name: value for name, value in config.items() if name in _described(make_spec)}
    wanted = {"name": new_name(), "n_workers": 1, "worker_command": _WORKER, **given}
    if isinstance(wanted["worker_command"], str):
        wanted["worker_command"] = wanted["worker_command"].split()
    made = make_spec(**wanted)
    for part in (made["spec"]["scheduler"], made["spec"]["worker"]):
        part["spec"] = _pod(part["spec"], config)
    return made


def worker_groups(config: Mapping[str, Any], make_spec: MakeSpec) -> dict[str, Spec]:
    """Return the specifications of the further groups of workers, by name.

    What a group does not say is as with the cluster's other workers.
    """
    groups = config.get("worker_groups") or ()
    common = {name: value for name, value in config.items() if name != "worker_groups"}
    made = {
        group["name"]: cluster_spec({**common, **group, "name": new_name()}, make_spec)
        for group in groups
    }
    return {name: spec["spec"]["worker"] for name, spec in made.items()}


def marked(spec: Mapping[str, Any], annotations: Mapping[str, str]) -> Spec:
    """Return a specification with a name, if it had none, our labels, annotations, and a token."""
    metadata = spec.get("metadata") or {}
    return {
        **spec,
        "metadata": {
            "name": new_name(),
            **metadata,
            "labels": {**OURS, **(metadata.get("labels") or {})},
            "annotations": {
                **(metadata.get("annotations") or {}),
                **annotations,
                _KNOWN_BY: uuid.uuid4().hex,
            },
        },
    }


def token_of(cluster: Mapping[str, Any]) -> str | None:
    """Return the token of a cluster, or of its specification; None where it is not ours."""
    token: str | None = (cluster["metadata"].get("annotations") or {}).get(_KNOWN_BY)
    return token


def others(config: Mapping[str, Any], make_spec: MakeSpec) -> dict[str, Any]:
    """Return what a config says of the cluster but not of its specification."""
    ours = {*_described(make_spec), *_OF_PODS, "worker_groups", "custom_cluster_spec"}
    return {name: value for name, value in config.items() if name not in ours}


def new_name() -> str:
    """Return a name that no cluster has."""
    return f"dagsterlite-{uuid.uuid4().hex[:10]}"


def _described(make_spec: MakeSpec) -> set[str]:
    return set(inspect.signature(make_spec).parameters)


def _pod(pod: Spec, config: Mapping[str, Any]) -> Spec:
    containers = [_container(one, config) for one in pod["containers"]]
    return {**pod, **(config.get("pod_spec") or {}), "containers": containers}


def _container(container: Spec, config: Mapping[str, Any]) -> Spec:
    if container["args"][:1] == ["dask-scheduler"]:
        container = {**container, "args": [*_SCHEDULER, *container["args"][1:]]}
    return {**container, **(config.get("container_spec") or {})}
