"""The driver's side of a run on Dask: submit, follow, record, release."""

from __future__ import annotations

import queue
import time
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Final

from dagsterlite.errors import DagsterExecutionInterruptedError
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import Receipt
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.asking import Asking
from dagsterlite_dask.cluster_values import ClusterValues
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.deferred_commits import DriverCommits
from dagsterlite_dask.follow import Following
from dagsterlite_dask.lookout import Lookout, News
from dagsterlite_dask.messages import from_wire
from dagsterlite_dask.packing import OneByOne, Packing
from dagsterlite_dask.placement import placement_of
from dagsterlite_dask.preflight import Preflight
from dagsterlite_dask.recording import Recording
from dagsterlite_dask.roster import Place, Workers
from dagsterlite_dask.schedule import Schedule
from dagsterlite_dask.session import Message, Session
from dagsterlite_dask.settling import Settling
from dagsterlite_dask.sources import Sources
from dagsterlite_dask.storing import Storing
from dagsterlite_dask.submissions import Submissions

LISTEN_SECONDS: Final = 0.1
"""How long the driver listens before it looks whether the run is to stop."""

HEARD_AT_ONCE: Final = 100
"""How many messages the driver hears before it looks whether the run is to stop."""

LOOK_SECONDS: Final = 0.5
"""How often the driver looks at the state of its futures, unless that takes too long."""

LONGEST_LOOK_SECONDS: Final = 5.0
"""How long it does not look at most, however long a look took."""

GRACE_SECONDS: Final = 5.0
"""How long interrupted steps have to end before their run is canceled without them."""


