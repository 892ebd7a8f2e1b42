"""What ``context.log`` is: messages to the run's event log and to its loggers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import EventSpecificData
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.dispatch import tell_loggers, tell_of_event

_FAILURES = frozenset(
    {
        DagsterEventType.STEP_FAILURE,
        DagsterEventType.PIPELINE_FAILURE,
        DagsterEventType.PIPELINE_INIT_FAILURE,
        DagsterEventType.HOOK_ERRORED,
    }
)


class DagsterLogManager:
    """Centralized log dispatch from user code (seed 001).

    Each message becomes an entry of the run's event log, in order with the step's events, and
    goes to each of the run's loggers; the run's tags stand on every record as ``dagster_meta``.
    """

    def __init__(self, log: AttemptLog, loggers: Sequence[logging.Logger]) -> None:
        self._log = log
        self._loggers = tuple(loggers)

    @property
    def logging_tags(self) -> dict[str, str]:
        """The run's tags and the step's identity, as every record bears them."""
        return dict(self._log.tags)

    @property
    def loggers(self) -> list[logging.Logger]:
        """The run's loggers."""
        return list(self._loggers)

    def debug(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level DEBUG."""
        self.log(logging.DEBUG, msg, *args, **kwargs)

    def info(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level INFO."""
        self.log(logging.INFO, msg, *args, **kwargs)

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level WARNING."""
        self.log(logging.WARNING, msg, *args, **kwargs)

    warn = warning

    def error(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level ERROR."""
        self.log(logging.ERROR, msg, *args, **kwargs)

    def exception(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level ERROR, with the exception that is being handled."""
        self.log(logging.ERROR, msg, *args, **{"exc_info": True, **kwargs})

    def critical(self, msg: object, *args: object, **kwargs: Any) -> None:
        """Log at level CRITICAL."""
        self.log(logging.CRITICAL, msg, *args, **kwargs)

    def log(
        self, level: int | str, msg: object, *args: object, exc_info: Any = None, **extra: Any
    ) -> None:
        """Log at a level, by number or name; ``args`` fill ``%`` places as in :mod:`logging`."""
        number = level if isinstance(level, int) else logging.getLevelName(level.upper())
        text = str(msg) % args if args else str(msg)
        self._log.message(number, text, _error_of(exc_info))
        tell_loggers(self._loggers, self._log.tags, number, text, exc_info=exc_info, **extra)

    def event(
        self, event_type: DagsterEventType, message: str, data: EventSpecificData | None = None
    ) -> DagsterEvent:
        """Hand on an event to the event log, and tell the loggers of it."""
        level = logging.ERROR if event_type in _FAILURES else logging.DEBUG
        event = self._log.event(event_type, message, data, level=level)
        self.tell(event, level)
        return event

    def tell(self, event: DagsterEvent, level: int = logging.DEBUG) -> None:
        """Tell the loggers of an event that was handed on."""
        tell_of_event(self._loggers, self._log.tags, event, level)


def _error_of(exc_info: Any) -> SerializableErrorInfo | None:
    if not exc_info:
        return None
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
    return None if error is None else error_info_from_exception(error)
