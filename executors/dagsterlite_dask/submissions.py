"""What lies on the cluster: the tasks that a run's steps are given in, and what holds them."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from distributed import Future

from dagsterlite.events.receipt import Receipt, Receipts
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.follow import Following
from dagsterlite_dask.graph import Again, Assignment, Functions, RunGraph, build_graph, only_tells
from dagsterlite_dask.grouping import Task
from dagsterlite_dask.keys import TaskKey, task_key
from dagsterlite_dask.messages import select_outputs
from dagsterlite_dask.packing import OneByOne, Packing
from dagsterlite_dask.roster import Place
from dagsterlite_dask.schedule import Schedule
from dagsterlite_dask.session import Session
from dagsterlite_dask.sources import Sources
from dagsterlite_dask.task import run_steps

FUNCTIONS: Final = Functions(run_steps=run_steps, select_outputs=select_outputs)


class Submissions:
    """Gives steps to the cluster, and takes them off it.

    Args:
        run: The run's id, and what its workers need to know.
        session: The run's side of the cluster.
        plan: The plan.
        following: What is known of the steps that were given.
        receipts: The receipts of the steps that have their end.
        sources: Where tasks find what steps before them left.
        schedule: Where each step stands.
        packing: Puts steps into tasks.
        place: Tells where and when Dask may run a step.
    """

    def __init__(
        self,
        run: tuple[str, bytes],
        session: Session,
        *,
        plan: GrowingPlan,
        following: Following,
        receipts: Receipts,
        sources: Sources,
        schedule: Schedule,
        packing: Packing | OneByOne,
        place: Place,
    ) -> None:
        self._run_id, self._payload = run
        self._session = session
        self._plan = plan
        self._following = following
        self._receipts = receipts
        self._sources = sources
        self._schedule = schedule
        self._packing = packing
        self._place = place
        self._number = 0
        #: Steps that came to be known and are not given to the cluster yet.
        self._new: list[str] = []
        #: The steps of each task that was given to the cluster.
        self._steps_of: dict[TaskKey, tuple[str, ...]] = {}
        #: What the last task of each step was told.
        self._told: dict[str, Again | None] = {}
        #: What holds the tasks of steps that are on the cluster, by the steps.
        self.futures: dict[str, Future[Any]] = {}

    # --- giving steps to the cluster ---

    @property
    def has_new(self) -> bool:
        """Whether steps are known that were not given to the cluster or held back."""
        return bool(self._new)

    def add(self, step_keys: Collection[str]) -> None:
        """Take up steps that came to be known, in order."""
        self._following.add({key: self._plan.upstream_keys[key] for key in step_keys})
        self._new += step_keys

    def submit_new(self, workers: int) -> None:
        """Give the cluster all that came to be known, at once; ``workers`` is how many there are.

        Raises:
            DagsterClusterLostError: the scheduler is gone.
        """
        if not self._new:
            return
        keys, self._new = self._new, []
        hold_back = self._schedule.hold_back
        self._submit(dict.fromkeys(key for key in keys if not hold_back(key)), workers)
        self._sources.keep_awaited()

    def submit_due(self, workers: int) -> None:
        """Give the cluster the steps whose time has come; as for :meth:`submit_new`."""
        self._submit(self._schedule.take_due(time.monotonic(), self._receipts), workers)

    def _submit(self, steps: Mapping[str, Again | None], workers: int) -> None:
        if not steps:
            return
        revived = self._sources.lost(key for key in steps if not only_tells(steps[key]))
        steps = {**dict.fromkeys(revived), **steps}
        tasks = self._packing.tasks(steps, workers)
        for chains in tasks:
            self._note(chains)
        graph = self._graph(tasks, steps)
        for key in steps:
            self._following.submit(key)
        self._told |= steps
        self._number += 1
        self.futures |= self._session.submit(graph)
        for key in revived:
            self.end(self._receipts[key])

    def _note(self, chains: Task) -> None:
        task = task_key(self._plan.step_by_key[chains[-1][-1]], self._run_id, self._number)
        self._steps_of[task] = together = tuple(key for chain in chains for key in chain)
        self._schedule.submit(dict.fromkeys(together, task))
        if len(chains[0]) > 1:
            self._sources.note_together(together)

    def _graph(self, tasks: Iterable[Task], steps: Mapping[str, Again | None]) -> RunGraph:
        now = time.time()
        assignments = [self._assignment(chains, steps[chains[0][0]], now) for chains in tasks]
        run, producers = (self._run_id, self._payload), self._sources.producers
        return build_graph(*run, FUNCTIONS, assignments, self._number, producers, self._place)

    def _assignment(self, chains: Task, again: Again | None, now: float) -> Assignment:
        known = self._plan.step_by_key
        return Assignment(
            chains=tuple(tuple(known[key] for key in chain) for chain in chains),
            upstream=self._upstream([chain[0] for chain in chains], again),
            again=again,
            submitted=now,
        )

    def _upstream(self, firsts: list[str], again: Again | None) -> Mapping[str, TaskKey | str]:
        if only_tells(again):
            return self._sources.receipts_for(firsts)
        on_cluster = self._schedule.on_cluster
        return self._sources.places_for(firsts, self._number, on_cluster, self.futures)

    # --- taking them off ---

    def end(self, receipt: Receipt, worker: str | None = None) -> None:
        """Take up that a step has its end: Dask frees its result after the last that needs it.

        Args:
            receipt: The step's receipt.
            worker: The worker that has the result of its task, where that is known.
        """
        key = receipt.step_key
        self._note_taken_up(key)
        self._schedule.finish(key)
        self._sources.keep(receipt, self.futures.pop(key, None), worker)

    def take_off(self, key: str, due: float, again: Again) -> list[str]:
        """Take a step off the cluster until it is due, and all steps that need it.

        Args:
            key: The step.
            due: Seconds on the monotonic clock.
            again: What its next task is told.

        Returns:
            The steps that are taken off.
        """
        self._note_taken_up(key)
        taken = self._schedule.postpone(key, due, again)
        held = (self.futures.pop(one, None) for one in taken)
        self._session.release([future for future in held if future is not None])
        return taken

    def _note_taken_up(self, key: str) -> None:
        """Note that a step was heard of since it was given to the cluster."""
        task = self._schedule.on_cluster.get(key)
        if task is not None:
            self._sources.let_go(task[2])

    def release(self) -> None:
        """Have nothing start any more that is queued."""
        self._session.release(self.futures.values())

    def clear(self) -> None:
        """Let go of everything that is held for the run's own sake."""
        self.release()
        self.futures.clear()
        self._sources.clear()

    # --- what is there ---

    def by_status(self) -> dict[str, list[str]]:
        """Return the steps whose tasks have ended, by how Dask says that they did.

        Raises:
            DagsterClusterLostError: nobody holds any of them any more.
        """
        found: dict[str, list[str]] = {"error": [], "cancelled": [], "finished": []}
        for key, future in self.futures.items():
            status = future.status
            if status in found:
                found[status].append(key)
        if found["cancelled"] and len(found["cancelled"]) == len(self.futures):
            raise self._session.lost()
        return found

    def steps(self) -> Iterator[ExecutionStep]:
        """Return the steps that are on the cluster."""
        return (self._plan.step_by_key[key] for key in self._schedule.on_cluster)

    def task_of(self, key: str) -> TaskKey:
        """Return the task of a step that is on the cluster."""
        return self._schedule.on_cluster[key]

    def steps_of(self, task: TaskKey) -> tuple[str, ...]:
        """Return the steps of a task; none where it is no task of steps."""
        return self._steps_of.get(task, ())

    def together_with(self, key: str) -> tuple[str, ...]:
        """Return the steps of the task of a step that is on the cluster."""
        return self._steps_of[self.task_of(key)]

    def has_begun_alone(self, key: str) -> bool:
        """Return whether a step has begun, and no other of its task may have."""
        return len(self.together_with(key)) == 1 and self._following.has_begun(key)

    def is_worn_out(self, key: str) -> bool:
        """Return whether a step was given to the cluster often enough."""
        return self._schedule.is_worn_out(key)

    def only_tells(self, key: str) -> bool:
        """Return whether a step took its workers down, and its task only tells that."""
        return only_tells(self._told.get(key))

    def is_outdated(self, receipt: Receipt) -> bool:
        """Return whether a receipt is of an attempt before those that its step's last task makes.

        Dask may run a task again that has ended; what its copy told may come late.
        """
        again = self._told.get(receipt.step_key)
        return again is not None and receipt.retry_number < again[0]

    def open_steps(self, task: TaskKey) -> list[str]:
        """Return the steps of a task that have no end yet."""
        return [key for key in self.steps_of(task) if key not in self._receipts]
