"""Which steps are given to the cluster as one task: those in a row, and short siblings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dagsterlite.plan.fuse import linear_chains
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.graph import Again
from dagsterlite_dask.grouping import Chain, Task, grouped
from dagsterlite_dask.placement import placement_of
from dagsterlite_dask.roster import Place

FEWEST_TO_GROUP: Final = 16
"""How many tasks a submission has at least before the pipeline's history is looked at."""


@dataclass(frozen=True, kw_only=True)
class Packing:
    """Puts the steps of a submission into tasks."""

    plan: GrowingPlan
    #: Whether steps in a row are one task.
    fuses: bool
    #: Returns how many seconds a solid's steps take, by the definition's name, as far as is known.
    history: Callable[[], Mapping[str, float]]
    #: Whether the cluster's memory is all that keeps values.
    is_in_memory: bool
    #: Tells where and when Dask may run a step.
    place: Place = placement_of

    def tasks(self, steps: Mapping[str, Again | None], workers: int) -> list[Task]:
        """Return the tasks that steps are given to the cluster in.

        Args:
            steps: The steps in order, with what their tasks are told: what is told stays alone.
            workers: How many workers there are.
        """
        chains = self._chains(steps)
        if len(chains) < FEWEST_TO_GROUP:
            return [(chain,) for chain in chains]
        new = [chain for chain in chains if steps[chain[0]] is None]
        again = [(chain,) for chain in chains if steps[chain[0]] is not None]
        return again + grouped(new, self._seconds(steps), self._kind, workers)

    def _chains(self, steps: Mapping[str, Again | None]) -> list[Chain]:
        if not self.fuses:
            return [(key,) for key in steps]
        known = self.plan.step_by_key
        placements = {key: self.place(known[key]) for key in steps}

        def may_follow(source: str, key: str) -> bool:
            are_new = steps[source] is None and steps[key] is None
            return are_new and self._is_plain(source) and placements[source] == placements[key]

        return linear_chains(steps, self.plan.upstream_keys, self.plan.consumers, may_follow)

    def _kind(self, chain: Chain) -> Hashable:
        """Return what chains have in common that may be one task; None for one that stays alone."""
        first, last = chain[0], chain[-1]
        # What only memory keeps of a chain would travel with the results of the others.
        is_light = not self.is_in_memory or len(chain) == 1
        has_one_output = len(self.plan.step_by_key[last].outputs) <= 1
        if not (is_light and has_one_output and self._is_plain(last)):
            return None
        placement = self.place(self.plan.step_by_key[first])
        return self.plan.upstream_keys[first], tuple(self.plan.consumers[last]), placement

    def _is_plain(self, key: str) -> bool:
        """Return whether a step's outputs are single values, and those that need them are known."""
        is_dynamic = any(output.is_dynamic for output in self.plan.step_by_key[key].outputs)
        return not is_dynamic and not self.plan.is_awaited(key)

    def _seconds(self, step_keys: Iterable[str]) -> dict[str, float]:
        known, history = self.plan.step_by_key, self.history()
        names = {key: known[key].solid_def.name for key in step_keys}
        return {key: history[name] for key, name in names.items() if name in history}


@dataclass(frozen=True)
class OneByOne:
    """Gives each step a task of its own."""

    def tasks(self, steps: Mapping[str, Again | None], _workers: int) -> list[Task]:
        """Return a task for each step."""
        return [((key,),) for key in steps]
