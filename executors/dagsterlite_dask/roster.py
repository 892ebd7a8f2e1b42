"""The workers that a run can use, and what it waits for where they do not do. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from dagsterlite.errors import (
    DagsterClusterError,
    DagsterClusterLostError,
    DagsterNoWorkersError,
    DagsterUnmetResourcesError,
    listed,
)
from dagsterlite.events.engine import Waiting
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.placement import Offer, Placement, placement_of, resources_of

TELL_SECONDS: Final = 10.0
"""How often a run tells that it still waits."""

Workers = Mapping[str, Offer]
"""What each worker offers, by its address."""

Place = Callable[[ExecutionStep], Placement]


_NOBODY: Final = {
    True: "The Dask cluster has no workers. Start one with `dask worker <scheduler address>`.",
    False: (
        "The Dask cluster that was made for the run has no workers. Where none comes in place of "
        "those that ended, look at what the run and their logs tell of them, and execute it again."
    ),
}
"""What a cluster without workers is said to need, by whether it was there before the run."""


def unmet(
    steps: Iterable[ExecutionStep],
    workers: Workers,
    place: Place = placement_of,
    *,
    is_joined: bool = True,
) -> DagsterNoWorkersError | None:
    """Return why a step can run on no worker; None where each can on one.

    Args:
        steps: The steps.
        workers: The workers that are there.
        place: Tells a step's placement.
        is_joined: Whether the cluster was there before the run.
    """
    if not workers:
        return DagsterNoWorkersError(_NOBODY[is_joined])
    fits: dict[Placement, bool] = {}
    for step in steps:
        placement = place(step)
        if placement not in fits:
            fits[placement] = placement.is_offered_by(workers)
        if not fits[placement]:
            return _unfit(step, placement, workers)
    return None


def _unfit(step: ExecutionStep, placement: Placement, workers: Workers) -> DagsterNoWorkersError:
    allowed = {a: offer for a, offer in workers.items() if placement.is_open_to(a, offer)}
    if allowed:
        wanted, offered = dict(placement.resources), resources_of(allowed.values())
        return DagsterUnmetResourcesError(step.key, wanted, offered)
    names = [offer.name or address for address, offer in workers.items()]
    return DagsterNoWorkersError(
        f"Step '{step.key}' may run on workers {listed(placement.workers)} only, and none of these "
        f"is there; there are {listed(names)}. Start one of them, or mend the solid's tag or "
        "execution.dask.placement."
    )


class Patience:
    """How long a run waits for workers or for its scheduler, and when it tells so.

    Args:
        seconds: The longest time.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._since: float | None = None
        self._tell_at = 0.0

    def look(self, trouble: DagsterClusterError | None, now: float) -> Waiting | None:
        """Take up whether there is trouble; return what is to be told, if anything is.

        Args:
            trouble: Why the run cannot go on, if that is so.
            now: Seconds on a clock that only goes forward.

        Raises:
            DagsterClusterError: the trouble, once it has lasted too long.
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


def _waiting(trouble: DagsterClusterError) -> Waiting:
    if isinstance(trouble, DagsterClusterLostError):
        return Waiting("the Dask scheduler")
    if isinstance(trouble, DagsterUnmetResourcesError):
        return Waiting(f"resource {', '.join(sorted(trouble.wanted))}", (trouble.step_key,))
    return Waiting("workers")
