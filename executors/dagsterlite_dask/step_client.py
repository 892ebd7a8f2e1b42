"""A client of the cluster that a step runs on, for the step's own work there."""

from __future__ import annotations

import _thread
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from distributed import Client, LocalCluster

from dagsterlite.execution.interrupts import Interrupts
from dagsterlite_dask.clusters import current
from dagsterlite_dask.clusters.opened import connect
from dagsterlite_dask.clusters.options import ClusterOptions

_MEND: Final = "Look what became of it, and execute the run again."
_OPTIONS: Final = ClusterOptions(where="context.dask_client")


@contextmanager
def open_step_client(interrupts: Interrupts) -> Iterator[Client]:
    """Give out a client of the cluster that this step, or else this process, works with.

    On a worker, the step leaves its place to what it waits for. Where there is no cluster, one of
    threads in this process is made. What the client computes ends with the step, also where the
    run is canceled.

    Args:
        interrupts: Those of the run.

    Raises:
        DagsterClusterUnreachableError: the scheduler does not answer.
    """
    with ExitStack() as stack:
        client = stack.enter_context(_client(stack))
        stack.enter_context(interrupts.watched_by(_Closing(client)))
        yield client


def _client(stack: ExitStack) -> Client:
    if current.is_there():
        stack.enter_context(current.place_left())
        return stack.enter_context(current.open_cluster({}, _OPTIONS)).client
    threads = LocalCluster(n_workers=1, processes=False, dashboard_address=":0")
    return connect(stack.enter_context(threads), _MEND)


class _Closing:
    """Closes a client when its step is to stop: who waits for a result hears of it at once."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    def request(self, reason: BaseException) -> None:
        # A Thread takes locks to start, which a signal handler may find taken.
        _thread.start_new_thread(self._client.close, ())
