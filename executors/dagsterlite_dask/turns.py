"""Whose turn it is among steps that are ready and that limits are for. Pure."""

from __future__ import annotations

import heapq
from typing import TypeAlias

from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.plan.ready import priority_of
from dagsterlite_dask.concurrency import Slots, TagLimits

_Entry: TypeAlias = tuple[int, tuple[int, int], str]
"""A step's priority, negative, its place in the plan, and its key: the least is the next."""


class Turns:
    """Gives out ready steps as far as the limits let them in: the most urgent first.

    Those that need the same slots stand in one line: where its first finds no room, none does.

    Args:
        plan: The plan.
        limits: The limits.
    """

    def __init__(self, plan: GrowingPlan, limits: TagLimits) -> None:
        self._plan = plan
        self._limits = limits
        self._lines: dict[Slots, list[_Entry]] = {}
        self._keys: set[str] = set()

    def add(self, step_key: str) -> None:
        """Have a step that is ready wait for its turn, unless it does."""
        if step_key in self._keys:
            return
        self._keys.add(step_key)
        step = self._plan.step_by_key[step_key]
        entry = (-priority_of(step), self._plan.place_of(step_key), step_key)
        heapq.heappush(self._lines.setdefault(self._limits.slots_of(step), []), entry)

    def take(self) -> list[str]:
        """Take the steps whose turn it is, and what they need of the limits, in order."""
        firsts = [
            (line[0], slots) for slots, line in self._lines.items() if self._limits.has_room(slots)
        ]
        heapq.heapify(firsts)
        taken: list[str] = []
        while firsts:
            (_, _, key), slots = heapq.heappop(firsts)
            if not self._limits.take(self._plan.step_by_key[key]):
                continue
            taken.append(key)
            line = self._lines[slots]
            heapq.heappop(line)
            if line:
                heapq.heappush(firsts, (line[0], slots))
            else:
                del self._lines[slots]
        self._keys.difference_update(taken)
        return taken
