"""Waiting for stores whose server is away for a while: it restarts, or moves to another machine."""

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


def once_back(
    call: Callable[[], T],
    *,
    again: Callable[[], T] | None = None,
    wait: Callable[[float], None] = time.sleep,
    is_over: Callable[[], bool] = lambda: False,
) -> T:
    """Return what a call returns, once the stores that it needs can be reached.

    Args:
        call: May be repeated.
        again: What is called after the first try, which may have done its work although the answer
            was lost.
        wait: Lets so many seconds pass, or fewer.
        is_over: Whether to wait no longer.

    Raises:
        DagsterStorageUnreachableError: they are away for more than :data:`AWAY_SECONDS`, or it is
            to be waited no longer.
    """
    until = time.monotonic() + AWAY_SECONDS
    pause = FIRST_PAUSE
    while True:
        try:
            return call()
        except DagsterStorageUnreachableError as exc:
            if time.monotonic() > until or is_over():
                raise
            if pause == FIRST_PAUSE:
                _logger.warning("A store is waited for, up to %g seconds: %s", AWAY_SECONDS, exc)
        call = again or call
        wait(pause)
        pause = min(2 * pause, LONGEST_PAUSE)
