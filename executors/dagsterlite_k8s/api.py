"""The calls to Kubernetes that launching takes: thin, and nothing is decided here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Final, Protocol

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from dagsterlite.errors import DagsterLaunchFailedError
from dagsterlite.execution.away import once_back
from dagsterlite_k8s.manifest import CONTAINER, RUN_ID
from dagsterlite_k8s.troubles import JobView

AWAY_SECONDS: Final = 30.0
"""How long the API server may be away where a Job is to be created or deleted."""

_SECONDS: Final = 30.0
_AWAY: Final = frozenset({429, 500, 502, 503, 504})
"""What is answered by a server, or a balancer before it, that is not ready yet; by 500 also one
whose database elects a leader."""

_CONFLICT: Final = 409
_NOT_FOUND: Final = 404
_TAIL_BYTES: Final = 100_000
_PAGE: Final = 200


class _Call(Protocol):
    def __call__(self, *arguments: Any, **keywords: Any) -> Any: ...


class KubernetesApi:
    """The Jobs of one namespace.

    Args:
        namespace: The namespace.
        load_incluster_config: Whether this process is a pod of the cluster.
        kubeconfig_file: Where else the cluster is described (default: ``$KUBECONFIG``).

    Raises:
        DagsterLaunchFailedError: the cluster's address or credentials are not found.
    """

    def __init__(
        self, namespace: str, *, load_incluster_config: bool, kubeconfig_file: str | None
    ) -> None:
        self._namespace = namespace
        configuration = client.Configuration()
        try:
            if load_incluster_config:
                config.load_incluster_config(client_configuration=configuration)
            else:
                config.load_kube_config(kubeconfig_file, client_configuration=configuration)
        except config.ConfigException as exc:
            raise DagsterLaunchFailedError(_without_cluster(exc, load_incluster_config)) from exc
        # The caller looks again itself, and says how long a look may take.
        configuration.retries = False
        self._client = client.ApiClient(configuration)
        self._batch = client.BatchV1Api(self._client)
        self._core = client.CoreV1Api(self._client)

    def create_job(self, manifest: Mapping[str, Any]) -> bool:
        """Create a Job; return whether it was not there before.

        Raises:
            DagsterLaunchFailedError: the API refuses it, cannot be reached, or has a Job of that
                name that is of another run.
        """
        metadata = manifest["metadata"]
        with _told(f"Job {metadata['name']} cannot be created"):
            try:
                self._once_back(self._batch.create_namespaced_job, body=dict(manifest))
            except ApiException as exc:
                if exc.status != _CONFLICT:
                    raise
            else:
                return True
        self._check_is_of(metadata["name"], metadata["annotations"][RUN_ID])
        return False

    def _check_is_of(self, name: str, run_id: str) -> None:
        view = self.view(name, with_events=False)
        owner = {} if view is None else view.job["metadata"].get("annotations", {})
        if owner.get(RUN_ID) != run_id:
            raise DagsterLaunchFailedError(
                f"the namespace {self._namespace} has a Job {name} already that is not of run "
                f"{run_id}. Delete it: kubectl delete job {name} -n {self._namespace}"
            )

    def view(self, name: str, *, with_events: bool = True) -> JobView | None:
        """Return a Job as it stands, or None.

        Args:
            name: Its name.
            with_events: Whether to ask what the cluster tells of it and of its pods.

        Raises:
            DagsterLaunchFailedError: the API refuses to tell, or cannot be reached.
        """
        with _told(f"Job {name} cannot be read"):
            try:
                job = self._json(self._batch.read_namespaced_job, name)
            except ApiException as exc:
                if exc.status == _NOT_FOUND:
                    return None
                raise
            pods = self._pods(name)
            names = [name, *(pod["metadata"]["name"] for pod in pods)] if with_events else []
            events = [event for one in names for event in self._events(one)]
        return JobView(job=job, pods=pods, events=events)

    def _events(self, name: str) -> list[dict[str, Any]]:
        selector = f"involvedObject.name={name}"
        events: list[dict[str, Any]] = self._json(
            self._core.list_namespaced_event, field_selector=selector
        )["items"]
        return events

    def _pods(self, job: str) -> list[dict[str, Any]]:
        selector = f"job-name={job}"
        pods = self._json(self._core.list_namespaced_pod, label_selector=selector)["items"]
        return sorted(pods, key=lambda pod: pod["metadata"].get("creationTimestamp") or "")

    def delete_job(self, name: str) -> bool:
        """Delete a Job and its pods; return whether it was there.

        Raises:
            DagsterLaunchFailedError: the API refuses to, or cannot be reached.
        """
        with _told(f"Job {name} cannot be deleted"):
            try:
                delete = self._batch.delete_namespaced_job
                self._once_back(delete, name, propagation_policy="Background")
            except ApiException as exc:
                if exc.status == _NOT_FOUND:
                    return False
                raise
        return True

    def log(self, job: str) -> str:
        """Return the last of what the driver in a Job's latest pod printed.

        Raises:
            DagsterLaunchFailedError: the API refuses to tell, or cannot be reached.
        """
        with _told(f"The log of Job {job} cannot be read"):
            for pod in reversed(self._pods(job)):
                try:
                    data = self._bytes(
                        self._core.read_namespaced_pod_log,
                        pod["metadata"]["name"],
                        container=CONTAINER,
                        tail_lines=1000,
                    )
                except ApiException as exc:
                    # A pod that has not started has no log, and one that is gone has none more.
                    if exc.status not in {400, _NOT_FOUND}:
                        raise
                else:
                    return data[-_TAIL_BYTES:].decode("utf-8", "replace")
        return ""

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _json(self, call: _Call, *names: str, **keywords: Any) -> Any:
        return json.loads(self._bytes(call, *names, **keywords))

    def _once_back(self, call: _Call, *names: str, **keywords: Any) -> None:
        """Call what may be repeated, once the API server is back."""
        work = partial(self._json, call, *names, **keywords)
        once_back(work, is_away=_is_away, seconds=AWAY_SECONDS)

    def _bytes(self, call: _Call, *names: str, **keywords: Any) -> bytes:
        """Call without the client's own models: those of a newer server know other fields."""
        response = call(
            *names,
            namespace=self._namespace,
            _preload_content=False,
            _request_timeout=_SECONDS,
            **keywords,
        )
        data: bytes = response.data
        return data


