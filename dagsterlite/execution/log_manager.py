"""What ``context.log`` is: messages to the run's event log and to its loggers."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import EventSpecificData
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.dispatch import tell_loggers, tell_of_event
from dagsterlite.execution.interrupts import Interrupts

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

    Args:
        log: The event log's way.
        loggers: The run's loggers.
        interrupts: What may interrupt the user code that logs, but not in the midst of a message.
        code_version: The version of the step's code, for the assets that it writes.
    """

    def __init__(
        self,
        log: AttemptLog,
        loggers: Sequence[logging.Logger],
        interrupts: Interrupts | None = None,
        code_version: str | None = None,
    ) -> None:
        self._log = log
        self.code_version = code_version
        self._loggers = tuple(loggers)
        self._interrupts = interrupts

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
        """Log at a level, by number or name; ``args`` fill ``%`` places as in :mod:`logging`.

        Raises:
            CheckError: there is no such level.
        """
        number = _level(level)
        text = _text(msg, args)
        error = _error_of(exc_info)
        with nullcontext() if self._interrupts is None else self._interrupts.shielded():
            self._log.message(number, text, error)
            self._tell(number, text, error, exc_info, extra)

    def _tell(
        self,
        level: int,
        text: str,
        error: SerializableErrorInfo | None,
        exc_info: Any,
        extra: dict[str, Any],
    ) -> None:
        redact = self._log.redact
        if redact is not None:
            # Python's own way with tracebacks would show what they hold.
            text = redact(text if error is None else f"{text}\n{error.to_string()}")
            exc_info = None
        tell_loggers(self._loggers, self._log.tags, level, text, exc_info=exc_info, **extra)

    def event(
        self, event_type: DagsterEventType, message: str, data: EventSpecificData | None = None
    ) -> DagsterEvent:
        """Hand on an event to the event log, and tell the loggers of it."""
        level = _level_of(event_type, data)
        event = self._log.event(event_type, message, data, level=level)
        self.tell(event, level)
        return event

    def relay(self, event: DagsterEvent) -> DagsterEvent:
        """Hand on an event that was made in another process, and tell the loggers of it."""
        level = _level_of(event.event_type, event.event_specific_data)
        told = self._log.relay(event, level=level)
        self.tell(told, level)
        return told

    def tell(self, event: DagsterEvent, level: int = logging.DEBUG) -> None:
        """Tell the loggers of an event that was handed on."""
        tell_of_event(self._loggers, self._log.tags, event, level)


def _level_of(event_type: DagsterEventType, data: EventSpecificData | None) -> int:
    # What failed nothing, such as a teardown, is told nowhere else.
    is_trouble = isinstance(data, EngineEventData) and data.error is not None
    return logging.ERROR if is_trouble or event_type in _FAILURES else logging.DEBUG


def _level(level: int | str) -> int:
    found = logging.getLevelName(level.upper()) if isinstance(level, str) else level
    if not isinstance(found, int):
        expected = "a level of logging, by number or name: DEBUG, INFO, WARNING, ERROR, CRITICAL"
        raise ParameterCheckError("context.log", "level", expected, level)
    return found


def _text(msg: object, args: tuple[object, ...]) -> str:
    if not args:
        return str(msg)
    try:
        return str(msg) % args
    except (TypeError, ValueError):
        # As in logging, a slip in a message is no reason to stop.
        return f"{msg} {args}"


def _error_of(exc_info: Any) -> SerializableErrorInfo | None:
    if not exc_info:
        return None
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1]
    return None if error is None else error_info_from_exception(error)
