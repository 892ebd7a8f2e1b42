"""Futures that a driver holds beyond the end of their steps, so that Dask keeps the results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from distributed import Future


class Holding:
    """Holds futures for steps that are not known yet, and for graphs that are on their way.

    The scheduler may hear that a future is released before it has taken up a graph that was sent
    earlier, and then lacks what that graph needs.
    """

    def __init__(self) -> None:
        self._kept: dict[str, Future[Any]] = {}
        self._pins: dict[int, dict[str, Future[Any]]] = {}

    def keep(self, step_key: str, future: Future[Any]) -> None:
        """Keep what a finished step left for steps that are not known yet."""
        self._kept[step_key] = future

    def kept(self, step_key: str) -> Future[Any] | None:
        """Return what is kept of a step."""
        return self._kept.get(step_key)

    def keep_only(self, is_awaited: Callable[[str], bool]) -> None:
        """Let go of what no step needs any more that is not known yet."""
        self._kept = {key: future for key, future in self._kept.items() if is_awaited(key)}

    def pin(self, submission: int, step_key: str, future: Future[Any]) -> None:
        """Hold what a submission needs until the scheduler has taken it up."""
        self._pins.setdefault(submission, {})[step_key] = future

    def unpin(self, submission: int) -> None:
        """Let go of what a submission needs: a step of it was heard of."""
        self._pins.pop(submission, None)

    def clear(self) -> None:
        """Let go of everything."""
        self._kept.clear()
        self._pins.clear()
