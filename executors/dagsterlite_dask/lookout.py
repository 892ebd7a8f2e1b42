"""How a run's cluster is while the run is under way: who is there, who joins, who does nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from dagsterlite.events.engine import Waiting, WorkerLost
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.losses import lost_worker
from dagsterlite_dask.preflight import Preflight
from dagsterlite_dask.roster import Patience, Place, Workers, unmet
from dagsterlite_dask.session import Session
from dagsterlite_dask.watch import Sight, Watch

NEWCOMER_SECONDS: Final = 2.0
"""How long workers that join a run have to answer: nothing else is looked after meanwhile."""

WATCH_SECONDS: Final = 10.0
"""How often the driver looks at how the workers are: the scheduler logs each look."""

News: TypeAlias = tuple[str, Waiting | WorkerLost | None]
"""What is to be told, as text and as detail."""


class Lookout:
    """Looks at the workers and the scheduler of a run.

    Args:
        session: The run's side of the cluster.
        preflight: Looks at workers that join.
        workers: The workers that are there.
        place: Tells where and when Dask may run a step.
        seconds: How long to wait where no worker can run a step any more, or the scheduler does
            not answer.
    """

    def __init__(
        self,
        session: Session,
        preflight: Preflight,
        workers: Workers,
        *,
        place: Place,
        seconds: float,
    ) -> None:
        self._session = session
        self._preflight = preflight
        self._place = place
        self._are_workers_known = True
        self._patience_with_workers = Patience(seconds)
        self._patience_with_scheduler = Patience(seconds)
        self._watch = Watch()
        self._watch_at = time.monotonic() + WATCH_SECONDS
        #: The workers that are there, as far as is known.
        self.workers = workers

    # --- what is heard ---

    def note_change(self) -> None:
        """Note that a worker has come or gone."""
        self._are_workers_known = False

    def note_stop(self, worker: str, memory: int) -> None:
        """Note that a worker was stopped by its nanny, and the bytes that it held."""
        self._watch.note_stop(worker, memory)

    # --- what is looked at ---

    def last_of(self, worker: str) -> Sight | None:
        """Return what was seen last of a worker, also of one that is gone."""
        return self._watch.last_of(worker)

    def lost(self, worker: str, steps: list[str]) -> News:
        """Return what is told of a worker that is gone.

        Args:
            worker: Its address.
            steps: The steps that it was given and that have no end.
        """
        return lost_worker(worker, steps, self.last_of(worker))

    def renew(self) -> bool:
        """Look who is there if that has changed, and whether newcomers can run steps of the run.

        Where the scheduler does not say, it is asked again at the next look: how long it may hang
        is for :meth:`look_at_trouble` to tell.

        Returns:
            Whether it has changed.

        Raises:
            DagsterError: a newcomer can run no step; as for :meth:`Preflight.check_workers`.
        """
        there = None if self._are_workers_known else self._session.offers()
        if there is None:
            return False
        known, self.workers = self.workers, there
        self._are_workers_known = True
        self._preflight.check_workers(self.workers.keys() - known.keys(), NEWCOMER_SECONDS)
        return True

    def look_at_workers(self, steps: Iterable[ExecutionStep], now: float) -> Iterator[News]:
        """Look whether the workers that are there can run steps; yield what is to be told.

        Args:
            steps: The steps that are on the cluster.
            now: Seconds on the monotonic clock.

        Raises:
            DagsterNoWorkersError: no worker that can run a step came in time.
        """
        for text in self._preflight.take_warnings():
            yield text, None
        trouble = unmet(steps, self.workers, self._place, is_joined=self._session.is_joined)
        waiting = self._patience_with_workers.look(trouble, now)
        if waiting is not None:
            yield f"The run waits for {waiting.waits_for}: {trouble}", waiting

    def look_at_trouble(
        self,
        steps_of: Callable[[TaskKey], Iterable[str]],
        has_started: Callable[[str], bool],
        now: float,
    ) -> Iterator[News]:
        """Look seldom whether workers that are there do nothing for the run; yield what is told.

        Args:
            steps_of: Returns the steps of a task that have no end yet.
            has_started: Returns whether a step was heard of.
            now: Seconds on the monotonic clock.

        Raises:
            DagsterClusterLostError: the scheduler did not answer for too long.
        """
        if now < self._watch_at:
            return
        self._watch_at = now + WATCH_SECONDS
        sights = self._session.sights()
        silence = self._session.lost() if sights is None else None
        waiting = self._patience_with_scheduler.look(silence, now)
        if waiting is not None:
            yield f"The run waits for {waiting.waits_for}: it does not answer.", waiting
        if sights is not None:
            yield from self._watch.look(sights, steps_of, has_started, now)
