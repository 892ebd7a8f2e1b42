"""Retry policies: how often a step whose code failed is tried again, and how long after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, Final

from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError

_MOST_DOUBLINGS: Final = 60
"""A wait that doubles does not outgrow a float: by then it is longer than the universe is old."""


class Backoff(Enum):
    """How the delay grows with the number of the attempt that failed, counted from 1."""

    #: ``attempt * delay``.
    LINEAR = "LINEAR"
    #: ``(2 ** attempt - 1) * delay``.
    EXPONENTIAL = "EXPONENTIAL"


class Jitter(Enum):
    """How chance changes the delay after the backoff, so that steps do not return all at once."""

    #: Anything between 0 and the delay.
    FULL = "FULL"
    #: Up to the policy's own ``delay`` more or less.
    PLUS_MINUS = "PLUS_MINUS"


@dataclass(frozen=True)
class RetryPolicy:
    """How a solid is tried again when its code raises.

    Every exception triggers it but ``Failure(allow_retries=False)`` and what stops the run. A step
    that raises ``RetryRequested`` itself is tried again by the numbers in that request.

    Args:
        max_retries: How often the step may be tried again.
        delay: Seconds between the end of an attempt and the start of the next; at once by default.
        backoff: How the delay grows with each attempt.
        jitter: How chance changes it.

    Raises:
        CheckError: an argument is of the wrong type, or below 0.
        DagsterInvalidDefinitionError: ``backoff`` or ``jitter`` is given without a delay.
    """

    max_retries: int = 1
    delay: float | None = None
    backoff: Backoff | None = None
    jitter: Jitter | None = None

    def __post_init__(self) -> None:
        if not _is_count(self.max_retries):
            raise self._misfit("max_retries", "a whole number from 0 up")
        if not (self.delay is None or _is_delay(self.delay)):
            raise self._misfit("delay", "a number of seconds from 0 up")
        if not isinstance(self.backoff, Backoff | None):
            raise self._misfit("backoff", "a Backoff")
        if not isinstance(self.jitter, Jitter | None):
            raise self._misfit("jitter", "a Jitter")
        if self.delay is None and (self.backoff or self.jitter):
            message = (
                "RetryPolicy: backoff and jitter change a delay, and none is given. Give "
                "delay=<seconds> too."
            )
            raise DagsterInvalidDefinitionError(message)

    def _misfit(self, argument: str, expected: str) -> ParameterCheckError:
        return ParameterCheckError("RetryPolicy", argument, expected, getattr(self, argument))

    def delay_after(self, attempt: int, chance: Callable[[], float]) -> float | None:
        """Return the seconds to wait after an attempt; None means that the next starts at once.

        Args:
            attempt: The number of the attempt that failed, from 1.
            chance: Gives a random number from 0 to below 1 at each call.
        """
        if self.delay is None:
            return None
        delay = self.delay * self._growth(attempt)
        match self.jitter:
            case Jitter.FULL:
                return delay * chance()
            case Jitter.PLUS_MINUS:
                return delay + self.delay * (2 * chance() - 1)
        return delay

    def _growth(self, attempt: int) -> int:
        match self.backoff:
            case Backoff.LINEAR:
                return attempt
            case Backoff.EXPONENTIAL:
                return (1 << min(attempt, _MOST_DOUBLINGS)) - 1
        return 1


def check_retry_policy(owner: str, argument: str, given: Any) -> RetryPolicy | None:
    """Return what was given if it is a retry policy, or None.

    Raises:
        ParameterCheckError: it is something else.
    """
    if not isinstance(given, RetryPolicy | None):
        raise ParameterCheckError(owner, argument, "a RetryPolicy", given)
    return given


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_delay(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value < inf
