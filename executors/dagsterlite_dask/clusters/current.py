"""The cluster that this process works with already: that of its Dask client, or of its task."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from distributed import Client, default_client, get_worker, rejoin, secede

from dagsterlite.execution.interrupts import of_this_thread
from dagsterlite_dask.clusters.opened import OpenedCluster, connect
from dagsterlite_dask.clusters.options import ClusterOptions

_MEND: Final = "Make a client that is connected, or name a cluster in {}.cluster."


def is_there() -> bool:
    """Return whether this process works with a cluster."""
    return _task_worker() is not None or _client() is not None


@contextmanager
def open_cluster(_config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Give out a client beside the one that is there; that one is left alone.

    Raises:
        DagsterClusterUnreachableError: the scheduler does not answer within ten seconds.
    """
    options.refuse_adapt("current")
    mend = _MEND.format(options.where)
    worker, client = _task_worker(), _client()
    if worker is not None:
        more = {"security": worker.security, **options.client_options()}
        with connect(worker.scheduler.address, mend, **more) as beside:
            yield OpenedCluster(client=beside, is_joined=True)
        return
    assert client is not None
    with client_beside(client, mend, options) as beside:
        yield OpenedCluster(client=beside, is_joined=True)


def client_beside(client: Client, mend: str, options: ClusterOptions) -> Client:
    """Return a client of the scheduler that another client works with.

    Raises:
        DagsterClusterUnreachableError: the scheduler does not answer within ten seconds.
    """
    assert client.scheduler is not None
    more = {"security": client.security, **options.client_options()}
    return connect(client.scheduler.address, mend, **more)


@contextmanager
def place_left() -> Iterator[None]:
    """Leave this task's place on its worker to others while the block runs, where this is a task.

    Who waits for other tasks does: these may need that place. A step that is to stop does not wait
    for its place again.
    """
    if _task_worker() is None:
        yield
        return
    step = of_this_thread()
    secede()
    try:
        yield
    finally:
        if step is None or step.reason is None:
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