def _is_away(error: Exception) -> bool:
    if isinstance(error, ApiException):
        return error.status in _AWAY
    # A balancer's page is no JSON.
    return isinstance(error, (urllib3.exceptions.HTTPError, json.JSONDecodeError))


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except ApiException as exc:
        raise DagsterLaunchFailedError(f"{what}: {_words_of(exc)}") from exc
    except urllib3.exceptions.HTTPError as exc:
        raise DagsterLaunchFailedError(
            f"{what}: the Kubernetes API cannot be reached: {exc}"
        ) from exc
    except json.JSONDecodeError as exc:
        text = "what answers in place of the Kubernetes API speaks no JSON"
        raise DagsterLaunchFailedError(f"{what}: {text}: {exc.doc[:_PAGE]!r}") from exc
    except (config.ConfigException, OSError) as exc:
        raise DagsterLaunchFailedError(f"{what}: there are no credentials: {exc}") from exc


def _words_of(error: ApiException) -> str:
    try:
        text = json.loads(error.body or "")["message"]
    except (TypeError, ValueError, KeyError):
        text = error.reason
    mend = (
        " Give the launcher's service account a Role with that right; k8s/base has one."
        if error.status == 403  # noqa: PLR2004 - HTTP's forbidden
        else ""
    )
    return f"the API answers {error.status}: {text}{mend}"


def _without_cluster(error: Exception, is_inside: bool) -> str:
    mend = (
        "This process is no pod: set run_launcher.config.load_incluster_config: false."
        if is_inside
        else "Name a file that describes it: run_launcher.config.kubeconfig_file, or $KUBECONFIG."
    )
    return f"the Kubernetes cluster is not known: {error} {mend}"
