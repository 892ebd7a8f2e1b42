"""Jobs of batch systems, by dask-jobqueue: one table for its seven classes."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import dask
from distributed import Status

from dagsterlite.errors import DagsterClusterUnreachableError
from dagsterlite_dask.clusters.made import OpenCluster, Recipe, asks_for_workers, open_made
from dagsterlite_dask.clusters.opened import OpenedCluster
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.clusters.packages import load_class

SYSTEMS: Final = {
    "slurm": "SLURMCluster",
    "pbs": "PBSCluster",
    "sge": "SGECluster",
    "lsf": "LSFCluster",
    "oar": "OARCluster",
    "moab": "MoabCluster",
    "htcondor": "HTCondorCluster",
}


def opener(system: str) -> OpenCluster:
    """Return what opens a cluster of a batch system."""

    @contextmanager
    def open_cluster(config: Mapping[str, Any], options: ClusterOptions) -> Iterator[OpenedCluster]:
        made_by = recipe(system, config, options)
        _check_command(system, options)
        with open_made(made_by, options) as opened:
            yield opened

    return open_cluster


def _check_command(system: str, options: ClusterOptions) -> None:
    """Refuse a machine from which no job can be submitted: no worker would ever come.

    Raises:
        DagsterClusterUnreachableError: it is one.
    """
    cls = load_class(f"dask_jobqueue:{SYSTEMS[system]}", "jobqueue")
    command = cls.job_cls.submit_command.split()[0]
    if shutil.which(command) is None:
        raise DagsterClusterUnreachableError(
            f"{options.where}.cluster.{system}: this machine has no command '{command}', by which "
            "jobs are submitted. Execute the run on one of the batch system's hosts."
        )


def _interpreter(cls: Any) -> dict[str, str]:
    """Return the interpreter of the jobs, where Dask's own config names none: this one, as a word.

    dask-jobqueue writes it into a shell script as it is, also where its path holds a space.
    """
    if dask.config.get(f"jobqueue.{cls.job_cls.config_name}.python", None) is not None:
        return {}
    return {"python": shlex.quote(sys.executable)}


def _job_class(cls: Any) -> Any:
    """Return the class of a cluster's jobs, which tell of their end.

    Dask looks whether each has come to it and else breaks off before it has closed the cluster;
    dask-jobqueue's own do not tell.
    """

    class Job(cls.job_cls):  # type: ignore[misc]
        async def close(self) -> None:
            await super().close()
            self.status = Status.closed

    return Job


async def _scale(cluster: Any, size: Mapping[str, int]) -> None:
    """Have the jobs submitted; scaling alone leaves that, and what is refused, to the loop.

    Raises:
        RuntimeError: the batch system refuses one, or its answer names none; holds what it says.
    """
    cluster.scale(**size)
    try:
        await cluster._correct_state()  # noqa: SLF001 - awaiting the cluster submits what is refused again
    except ValueError as exc:
        raise RuntimeError(str(exc)) from exc


def recipe(system: str, config: Mapping[str, Any], options: ClusterOptions) -> Recipe:
    """Return how a cluster of a batch system is made.

    Args:
        system: A key of :data:`SYSTEMS`.
        config: ``n_workers`` or ``jobs``, and the other arguments of dask-jobqueue's class.
        options: How it is used.

    Raises:
        MissingExtraError: dask-jobqueue is not installed.
        DagsterInvalidConfigError: no worker is asked for.
    """
    cls = load_class(f"dask_jobqueue:{SYSTEMS[system]}", "jobqueue")
    asks_for_workers(system, config, options, ("n_workers", "jobs"))
    arguments = {"job_cls": _job_class(cls), **_interpreter(cls), **config}
    workers, jobs = arguments.pop("n_workers", None), arguments.pop("jobs", None)
    size = {"jobs": jobs} if jobs else {"n": workers}
    if options.security is not None:
        arguments["security"] = options.tls()

    def make(**arguments: Any) -> Any:
        with ExitStack() as stack:
            cluster = cls(**arguments)
            stack.callback(cluster.close)
            if jobs or workers:
                cluster.sync(_scale, cluster, size)
            stack.pop_all()
            return cluster

    make.__name__ = cls.__name__
    return Recipe(kind=system, make=make, arguments=arguments, can_grow=True)
