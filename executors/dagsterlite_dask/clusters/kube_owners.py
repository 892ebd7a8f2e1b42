"""Whose a cluster of the operator is; those of drivers that are gone are found and deleted.

The driver of a run closes its cluster. One that is killed cannot, and the pod that takes the run
over makes a cluster of its own: so whoever makes one looks for those that nobody has any more.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable
from typing import Any, Final

from dagsterlite_dask.clusters.kube_api import client, cluster_class
from dagsterlite_dask.clusters.kube_spec import OURS

DRIVER: Final = "dagsterlite/driver-pod"
"""The annotation of a cluster that says which pod made it: its namespace, name and uid."""

_NAMESPACE_FILE: Final = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
_SELECTOR: Final = ",".join(f"{name}={value}" for name, value in OURS.items())
_ENDED: Final = frozenset({"Succeeded", "Failed"})

_logger = logging.getLogger(__name__)


def own_namespace() -> str | None:
    """Return the namespace of the pod that this process is in; None outside of pods."""
    if not os.path.exists(_NAMESPACE_FILE):
        return None
    with open(_NAMESPACE_FILE, encoding="utf-8") as file:
        return file.read().strip()


def owner() -> dict[str, str]:
    """Return the annotations of a cluster that this process makes; none outside of pods."""
    namespace = own_namespace()
    if namespace is None:
        return {}
    name = socket.gethostname()
    try:
        pod = _pod(namespace, name)
    except Exception:
        _logger.warning("The cluster cannot tell of pod %s/%s.", namespace, name, exc_info=True)
        return {}
    return {} if pod is None else {DRIVER: f"{namespace}/{name}/{pod.metadata.uid}"}


def remove_leftovers(namespace: str | None) -> None:
    """Delete the clusters of a namespace whose drivers' pods are gone or have ended.

    Args:
        namespace: The namespace; None for the one that the client of Kubernetes is set to.
    """
    # A cluster that is left costs money; a run that fails because of it costs more.
    try:
        for cluster in _clusters(namespace):
            if _is_left(cluster):
                _logger.warning("Dask cluster %s is deleted: its driver is gone.", cluster.name)
                cluster.delete()
    except Exception:
        _logger.warning("Dask clusters that were left were not looked for.", exc_info=True)


def _is_left(cluster: Any) -> bool:
    driver = cluster.annotations.get(DRIVER)
    if driver is None:
        return False
    namespace, name, uid = driver.split("/")
    pod = _pod(namespace, name)
    return pod is None or pod.metadata.uid != uid or pod.status.get("phase") in _ENDED


def _pod(namespace: str, name: str) -> Any:
    """Return a pod, or None where there is none of that name."""
    import kr8s
    from kr8s.objects import Pod

    pod = Pod(name, namespace=namespace, api=client())
    try:
        pod.refresh()
    except kr8s.NotFoundError:
        return None
    return pod


def _clusters(namespace: str | None) -> Iterable[Any]:
    found: Iterable[Any] = client().get(
        cluster_class(), namespace=namespace, label_selector=_SELECTOR
    )
    return found
