"""Questions to the workers of a cluster, some of which may hang, or die just now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final

from distributed import Client

SILENT_SECONDS: Final = 1.0
"""How long a worker has to answer that did not answer the question before."""

_LOOK_SECONDS: Final = 0.5
"""How often the scheduler is asked whether those that were asked are still there."""


class Questions:
    """Asks workers, one by one: one that hangs would keep the others' answers back.

    One that did not answer is waited for only a moment the next time, and one that the scheduler
    has given up not at all.

    Args:
        client: A client of the cluster.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._silent: set[str] = set()

    @property
    def silent(self) -> list[str]:
        """The workers that did not answer the last question that they were asked."""
        return sorted(self._silent)

    async def ask(
        self,
        function: Callable[..., Any],
        *args: Any,
        workers: Iterable[str],
        seconds: float,
    ) -> dict[str, Any]:
        """Return what a function returns on workers, as far as that came in time."""
        asked = {
            worker: asyncio.ensure_future(self._ask(worker, function, args, seconds))
            for worker in workers
        }
        try:
            await self._wait(asked)
        finally:
            for answer in asked.values():
                answer.cancel()
        answers = [answer.result() for answer in asked.values() if not answer.cancelled()]
        return {worker: answer for found in answers for worker, answer in found.items()}

    async def _ask(
        self, worker: str, function: Callable[..., Any], args: tuple[Any, ...], seconds: float
    ) -> dict[str, Any]:
        if worker in self._silent:
            seconds = min(seconds, SILENT_SECONDS)
        try:
            found: dict[str, Any] = await self._client.run(
                function, *args, workers=[worker], on_error="ignore", callback_timeout=seconds
            )
        except TimeoutError:
            self._silent.add(worker)
            return {}
        except Exception:  # noqa: BLE001 - whatever it is, it is no answer
            return {}
        self._silent.discard(worker)
        return found

    async def _wait(self, asked: Mapping[str, asyncio.Future[dict[str, Any]]]) -> None:
        pending = set(asked.values())
        while pending:
            _, pending = await asyncio.wait(pending, timeout=_LOOK_SECONDS)
            there = await self._workers() if pending else None
            for worker, answer in asked.items():
                if answer in pending and there is not None and worker not in there:
                    answer.cancel()

    async def _workers(self) -> Iterable[str] | None:
        """Return the addresses of the workers; None where the scheduler does not say at once."""
        assert self._client.scheduler is not None
        with suppress(TimeoutError, OSError):
            identity = self._client.scheduler.identity(n_workers=-1)
            return dict((await asyncio.wait_for(identity, _LOOK_SECONDS))["workers"])
        return None
