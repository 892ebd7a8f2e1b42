"""The tags of solids that the framework itself reads. Pure."""

from __future__ import annotations

from typing import Final

from dagsterlite.errors import DagsterInvariantViolationError, listed, near
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.plan.time_limit import TIMEOUT_TAG, time_limit_of
from dagsterlite.plan.worker_loss import RERUN_TAG, may_run_again

DASK_TAG: Final = "dagsterlite/dask"
"""Where and when a step runs on Dask."""

_OURS: Final = "dagsterlite/"
_KNOWN: Final = (DASK_TAG, RERUN_TAG, TIMEOUT_TAG)


def check_own_tags(step: ExecutionStep) -> None:
    """Check the tags that say how a step runs, on any executor.

    Raises:
        DagsterInvariantViolationError: there is no such tag, or its value is wrong.
    """
    for key in step.tags:
        if key.startswith(_OURS) and key not in _KNOWN:
            raise DagsterInvariantViolationError(
                f"Tag '{key}' of {step.kind_and_path} means nothing.{near(key, _KNOWN)} Of those "
                f"that begin with '{_OURS}' there are: {listed(_KNOWN)}."
            )
    time_limit_of(step)
    may_run_again(step)
