"""Which step is next: the state of a plan's execution in one process. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Final

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.runs import PRIORITY_TAG

NO_PRIORITY: Final = 0


def priority_of(step: ExecutionStep) -> int:
    """Return a step's priority: its tag ``dagster/priority``, higher first, 0 by default.

    Raises:
        DagsterInvariantViolationError: the tag is no whole number.
    """
    text = step.tags.get(PRIORITY_TAG)
    if text is None:
        return NO_PRIORITY
    try:
        return int(text)
    except ValueError:
        message = (
            f"Tag '{PRIORITY_TAG}' of {step.kind_and_path} must be a whole number, not '{text}'."
        )
        raise DagsterInvariantViolationError(message) from None


class ReadyQueue:
    """Gives out the known steps of a plan: none before all steps that it needs are finished.

    Among those ready, the highest priority comes first, then the one that became ready first.
    """

    def __init__(self, plan: GrowingPlan) -> None:
        self._plan = plan
        self._missing: dict[str, int] = {}
        self._priority: dict[str, int] = {}
        self._finished: set[str] = set()
        self._arrivals = 0
        self._ready: list[tuple[int, int, str]] = []
        self.add(plan.start.steps)
        for step in plan.waiting:
            # What is wrong with a tag is told now, not when the step comes to be known.
            priority_of(step)

    def add(self, steps: Iterable[ExecutionStep]) -> None:
        """Take up steps that came to be known."""
        for step in steps:
            key, known = step.key, self._plan.step_by_key
            self._priority[key] = priority_of(step)
            self._missing[key] = missing = sum(
                source in known and source not in self._finished
                for source in self._plan.upstream_keys[key]
            )
            if not missing:
                self._add([key])

    def __bool__(self) -> bool:
        return bool(self._ready)

    def take(self) -> ExecutionStep:
        """Return the step that is next."""
        _, _, key = heapq.heappop(self._ready)
        return self._plan.step_by_key[key]

    def put_back(self, key: str) -> None:
        """Have a step given out again: another attempt of it is due."""
        self._add([key])

    def finish(self, key: str) -> None:
        """Let the steps that needed only this one become ready."""
        self._finished.add(key)
        freed: list[str] = []
        for consumer in self._plan.consumers[key]:
            self._missing[consumer] -= 1
            if self._missing[consumer] == 0:
                freed.append(consumer)
        self._add(freed)

    def _add(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._arrivals += 1
            heapq.heappush(self._ready, (-self._priority[key], self._arrivals, key))
