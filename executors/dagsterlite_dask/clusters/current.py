"""The cluster that this process works with already: that of its Dask client, or of its task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from distributed import Client, default_client, get_worker, rejoin, secede

from dagsterlite_dask.clusters.connect import connect

_MEND = "Make a client that is connected, or name a cluster in execution.dask.config.cluster."


def is_there() -> bool:
    """Return whether this process works with a cluster."""
    return _task_worker() is not None or _client() is not None


def open_client(_config: Mapping[str, Any]) -> AbstractContextManager[Client]:
    """Return a client beside the one that is there; that one is left alone.

    A run inside a task of the cluster leaves the task's place to its own steps meanwhile.

    Raises:
        DagsterClusterUnreachableError: the scheduler does not answer within ten seconds.
    """
    worker, client = _task_worker(), _client()
    if worker is not None:
        return _seceded(connect(worker.scheduler.address, _MEND, security=worker.security))
    assert client is not None
    assert client.scheduler is not None
    return connect(client.scheduler.address, _MEND, security=client.security)


@contextmanager
def _seceded(client: Client) -> Iterator[Client]:
    with client:
        secede()
        try:
            yield client
        finally:
            rejoin()


def _task_worker() -> Any:
    try:
        return get_worker()
    except ValueError:
        return None


def _client() -> Client | None:
    try:
        client = default_client()
    except ValueError:
        return None
    return client if client.scheduler is not None else None