class Driver:
    """Executes one plan on a cluster.

    Args:
        context: The run.
        plan: The plan.
        session: The run's side of the cluster, open.
        payload: What the run's workers need to know.
        workers: The workers that are there.
        preflight: Looks at those that join.
        values: Holds the run's values where the cluster's memory is all that keeps them.
        commits: Commits steps in the place of workers that cannot do it safely.
        earlier: The receipts of steps that are needed and not executed.
        fuses: Whether linear chains of steps are given to the cluster as one task.
        history: Returns how many seconds a solid's steps take, by the definition's name, as far as
            is known: short siblings are given to the cluster as one task.
        worker_seconds: How long to wait where no worker can run a step any more, or the scheduler
            does not answer.
        place: Tells where and when Dask may run a step.
        limits: How many steps of a kind may run at once.
        grace_seconds: How long interrupted steps have to end.
    """

    def __init__(
        self,
        context: PlanOrchestrationContext,
        plan: ExecutionPlan,
        session: Session,
        payload: bytes,
        *,
        workers: Workers,
        preflight: Preflight,
        values: ClusterValues | None,
        commits: DriverCommits | None,
        earlier: Mapping[str, Receipt],
        fuses: bool = True,
        history: Callable[[], Mapping[str, float]] = dict,
        worker_seconds: float,
        place: Place = placement_of,
        limits: TagLimits | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._context = context
        self._session = session
        self._grace_seconds = grace_seconds
        self._look_at = 0.0
        self._plan = GrowingPlan(plan, earlier)
        self._following = Following({})
        self._receipts = ChainMap(self._following.receipts, dict(earlier))
        self._storing = Storing()
        manifests = context.run_context.storage if values is None else None
        self._asking = Asking(session, manifests, self._storing)
        self._lookout = Lookout(session, preflight, workers, place=place, seconds=worker_seconds)
        packing = Packing(
            plan=self._plan,
            fuses=fuses,
            history=cache(history),
            place=place,
            is_in_memory=values is not None,
        )
        self._submissions = Submissions(
            (context.run_id, payload),
            session,
            plan=self._plan,
            following=self._following,
            receipts=self._receipts,
            sources=Sources(self._plan, self._receipts, values),
            schedule=Schedule(self._plan, limits),
            packing=packing if commits is None else OneByOne(),
            place=place,
        )
        self._recording = Recording(
            context,
            self._plan,
            following=self._following,
            submissions=self._submissions,
            asking=self._asking,
            commits=commits,
        )
        self._settling = Settling(
            context.run_context,
            self._plan,
            self._receipts,
            submissions=self._submissions,
            asking=self._asking,
            recording=self._recording,
            values=values,
            last_of=self._lookout.last_of,
        )

    def run(self) -> Iterator[DagsterEvent]:
        """Execute the plan; yield its events as they are heard.

        Raises:
            DagsterStepExecutionFailed: steps failed, and errors are to be raised.
            DagsterClusterLostError: the scheduler is gone.
            DagsterNoWorkersError: no worker that can run a step came in time.
        """
        try:
            yield from self._recording.grow(self._plan.start)
            self._submit()
            while not self._is_done():
                self._context.run_context.interrupts.check()
                yield from self._listen()
                yield from self._look()
                self._submit()
            yield from self._listen_to_all()
            yield from self._tear_down()
        except DagsterExecutionInterruptedError:
            yield from self._stop()
            yield from self._tear_down()
            raise
        finally:
            self._submissions.clear()
            self._asking.clear()
        if self._context.raise_on_error:
            self._recording.raise_errors()

    def _submit(self) -> None:
        workers = len(self._lookout.workers)
        self._submissions.submit_new(workers)
        self._submissions.submit_due(workers)

    def _is_done(self) -> bool:
        is_known = self._plan.is_complete and not self._submissions.has_new
        return is_known and len(self._following.receipts) == len(self._plan.step_by_key)

    def _tell(self, news: Iterable[News]) -> Iterator[DagsterEvent]:
        for text, detail in news:
            yield self._context.engine_event(text, EngineEventData(detail=detail))

    def _tell_texts(self, texts: Iterable[str]) -> Iterator[DagsterEvent]:
        yield from self._tell((text, None) for text in texts)

    # --- hearing of steps and workers ---

    def _listen(
        self, seconds: float = LISTEN_SECONDS, most: int = HEARD_AT_ONCE
    ) -> Iterator[DagsterEvent]:
        """Hear what is there, if not too much: steps may tell faster than it is recorded."""
        messages = self._session.messages
        with suppress(queue.Empty):
            yield from self._hear(messages.get(timeout=seconds))
            for _ in range(most - 1):
                yield from self._hear(messages.get_nowait())

    def _listen_to_all(self) -> Iterator[DagsterEvent]:
        """Hear all that has come so far."""
        yield from self._listen(0, self._session.messages.qsize())

    def _hear(self, message: Message) -> Iterator[DagsterEvent]:
        if "entries" in message:
            yield from self._recording.hear([from_wire(message)])
        elif "steps" in message:
            for one in message["steps"]:
                yield from self._hear(one)
        elif "rss" in message:
            self._lookout.note_stop(message["worker"], message["rss"])
        elif "begins" in message:
            self._following.begin(message["begins"])
        elif "behind" in message:
            if message["behind"] not in self._receipts:
                told = self._storing.note(message["behind"], message["worker"])
                yield from self._tell_texts(told)
        else:
            yield from self._hear_of_cluster(message)

    def _hear_of_cluster(self, message: Message) -> Iterator[DagsterEvent]:
        self._lookout.note_change()
        if message.get("action") != "remove-worker":
            return
        worker = str(message["worker"])
        yield from self._tell_texts(self._storing.give_up([worker]))
        if not message.get("expected"):
            tasks = message.get("processing-tasks") or ()
            given = {key for task in tasks for key in self._submissions.open_steps(task)}
            yield from self._tell([self._lookout.lost(worker, self._plan.in_order(given))])

    # --- looking after them ---

    def _look(self) -> Iterator[DagsterEvent]:
        """Look now and then: for steps whose end will not be told, and for workers."""
        start = time.monotonic()
        if start < self._look_at:
            return
        if self._session.is_lost:
            raise self._session.lost()
        yield from self._look_at_workers(start)
        # What came meanwhile tells of tasks that ended, and of workers that died.
        yield from self._listen(0)
        if self._session.messages.empty():
            yield from self._settling.settle(start)
        steps_of, has_started = self._submissions.open_steps, self._following.has_started
        yield from self._tell(self._lookout.look_at_trouble(steps_of, has_started, start))
        end = time.monotonic()
        pause = min(20 * (end - start), LONGEST_LOOK_SECONDS)
        self._look_at = end + max(LOOK_SECONDS, pause)

    def _look_at_workers(self, now: float) -> Iterator[DagsterEvent]:
        if self._lookout.renew():
            yield from self._tell_texts(self._storing.give_up_others(self._lookout.workers))
        yield from self._tell(self._lookout.look_at_workers(self._submissions.steps(), now))

    # --- the end ---

    def _stop(self) -> Iterator[DagsterEvent]:
        """Stop the run on the cluster: nothing queued starts, what runs is interrupted."""
        self._submissions.release()
        left = self._interrupt()
        until = time.monotonic() + self._grace_seconds
        while left and time.monotonic() < until:
            yield from self._listen()
            left = self._without_end(left)
        yield from self._listen()
        yield from self._listen_to_all()
        yield from self._recording.drain()
        left = self._without_end(left)
        yield from self._tell_texts(self._told_of(key, worker) for key, worker in left.items())

    def _without_end(self, steps: Mapping[str, str]) -> dict[str, str]:
        return {key: worker for key, worker in steps.items() if key not in self._receipts}

    def _told_of(self, key: str, worker: str) -> str:
        return (
            f'Step "{key}" on worker {worker} has not stopped within {self._grace_seconds:g} '
            "seconds: it is in a call outside Python. What it does from now on does not count."
        )

    def _interrupt(self) -> dict[str, str]:
        """Interrupt what runs; return the steps that did, each with its worker."""
        found = self._session.interrupt().items()
        return {step: worker for worker, steps in found for step in steps}

    def _tear_down(self) -> Iterator[DagsterEvent]:
        for message in self._session.end():
            yield from self._hear(message)
