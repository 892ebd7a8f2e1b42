"""The workers that a run can use, and what it waits for where they do not do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from dagsterlite.errors import DagsterNoWorkersError, DagsterUnmetResourcesError
from dagsterlite.events.engine import Waiting
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.placement import Placement, placement_of

TELL_SECONDS: Final = 10.0
"""How often a run tells that it still waits."""

Workers = Mapping[str, Mapping[str, float]]
"""The resources that each worker offers, by its address."""


def unmet(steps: Iterable[ExecutionStep], workers: Workers) -> DagsterNoWorkersError | None:
    """Return why a step can run on no worker; None where each can on one.

    Args:
        steps: The steps.
        workers: The workers that are there.
    """
    if not workers:
        return DagsterNoWorkersError(
            "The Dask cluster has no workers. Start one with `dask worker <scheduler address>`."
        )
    fits: dict[Placement, bool] = {}
    for step in steps:
        placement = placement_of(step)
        if placement not in fits:
            fits[placement] = placement.is_offered_by(workers.values())
        if not fits[placement]:
            return DagsterUnmetResourcesError(step.key, dict(placement.resources), workers.values())
    return None


class Patience:
    """How long a run waits for workers, and when it tells so.

    Args:
        seconds: The longest time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._tell_at = 0.0

    def look(self, trouble: DagsterNoWorkersError | None, now: float) -> Waiting | None:
        """Take up whether there is trouble; return what is to be told, if anything is.

        Args:
            trouble: Why steps can run on no worker, if that is so.
            now: Seconds on a clock that only goes forward.

        Raises:
            DagsterNoWorkersError: the trouble, once it has lasted too long.
        """
        if trouble is None:
            self._since = None
            return None
        if self._since is None:
            self._since, self._tell_at = now, now
        if now - self._since >= self._seconds:
            raise trouble
        if now < self._tell_at:
            return None
        self._tell_at = now + TELL_SECONDS
        return _waiting(trouble)


def _waiting(trouble: DagsterNoWorkersError) -> Waiting:
    if isinstance(trouble, DagsterUnmetResourcesError):
        return Waiting(f"resource {', '.join(sorted(trouble.wanted))}", (trouble.step_key,))
    return Waiting("workers")
