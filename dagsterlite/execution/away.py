"""Waiting for servers that are away for a while: they restart, or move to another machine."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeVar

from dagsterlite.errors import DagsterStorageUnreachableError

T = TypeVar("T")

AWAY_SECONDS: Final = 300.0
"""How long a driver waits for the stores of its instance."""

FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0
"""Seconds between two tries: each pause is twice the one before."""

_logger = logging.getLogger(__name__)


def _is_store_away(error: Exception) -> bool:
    return isinstance(error, DagsterStorageUnreachableError)


def once_back(
    call: Callable[[], T],
    *,
    again: Callable[[], T] | None = None,
    is_away: Callable[[Exception], bool] = _is_store_away,
    seconds: float | None = None,
    wait: Callable[[float], None] = time.sleep,
    is_over: Callable[[], bool] = lambda: False,
) -> T:
    """Return what a call returns, once the server that it needs can be reached.

    Args:
        call: May be repeated.
        again: What is called after the first try, which may have done its work although the answer
            was lost.
        is_away: Whether an error says that the server is away (default: of the instance's stores).
        seconds: How long to wait (default: :data:`AWAY_SECONDS`).
        wait: Lets so many seconds pass, or fewer.
        is_over: Whether to wait no longer.

    Raises:
        Exception: what ``call`` raised last, where that says something else, it has lasted too long
            or it is to be waited no longer.
    """
    seconds = AWAY_SECONDS if seconds is None else seconds
    until = time.monotonic() + seconds
    pause = FIRST_PAUSE
    while True:
        try:
            return call()
        except Exception as exc:
            if not is_away(exc) or time.monotonic() > until or is_over():
                raise
            if pause == FIRST_PAUSE:
                _logger.warning("It is waited up to %g seconds: %s", seconds, exc)
        call = again or call
        wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
