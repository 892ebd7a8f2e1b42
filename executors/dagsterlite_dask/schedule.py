"""Which steps are on the cluster, and which wait to be given to it again. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from distributed import KilledWorker

from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.graph import Again
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.turns import Turns

MOST_SUBMISSIONS = 10
"""How often a step is given to the cluster whose workers die before it begins."""


@dataclass(frozen=True)
class _Wait:
    """A step that is to be given to the cluster again."""

    #: Seconds on the driver's monotonic clock.
    due: float
    again: Again


class Schedule:
    """Where each step stands that has no end yet.

    Args:
        plan: The plan.
        limits: How many steps of a kind may be on the cluster at once.
    """

    def __init__(self, plan: GrowingPlan, limits: TagLimits | None = None) -> None:
        self._plan = plan
        self._limits = limits or TagLimits()
        self._turns = Turns(plan, self._limits)
        #: Steps that wait for what they need, and then for their turn.
        self._limited: dict[str, Again | None] = {}
        #: Steps off the cluster that may have become ready, as something that they need has ended.
        self._may_be_ready: set[str] = set()
        self._may_have_turn = False
        self._waiting: dict[str, _Wait] = {}
        self._held: set[str] = set()
        self._submissions: dict[str, int] = {}
        #: The keys of the tasks of steps that are on the cluster.
        self.on_cluster: dict[str, TaskKey] = {}

    def submit(self, keys: Mapping[str, TaskKey]) -> None:
        """Note that steps are given to the cluster."""
        self.on_cluster.update(keys)
        for key in keys:
            self._submissions[key] = self._submissions.get(key, 0) + 1
            self._waiting.pop(key, None)
            self._limited.pop(key, None)
            self._held.discard(key)

    def hold_back(self, key: str) -> bool:
        """Hold a step back that needs one off the cluster, or a limit is for.

        Return whether it is held back. It is given to the cluster with what it needs, or when it is
        its turn.
        """
        if self._limits.hold(self._plan.step_by_key[key]):
            self._limit(key, None)
            return True
        if not any(self._is_off_cluster(one) for one in self._plan.upstream_keys[key]):
            return False
        self._held.add(key)
        return True

    def _limit(self, key: str, again: Again | None) -> None:
        self._limited[key] = again
        self._may_be_ready.add(key)

    def _is_off_cluster(self, key: str) -> bool:
        """Return whether a step waits to be given to the cluster again."""
        return key in self._waiting or key in self._held or key in self._limited

    def finish(self, key: str) -> None:
        """Note that a step has its end."""
        self.on_cluster.pop(key, None)
        self._may_have_turn |= self._limits.give_back(key)
        consumers = self._plan.consumers[key]
        self._may_be_ready.update(one for one in consumers if self._is_off_cluster(one))

    def is_worn_out(self, key: str) -> bool:
        """Return whether a step was given to the cluster often enough."""
        return self._submissions.get(key, 0) >= MOST_SUBMISSIONS

    def postpone(self, key: str, due: float, again: Again) -> list[str]:
        """Take a step off the cluster until it is due, and all steps that need it.

        Args:
            key: The step.
            due: Seconds on the driver's monotonic clock.
            again: What its next task is told.

        Returns:
            The steps that are taken off.
        """
        self._waiting[key] = _Wait(due, again)
        self._may_have_turn |= self._limits.give_back(key)
        taken, todo = [], [key]
        while todo:
            one = todo.pop()
            if self.on_cluster.pop(one, None) is None:
                continue
            taken.append(one)
            if one != key:
                self._held.add(one)
            todo.extend(self._plan.consumers[one])
        return taken

    def take_due(self, now: float, finished: Container[str]) -> dict[str, Again | None]:
        """Return the steps to give to the cluster now, in order, with what their tasks are told.

        A step that was held back comes as soon as all that it needs is there, or comes with it.
        """
        due: dict[str, Again | None] = {
            key: wait.again for key, wait in self._waiting.items() if wait.due <= now
        }
        for key in [key for key in due if self._limits.hold(self._plan.step_by_key[key])]:
            del self._waiting[key]
            self._limit(key, due.pop(key))
        may_be_ready, self._may_be_ready = self._may_be_ready, set()
        due |= self._whose_turn_it_is(may_be_ready, finished)
        held = (may_be_ready & self._held) | self._held_behind(due)
        taken: dict[str, Again | None] = {}
        for key in self._plan.in_order(due.keys() | held):
            needs = self._plan.upstream_keys[key]
            if all(one in finished or one in self.on_cluster or one in taken for one in needs):
                taken[key] = due.get(key)
        return taken

    def _whose_turn_it_is(
        self, may_be_ready: set[str], finished: Container[str]
    ) -> dict[str, Again | None]:
        """Take limited steps that are ready, as many as the limits let in: the most urgent first.

        Only those are looked at that may have become so: there may be many.
        """
        for key in may_be_ready & self._limited.keys():
            if all(one in finished for one in self._plan.upstream_keys[key]):
                self._turns.add(key)
                self._may_have_turn = True
        if not self._may_have_turn:
            return {}
        self._may_have_turn = False
        return {key: self._limited[key] for key in self._turns.take()}

    def _held_behind(self, keys: Iterable[str]) -> set[str]:
        """Return the steps that are held back and need one of these, directly or not."""
        found: set[str] = set()
        todo = list(keys)
        while todo:
            for one in self._plan.consumers[todo.pop()]:
                if one in self._held and one not in found:
                    found.add(one)
                    todo.append(one)
        return found


def is_blameless(error: BaseException, task: TaskKey, *, has_begun: bool) -> bool:
    """Return whether a task's error says nothing of its step: it never began, or another's did.

    Args:
        error: What Dask says of the task.
        task: The task.
        has_begun: Whether the step was heard of since it was given to the cluster.
    """
    if not isinstance(error, KilledWorker):
        return False
    return error.task != task or not has_begun
