"""Where tasks find what steps before them left: on the cluster, or where it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from distributed import Future

from dagsterlite.events.receipt import OutputPlace, Receipt, Receipts
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite.serdes import to_json
from dagsterlite_dask.cluster_values import ClusterValues
from dagsterlite_dask.graph import Producers
from dagsterlite_dask.holding import Holding
from dagsterlite_dask.keys import TaskKey


class Sources:
    """What finished steps left for those that need it, and what has Dask keep it.

    Args:
        plan: The plan.
        receipts: The receipts of the steps that have their end.
        values: Holds the run's values where the cluster's memory is all that keeps them.
    """

    def __init__(self, plan: GrowingPlan, receipts: Receipts, values: ClusterValues | None) -> None:
        self._plan = plan
        self._receipts = receipts
        self._values = values
        self._holding = Holding()
        #: The workers that hold the results of finished steps with dynamic outputs.
        self._holders: dict[str, str] = {}
        #: Steps whose results stand among others in that of one task, in the cluster's memory only.
        self._among_others: set[str] = set()

    @property
    def producers(self) -> Producers:
        """The steps that have, or will have, results on the cluster."""
        return Producers(
            steps=self._plan.step_by_key, workers=self._holders, among_others=self._among_others
        )

    # --- what is there ---

    def note_together(self, step_keys: Iterable[str]) -> None:
        """Note that steps in a row are one task: its result may be all that keeps their values."""
        if self._values is not None:
            self._among_others.update(step_keys)

    def keep(self, receipt: Receipt, future: Future[Any] | None, worker: str | None) -> None:
        """Keep what a step left that has its end, as far as others may need it.

        Args:
            receipt: The step's receipt.
            future: Holds the result of its task, if that is on the cluster.
            worker: The worker that has the result, where that is known.
        """
        key = receipt.step_key
        if self._values is not None:
            self._values.keep(receipt, future)
        elif future is not None and receipt.is_success and self._plan.is_awaited(key):
            self._holding.keep(key, future)
        if worker is not None and any(o.is_dynamic for o in self._plan.step_by_key[key].outputs):
            self._holders[key] = worker

    def keep_awaited(self) -> None:
        """Let go of what no step needs any more that is not known yet."""
        self._holding.keep_only(self._plan.is_awaited)

    def let_go(self, submission: int) -> None:
        """Let go of what only a submission needed that the scheduler has taken up."""
        self._holding.unpin(submission)

    def clear(self) -> None:
        """Let go of all that is held for the run's own sake."""
        self._holding.clear()

    # --- where it is ---

    def lost(self, step_keys: Iterable[str]) -> list[str]:
        """Return the finished steps that steps need and whose values are gone, in order.

        They run once more, for their values only: their first ends stand.
        """
        if self._values is None:
            return []
        found: set[str] = set()
        todo = list(step_keys)
        while todo:
            for source in self._plan.upstream_keys[todo.pop()]:
                if source not in found and self._is_lost(source):
                    found.add(source)
                    todo.append(source)
        return self._plan.in_order(found)

    def _is_lost(self, step_key: str) -> bool:
        return self._values is not None and self._values.is_lost(step_key)

    def receipts_for(self, step_keys: Sequence[str]) -> dict[str, str]:
        """Return what a task is told of the steps that its own need, without their values."""
        wanted = self._wanted(step_keys)
        return {key: to_json(self._receipts[key].with_outputs(wanted[key])) for key in wanted}

    def places_for(
        self,
        step_keys: Sequence[str],
        submission: int,
        on_cluster: Mapping[str, TaskKey],
        futures: Mapping[str, Future[Any]],
    ) -> dict[str, TaskKey | str]:
        """Return where a task finds what steps need that all need the same.

        Args:
            step_keys: The steps.
            submission: The number of the task's submission: what that needs is held until it is
                taken up.
            on_cluster: The tasks of the steps that have no end yet, or make lost values again.
            futures: What holds those of earlier submissions.
        """
        found: dict[str, TaskKey | str] = {}
        for source, wanted in self._wanted(step_keys).items():
            if source in self._receipts and not self._is_lost(source):
                held = self._holding.kept(source)
                found[source] = self._place_of(source, wanted)
            else:
                held = futures.get(source)
                found[source] = on_cluster[source]
            if held is not None:
                self._holding.pin(submission, source, held)
        return found

    def _place_of(self, source: str, wanted: Iterable[OutputPlace]) -> TaskKey | str:
        """Return where a task finds what a finished step left."""
        kept = self._holding.kept(source)
        if kept is not None:
            return cast(TaskKey, kept.key)
        task = None if self._values is None else self._values.task_of(source)
        return to_json(self._receipts[source].with_outputs(wanted)) if task is None else task

    def _wanted(self, step_keys: Iterable[str]) -> dict[str, list[OutputPlace]]:
        """Return the outputs that steps need, by the steps that yield them, in order."""
        wanted: dict[str, dict[OutputPlace, None]] = {}
        for key in step_keys:
            for handle in self._plan.step_by_key[key].upstream_outputs():
                place = (handle.output_name, handle.mapping_key)
                wanted.setdefault(handle.step_key, {})[place] = None
        return {source: list(wanted[source]) for source in sorted(wanted)}
