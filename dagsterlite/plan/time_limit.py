"""How long a step may take. Pure."""

from __future__ import annotations

from math import isfinite
from typing import Final

from dagsterlite.errors import DagsterInvariantViolationError, shown
from dagsterlite.plan.step import ExecutionStep

TIMEOUT_TAG: Final = "dagsterlite/timeout"


def time_limit_of(step: ExecutionStep) -> float | None:
    """Return the seconds that each attempt of a step may take: its tag ``dagsterlite/timeout``.

    Raises:
        DagsterInvariantViolationError: the tag is no number above 0.
    """
    text = step.tags.get(TIMEOUT_TAG)
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not (isfinite(seconds) and seconds > 0):
        raise DagsterInvariantViolationError(
            f"Tag '{TIMEOUT_TAG}' of {step.kind_and_path} must be a number of seconds above 0, "
            f"not {shown(text)}."
        )
    return seconds
