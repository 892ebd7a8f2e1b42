"""A cluster on this machine, started for the run and closed after it."""

from __future__ import annotations

import inspect
import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Final

from dask.system import CPU_COUNT
from distributed import Client, LocalCluster, Nanny, Worker
from distributed.worker_memory import parse_memory_limit

from dagsterlite.errors import (
    DagsterClusterUnreachableError,
    DagsterInvalidConfigError,
    DagsterNoWorkersError,
    near,
)
from dagsterlite_dask.clusters.made import Recipe, kept, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster, connect, wait_for_workers
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.clusters.processes import Members, running_cluster

WORKER_SECONDS: Final = 60.0
"""How long workers have to come up on a busy machine."""

TIMEOUT: Final = "timeout"
"""Names how long the scheduler, when it is there, has to answer the client, in seconds."""

_MEND: Final = "Look what this machine is busy with, and execute the run again."
_OURS: Final = frozenset({"n_workers", "threads_per_worker", "host", "dashboard_address"})


@contextmanager
def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
    """Start a scheduler and workers, and open a client on them.

    Args:
        config: ``n_workers``, ``threads_per_worker`` and ``timeout``, all optional, and arguments
            of Dask's workers. An argument that only Dask's ``LocalCluster`` has makes one of that
            class; so do ``adapt`` and ``security``.
        options: How it is used.

    Raises:
        DagsterInvalidConfigError: an argument is neither.
        DagsterClusterUnreachableError: the cluster does not come up.
    """
    arguments = {name: value for name, value in config.items() if value is not None}
    if TIMEOUT in arguments:
        waiting = {TIMEOUT: arguments.pop(TIMEOUT), **options.client_kwargs}
        options = replace(options, client_kwargs=waiting)
    needs_theirs = options.adapt is not None or options.security is not None
    if _check(arguments, options) or needs_theirs:
        with open_made(_recipe(arguments, options), options) as opened:
            yield opened
        return
    with ExitStack() as stack:
        client = stack.enter_context(_started(arguments, options))
        with kept(stack, options):
            yield OpenedCluster(client=client, is_joined=False)


def _recipe(arguments: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    more = {} if options.security is None else {"security": options.tls()}
    wanted = {"dashboard_address": ":0", **more, **arguments}
    return Recipe(kind="local", make=LocalCluster, arguments=wanted)


@contextmanager
def _started(arguments: Mapping[str, Any], options: ClusterOptions) -> Iterator[Client]:
    """Start processes of ours, and open a client on them."""
    rest = dict(arguments)
    sizes = (rest.pop("n_workers", None), rest.pop("threads_per_worker", None))
    count, threads = _size(*sizes, options)
    host = rest.pop("host", "127.0.0.1")
    scheduler = {
        "host": host,
        "port": 0,
        "dashboard": True,
        "dashboard_address": rest.pop("dashboard_address", ":0"),
    }
    workers = {
        "host": host,
        "nthreads": threads,
        "silence_logs": logging.ERROR,
        "memory_limit": parse_memory_limit("auto", 1, count, logger=logging.getLogger(__name__)),
        **rest,
    }
    with (
        running_cluster(scheduler, workers, count) as members,
        connect(members.address(), _MEND, **options.client_options()) as client,
    ):
        _wait(client, members, count)
        yield client


def _check(arguments: Mapping[str, Any], options: ClusterOptions) -> bool:
    """Return whether only a LocalCluster takes the arguments."""
    of_workers = {*_parameters(Worker), *_parameters(Nanny)}
    of_clusters = _parameters(LocalCluster) - of_workers - _OURS
    known = of_workers | of_clusters | _OURS | {TIMEOUT}
    unknown = sorted(arguments.keys() - known)
    if unknown:
        name = unknown[0]
        raise DagsterInvalidConfigError(
            f"{options.where}.cluster.local: neither Dask's workers nor its LocalCluster "
            f"take an argument '{name}'.{near(name, known)}",
            (),
            dict(arguments),
        )
    return bool(arguments.keys() & of_clusters)


def _parameters(cls: type) -> set[str]:
    found = inspect.signature(cls).parameters.values()
    return {p.name for p in found if p.kind is not inspect.Parameter.VAR_KEYWORD}


def _size(workers: int | None, threads: int | None, options: ClusterOptions) -> tuple[int, int]:
    for name, number in (("n_workers", workers), ("threads_per_worker", threads)):
        if number is not None and number < 1:
            message = f"must be 1 or more, not {number}."
            raise options.misfit(f"cluster.local.{name}", message, number)
    if workers is None:
        return max(1, CPU_COUNT // (threads or 1)), threads or 1
    return workers, threads or max(1, math.ceil(CPU_COUNT / workers))


def _wait(client: Client, members: Members, count: int) -> None:
    try:
        wait_for_workers(client, count, WORKER_SECONDS, members.check)
    except DagsterNoWorkersError as exc:
        raise DagsterClusterUnreachableError(
            f"The {count} Dask workers that were started for the run are not up after "
            f"{WORKER_SECONDS:g} seconds. {_MEND}"
        ) from exc
