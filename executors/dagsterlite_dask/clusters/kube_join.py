"""Dask's object of a cluster in Kubernetes, joined once its scheduler can really be reached.

dask-kubernetes gives up at the first answer that is none. And for a moment after a Service is made
a node's proxy may not know it yet: whoever connects then reaches somebody else.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from typing import Any, Final

import kr8s
from dask_kubernetes.operator import KubeCluster  # type: ignore[import-untyped]
from distributed.core import Status

from dagsterlite.execution.away import once_back
from dagsterlite_dask.clusters.kube_api import (
    ANSWER_SECONDS,
    CONFLICT,
    NOT_FOUND,
    is_passing,
    status_of,
)
from dagsterlite_dask.clusters.kube_owners import own_namespace
from dagsterlite_dask.clusters.kube_spec import Spec
from dagsterlite_dask.clusters.opened import reason_of

TRY_SECONDS: Final = 60.0
"""How long the last try may take at least, and how long it may take to let go."""

LOOK_SECONDS: Final = 0.5

_logger = logging.getLogger(__name__)


class JoinedCluster(KubeCluster):  # type: ignore[misc]
    """A cluster that exists, and that others delete.

    Args:
        seconds: How long it is tried to join it, and then how long to give it what it lacks.
        arguments: Those of ``KubeCluster``.

    Raises:
        ConnectionError: its scheduler cannot be reached.
    """

    def __init__(self, *, seconds: float, **arguments: Any) -> None:
        self._until = time.monotonic() + seconds
        # What dask-kubernetes deletes at the end of the process it may have made only halfway.
        arguments["shutdown_on_close"] = False
        try:
            super().__init__(**arguments)
        except BaseException:
            with suppress(TimeoutError):
                self.close()
            raise

    def add_group(self, name: str, spec: Spec) -> None:
        """Add a group of workers, which nobody else adds.

        Args:
            name: Its name.
            spec: The specification of its workers.
        """
        add = partial(self.add_worker_group, name, custom_spec=spec)

        def add_again() -> None:
            try:
                add()
            except kr8s.ServerError as exc:
                # It was added, and the answer was lost.
                if status_of(exc) != CONFLICT:
                    raise

        once_back(add, again=add_again, is_away=is_passing, seconds=self._left())

    def adapt(self, minimum: int | None = None, maximum: int | None = None) -> None:
        """Have the operator size the cluster between a minimum and a maximum of workers."""
        adapt = partial(super().adapt, minimum=minimum, maximum=maximum)
        once_back(adapt, is_away=_is_passing_here, seconds=self._left())

    def close(self, timeout: float = TRY_SECONDS) -> None:
        """Let go of the cluster, and end the thread that talked to it.

        Args:
            timeout: How many seconds that may take.
        """
        if getattr(self, "status", Status.closed) is Status.closed:
            return
        try:
            self.sync(self._close, callback_timeout=timeout)
        finally:
            self._loop_runner.stop()

    def _left(self) -> float:
        return self._until - time.monotonic()

    async def _start(self) -> None:
        told = ""
        while True:
            try:
                await asyncio.wait_for(self._try_to_join(), max(self._left(), TRY_SECONDS))
            except Exception as exc:
                await self._drop()
                if not _is_passing_here(exc):
                    raise
                words = _words(exc)
                if self._left() < 0:
                    raise ConnectionError(f"its scheduler is not reached: {words}") from exc
                if words != told:
                    _logger.warning("Dask cluster %s is tried again: %s", self.name, words)
                told = words
            else:
                return
            await asyncio.sleep(LOOK_SECONDS)

    async def _try_to_join(self) -> None:
        # All that is asked on this loop is asked by this client, as long as somebody holds it.
        self._client = await asyncio.wait_for(kr8s.asyncio.api(), ANSWER_SECONDS)
        self._client.timeout = ANSWER_SECONDS
        await super()._start()

    async def _drop(self) -> None:
        """Let go of what a try has opened."""
        with suppress(OSError):
            await self._close()
        self.scheduler_comm = self._watch_worker_status_comm = None
        self._watch_worker_status_task = self._sync_cluster_info_task = None
        self.status = Status.created

    async def _create_cluster(self) -> None:
        raise ConnectionError("Kubernetes does not tell of the cluster")

    async def _get_scheduler_address(self) -> str:
        # Its own way would take a name that is not known yet for a sign of being outside.
        if own_namespace() is not None and not self.port_forward_cluster_ip:
            host = f"{self.name}-scheduler.{self.namespace}"
            await asyncio.get_running_loop().getaddrinfo(host, None)
        address: str = await super()._get_scheduler_address()
        return address

    async def _watch_component_status(self) -> None:
        """Ask for what nobody sees, unless it is shown."""
        if not self.quiet:
            await super()._watch_component_status()


def _is_passing_here(error: Exception) -> bool:
    """Return whether an error may pass, now that the cluster exists."""
    if isinstance(error, kr8s.ServerError):
        return is_passing(error) or status_of(error) in {CONFLICT, NOT_FOUND}
    # Whoever else answers may cause a MemoryError, and a second pod of the scheduler a ValueError.
    kinds = (kr8s.NotFoundError, MemoryError, OSError, ValueError)
    return is_passing(error) or isinstance(error, kinds)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "nobody answers in time (resource_timeout)"
    return reason_of(error)
