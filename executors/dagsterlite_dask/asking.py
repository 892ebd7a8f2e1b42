"""What steps told whose messages were lost: asked of their tasks' results, or read as stored."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from distributed import Future

from dagsterlite.stores import IntermediateStorage
from dagsterlite_dask.keys import TaskKey
from dagsterlite_dask.messages import StepEnd, StepMessage, from_wire
from dagsterlite_dask.session import ANSWER_SECONDS, Session
from dagsterlite_dask.storing import Storing
from dagsterlite_dask.task import told_by

LATE_SECONDS: Final = 0.5
"""How long what a step told may be on its way when its task has ended."""


class Asking:
    """Finds what steps told whose tasks have ended, and that have no end yet.

    Args:
        session: The run's side of the cluster.
        manifests: Where committed steps stand; None where only the cluster's memory keeps them.
        storing: The steps whose outputs are stored behind them.
    """

    def __init__(
        self, session: Session, manifests: IntermediateStorage | None, storing: Storing
    ) -> None:
        self._session = session
        self._manifests = manifests
        self._storing = storing
        self._finished_since: dict[str, float] = {}
        self._asked: dict[str, Future[Any]] = {}

    def is_late(self, step_key: str, now: float) -> bool:
        """Return whether the end of a step should have been heard, whose task has ended.

        Args:
            step_key: The step.
            now: Seconds on the monotonic clock.
        """
        if self._storing.is_waited_for(step_key):
            return False
        since = self._finished_since.setdefault(step_key, now)
        return now - since >= LATE_SECONDS

    def told_of(self, step_key: str, task: TaskKey) -> list[StepMessage] | None:
        """Return what can be found of what a step told; None while that is asked for."""
        if self._storing.is_given_up(step_key):
            # Whoever holds its result now does not know.
            return self.stored_of(step_key)
        asked = self._asked.get(step_key)
        if asked is None:
            self._asked[step_key] = self._session.call(told_by, task)
            return None
        if asked.status in {"pending", "lost"}:
            return None
        return _answer(asked) or self.stored_of(step_key)

    def stored_of(self, step_key: str) -> list[StepMessage]:
        """Return what a step told as it stands in its manifest, if it has one."""
        manifest = None if self._manifests is None else self._manifests.read_manifest(step_key)
        if manifest is None:
            return []
        receipt = manifest.receipt
        end = StepEnd(receipt=receipt, counts={receipt.attempt_id: receipt.entry_count})
        return [StepMessage(manifest.entries, end)]

    def forget(self, step_key: str) -> None:
        """Forget a step that has its end, or whose task does not count any more."""
        self._asked.pop(step_key, None)
        self._finished_since.pop(step_key, None)
        self._storing.forget(step_key)

    def clear(self) -> None:
        """Wait for no answer any more."""
        self._asked.clear()


def _answer(asked: Future[Any]) -> list[StepMessage]:
    with suppress(Exception):
        return [from_wire(told) for told in asked.result(ANSWER_SECONDS)]
    return []
