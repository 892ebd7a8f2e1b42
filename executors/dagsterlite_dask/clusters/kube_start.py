"""A DaskCluster object: created, waited for, and deleted again.

dask-kubernetes does this too, but waits for a phase of the object that its operator may never set
(two of its handlers race for it), without end for a pod that cannot start, and gives up at the
first answer of the API server that is none.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from dagsterlite.execution.away import once_back
from dagsterlite_dask.clusters.kube_api import (
    CONFLICT,
    NOT_FOUND,
    client,
    cluster_class,
    is_passing,
    status_of,
)
from dagsterlite_dask.clusters.kube_spec import Spec, token_of

LOOK_SECONDS: Final = 0.5

_logger = logging.getLogger(__name__)


def start(spec: Spec, namespace: str | None, seconds: float) -> Any:
    """Create a cluster, and return it as kr8s knows it once its scheduler is ready.

    One that does not come up stays, for :func:`see_removed`.

    Args:
        spec: Its specification, with a token.
        namespace: Where; None for the namespace that the client of Kubernetes is set to.
        seconds: How long the scheduler's pod may take, and an API server that is away.

    Raises:
        ConnectionError: the API server stays away.
        RuntimeError: Kubernetes refuses the cluster, e.g. because there is one of its name.
        TimeoutError: the pod is not ready in time; why, as far as Kubernetes tells.
    """
    until = time.monotonic() + seconds
    cluster = _created(spec, namespace, seconds)
    _wait_for_scheduler(cluster, until - time.monotonic())
    return cluster


def see_removed(spec: Spec, namespace: str | None, seconds: float) -> None:
    """Delete a cluster, however it came to be, and see it gone; nobody else's of its name.

    Args:
        spec: Its specification, with a token.
        namespace: Where it is; None as with :func:`start`.
        seconds: How long it is tried, e.g. while the API server restarts. A cluster that then is
            still there is told to the log.
    """
    until = time.monotonic() + seconds
    name = spec["metadata"]["name"]
    while True:
        try:
            is_removed = _is_removed(spec, namespace)
        except Exception as exc:
            if not is_passing(exc) or time.monotonic() > until:
                _logger.warning("Dask cluster %s may still be there.", name, exc_info=True)
                return
        else:
            if is_removed:
                return
            if time.monotonic() > until:
                _logger.warning("Dask cluster %s is deleted, and still there.", name)
                return
        time.sleep(LOOK_SECONDS)


def _is_removed(spec: Spec, namespace: str | None) -> bool:
    """Have a cluster deleted; return whether it was gone already."""
    import kr8s

    try:
        cluster = _object(spec, namespace)
        if not _is_there(cluster, spec):
            return True
        cluster.delete()
    except kr8s.NotFoundError:
        return True
    return False


def _created(spec: Spec, namespace: str | None, seconds: float) -> Any:
    import kr8s

    try:
        return once_back(
            lambda: _create(_object(spec, namespace), spec), is_away=is_passing, seconds=seconds
        )
    except kr8s.ServerError as exc:
        raise RuntimeError(_refusal(exc)) from exc
    except Exception as exc:
        if not is_passing(exc):
            raise
        raise ConnectionError(f"Kubernetes cannot be reached: {exc}") from exc


def _create(cluster: Any, spec: Spec) -> Any:
    import kr8s

    try:
        cluster.create()
    except kr8s.ServerError as exc:
        # It may have been created before, and the answer was lost.
        if status_of(exc) != CONFLICT or not _is_there(cluster, spec):
            raise
    return cluster


def _is_there(cluster: Any, spec: Spec) -> bool:
    """Return whether the cluster of a name is the one that was specified.

    Raises:
        NotFoundError: there is none; kr8s'.
    """
    cluster.refresh()
    return token_of(cluster.raw) == token_of(spec)


def _object(spec: Spec, namespace: str | None) -> Any:
    return cluster_class()(dict(spec), namespace=namespace, api=client())


def _refusal(error: Any) -> str:
    if status_of(error) == NOT_FOUND:
        return "Kubernetes knows no DaskCluster: install the operator of Dask (k8s/README.md)"
    return f"Kubernetes refuses the DaskCluster: {error}"


def _wait_for_scheduler(cluster: Any, seconds: float) -> None:
    until = time.monotonic() + seconds
    while True:
        is_over = time.monotonic() > until
        try:
            pods = _scheduler_pods(cluster)
        except Exception:
            # The API server restarts: the next look tells.
            if is_over:
                raise
        else:
            if any(_is_ready(pod) for pod in pods):
                return
            if is_over:
                raise TimeoutError(
                    f"the scheduler's pod is not ready after {seconds:g} seconds "
                    f"(resource_timeout): {'; '.join(_reasons(pods))}"
                )
        time.sleep(LOOK_SECONDS)


def _scheduler_pods(cluster: Any) -> list[Mapping[str, Any]]:
    from kr8s.objects import Pod

    selector = f"dask.org/cluster-name={cluster.name},dask.org/component=scheduler"
    found = cluster.api.get(Pod, namespace=cluster.namespace, label_selector=selector)
    return [pod.raw for pod in found]


def _is_ready(pod: Mapping[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", ())
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _reasons(pods: list[Mapping[str, Any]]) -> Iterator[str]:
    """Yield why there is no ready pod, as far as Kubernetes tells."""
    if not pods:
        yield "there is no such pod. Is the operator of Dask running?"
    for pod in pods:
        status = pod["status"]
        told = [one for one in status.get("conditions", ()) if one["status"] == "False"]
        told += [
            state
            for one in status.get("containerStatuses", ())
            for state in (one["state"].get("waiting"), one["state"].get("terminated"))
            if state is not None
        ]
        words = [one["message"] for one in told if one.get("message")]
        yield f"pod {pod['metadata']['name']}: {', '.join(words) or status.get('phase')}"
