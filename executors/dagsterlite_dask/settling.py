"""What becomes of steps whose tasks have ended on the cluster, and that did not tell of an end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import cast

from distributed import KilledWorker

from dagsterlite.errors import DagsterStepLostError
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import Receipts
from dagsterlite.execution.run_context import RunContext
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.asking import Asking
from dagsterlite_dask.cluster_values import ClusterValues
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.losses import taken_away, unheard, unrunnable
from dagsterlite_dask.recording import Recording
from dagsterlite_dask.schedule import is_blameless
from dagsterlite_dask.submissions import Submissions
from dagsterlite_dask.watch import Sight


class Settling:
    """Decides about steps that Dask could not run, or whose messages were lost.

    Args:
        run_context: The run.
        plan: The plan.
        receipts: The receipts of the steps that have their end.
        submissions: What lies on the cluster.
        asking: Finds what was not heard.
        recording: Records what becomes of steps.
        values: Holds the run's values where the cluster's memory is all that keeps them.
        last_of: Returns how a worker was when it was seen last.
    """

    def __init__(
        self,
        run_context: RunContext,
        plan: GrowingPlan,
        receipts: Receipts,
        *,
        submissions: Submissions,
        asking: Asking,
        recording: Recording,
        values: ClusterValues | None,
        last_of: Callable[[str], Sight | None],
    ) -> None:
        self._run_context = run_context
        self._plan = plan
        self._receipts = receipts
        self._submissions = submissions
        self._asking = asking
        self._recording = recording
        self._values = values
        self._last_of = last_of

    def settle(self, now: float) -> Iterator[DagsterEvent]:
        """Settle the steps whose tasks have ended.

        Args:
            now: Seconds on the monotonic clock.

        Raises:
            DagsterClusterLostError: the scheduler is gone.
        """
        ended = self._submissions.by_status()
        for key in self._plan.in_order(ended["cancelled"]):
            if key not in self._receipts and self._is_next(key):
                yield from self._recording.fail(key, taken_away(key))
        for key in self._plan.in_order(ended["error"]):
            yield from self._settle_error(key)
        for key in ended["finished"]:
            if self._asking.is_late(key, now) and self._is_next(key):
                yield from self._ask(key)

    def _is_next(self, key: str) -> bool:
        """Return whether all that a step needs has its end."""
        # Not by its keys(): to count those of a ChainMap takes as long as there are receipts.
        return all(one in self._receipts for one in self._plan.upstream_keys[key])

    # --- an error of Dask's ---

    def _settle_error(self, key: str) -> Iterator[DagsterEvent]:
        """Decide about a step whose task ended in an error of Dask's: its own, or one before it."""
        future = self._submissions.futures.get(key)
        if future is None or not self._is_next(key):
            return
        step = self._plan.step_by_key[key]
        decision = decide(step, self._receipts)
        if not isinstance(decision, Run):
            yield from self._recording.pass_over(step, decision)
            return
        error = future.exception()
        yield from self._take_up_loss(key, error)
        if key in self._receipts:
            return
        if self._may_come_again(key, error):
            self._recording.take_off(key, 0.0, (0, True))
        elif self._has_last_words(key, error):
            self._recording.take_off(key, 0.0, (0, False, str(self._unrunnable(key, error))))
        else:
            yield from self._recording.fail(key, self._unrunnable(key, error))

    def _take_up_loss(self, key: str, error: BaseException) -> Iterator[DagsterEvent]:
        """Take up what is gone with the task of a step or one before it, and what is left."""
        together = self._submissions.together_with(key)
        if self._values is not None:
            self._values.lose((*together, *self._blamed(error)))
        elif len(together) > 1:
            # What it told of its end may be lost with its worker, though that counts.
            yield from self._recording.hear(self._asking.stored_of(key))

    def _unrunnable(self, key: str, error: BaseException) -> DagsterStepLostError:
        return unrunnable(key, error, self._last_of)

    def _may_come_again(self, key: str, error: BaseException) -> bool:
        submissions = self._submissions
        if submissions.only_tells(key) or submissions.is_worn_out(key):
            return False
        if not is_blameless(
            error, submissions.task_of(key), has_begun=submissions.has_begun_alone(key)
        ):
            return False
        if self._values is None:
            return True
        # What finished steps left in the cluster's memory only, and is gone, they make again.
        return not any(submissions.is_worn_out(one) for one in self._blamed(error))

    def _blamed(self, error: BaseException) -> tuple[str, ...]:
        """Return the steps of the task that workers died of, as far as Dask knows."""
        if not isinstance(error, KilledWorker):
            return ()
        return self._submissions.steps_of(cast(TaskKey, error.task))

    def _is_own(self, key: str, error: BaseException) -> bool:
        """Return whether workers died of the task of a step itself, not of one before it."""
        return isinstance(error, KilledWorker) and error.task == self._submissions.task_of(key)

    def _has_last_words(self, key: str, error: BaseException) -> bool:
        """Return whether a step that took its workers down has hooks or is tried again.

        Only a worker can have them run: it has the resources, and this is no place for user code.
        """
        if self._submissions.only_tells(key) or not self._is_own(key, error):
            return False
        handle = self._plan.step_by_key[key].solid_handle
        definition = self._run_context.pipeline_def
        if definition.get_all_hooks_for_handle(handle):
            return True
        retries = self._run_context.retries_enabled
        return retries and definition.get_retry_policy_for_handle(handle) is not None

    # --- lost messages ---

    def _ask(self, key: str) -> Iterator[DagsterEvent]:
        """Fetch what a step told whose messages were lost on their way."""
        found = self._asking.told_of(key, self._submissions.task_of(key))
        if found is None:
            return
        yield from self._recording.hear(found)
        if key not in self._submissions.futures:
            return
        if self._submissions.is_worn_out(key):
            yield from self._recording.fail(key, unheard(key))
        else:
            # It left nothing that counts, or its values went with what it told.
            self._recording.take_off(key, 0.0, (0, True))
