"""A DaskCluster object: created, waited for, and deleted again where it does not come up.

dask-kubernetes does this too, but waits for a phase of the object that its operator may never set
(two of its handlers race for it), and without end for a pod that cannot start.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from dagsterlite.execution.away import once_back

LOOK_SECONDS: Final = 0.5

_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SERVER_ERRORS: Final = 500

_logger = logging.getLogger(__name__)


def start(spec: Mapping[str, Any], namespace: str | None, seconds: float) -> Any:
    """Create a cluster, and return it as kr8s knows it once its scheduler is ready.

    Args:
        spec: Its specification.
        namespace: Where; None for the namespace that the client of Kubernetes is set to.
        seconds: How long the scheduler's pod may take, and an API server that is away.

    Raises:
        ConnectionError: the API server stays away.
        RuntimeError: Kubernetes refuses the cluster, e.g. because there is one of its name.
        TimeoutError: the pod is not ready in time; why, as far as Kubernetes tells.
    """
    until = time.monotonic() + seconds
    cluster = _created(spec, namespace, seconds)
    try:
        _wait_for_scheduler(cluster, until - time.monotonic())
    except BaseException:
        remove(cluster)
        raise
    return cluster


def remove(cluster: Any) -> None:
    """Delete a cluster, if it is still there."""
    import kr8s

    with suppress(kr8s.NotFoundError):
        cluster.delete()


def see_removed(name: str, namespace: str | None, seconds: float) -> None:
    """Delete a cluster that its closing may have left, e.g. while the API server restarted.

    Args:
        name: The cluster's name.
        namespace: Where it is; None as with :func:`start`.
        seconds: How long it is tried. A cluster that then is still there is told to the log.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            _delete(name, namespace)
        except Exception:
            if time.monotonic() > until:
                _logger.warning("Dask cluster %s may still be there.", name, exc_info=True)
                return
            time.sleep(LOOK_SECONDS)
        else:
            return


def _delete(name: str, namespace: str | None) -> None:
    import kr8s

    with suppress(kr8s.NotFoundError):
        _class().get(name, namespace=namespace).delete()


def _class() -> Any:
    from kr8s.objects import new_class

    return new_class("DaskCluster", "kubernetes.dask.org/v1")


def _created(spec: Mapping[str, Any], namespace: str | None, seconds: float) -> Any:
    import httpx
    import kr8s

    cluster = _class()(dict(spec), namespace=namespace)

    def create_again() -> None:
        try:
            cluster.create()
        except kr8s.ServerError as exc:
            # It was created, and the answer was lost.
            if _status_of(exc) != _CONFLICT:
                raise

    lost = (httpx.TransportError, kr8s.APITimeoutError)

    def is_away(error: Exception) -> bool:
        is_refused = isinstance(error, kr8s.ServerError)
        return _status_of(error) >= _SERVER_ERRORS if is_refused else isinstance(error, lost)

    try:
        once_back(cluster.create, again=create_again, is_away=is_away, seconds=seconds)
    except kr8s.ServerError as exc:
        raise RuntimeError(_refusal(exc)) from exc
    except lost as exc:
        raise ConnectionError(f"Kubernetes cannot be reached: {exc}") from exc
    return cluster


def _status_of(error: Any) -> int:
    return 0 if error.response is None else int(error.response.status_code)


def _refusal(error: Any) -> str:
    if _status_of(error) == _NOT_FOUND:
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
    import kr8s

    selector = f"dask.org/cluster-name={cluster.name},dask.org/component=scheduler"
    found = kr8s.get("pods", namespace=cluster.namespace, label_selector=selector)
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
