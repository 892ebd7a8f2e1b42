"""Whether a step runs again when a worker died that had begun it. Pure."""

from __future__ import annotations

from typing import Final

from dagsterlite.errors import DagsterInvariantViolationError, shown
from dagsterlite.plan.step import ExecutionStep

RERUN_TAG: Final = "dagsterlite/rerun_on_worker_loss"

_MEANT: Final = {"true": True, "false": False}


def may_run_again(step: ExecutionStep) -> bool:
    """Return whether a step may: its tag ``dagsterlite/rerun_on_worker_loss``, by default true.

    Raises:
        DagsterInvariantViolationError: the tag is neither ``true`` nor ``false``.
    """
    text = step.tags.get(RERUN_TAG, "true")
    meant = _MEANT.get(str(text).lower())
    if meant is None:
        raise DagsterInvariantViolationError(
            f"Tag '{RERUN_TAG}' of {step.kind_and_path} must be true or false, not {shown(text)}."
        )
    return meant
