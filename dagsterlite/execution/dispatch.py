"""The way of messages and events to the Python loggers of a run."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry


def tell_loggers(
    loggers: Sequence[logging.Logger],
    tags: Mapping[str, str],
    level: int,
    text: str,
    *,
    event: DagsterEvent | None = None,
    extra: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> None:
    """Log a text to each logger; ``tags`` stand on the record as ``dagster_meta``.

    What a logger raises is told on the terminal, as :mod:`logging` does: no step fails of it.
    """
    for logger in loggers:
        if logger.isEnabledFor(level):
            meta = {**tags, "orig_message": text, "dagster_event": event}
            attributes = {**(extra or {}), "dagster_meta": meta}
            try:
                logger.log(level, _line(tags, text), extra=attributes, **kwargs)
            except Exception:  # noqa: BLE001 - a user's handler may raise anything
                _tell_of_trouble(logger)


def _tell_of_trouble(logger: logging.Logger) -> None:
    # The terminal may be what is in trouble.
    with suppress(OSError, ValueError):
        sys.stderr.write(f"Logger {logger.name!r} of a run raised:\n{traceback.format_exc()}")


def tell_of_event(
    loggers: Sequence[logging.Logger],
    tags: Mapping[str, str],
    event: DagsterEvent,
    level: int = logging.DEBUG,
) -> None:
    """Tell loggers of an event."""
    wanting = [logger for logger in loggers if logger.isEnabledFor(level)]
    if wanting:
        text = f"{event.event_type_value} - {event.message}"
        error: SerializableErrorInfo | None = getattr(event.event_specific_data, "error", None)
        if error is not None:
            text += f" {error.reason}"
        tell_loggers(wanting, tags, level, text, event=event)


def tell_of_entry(
    loggers: Sequence[logging.Logger], run_tags: Mapping[str, str], entry: EventLogEntry
) -> None:
    """Tell loggers of an entry that another process made."""
    event = entry.dagster_event
    if event is not None:
        tell_of_event(loggers, event.logging_tags, event, entry.level)
        return
    tags = {**run_tags, "step_key": entry.step_key}
    text = entry.user_message
    if entry.error_info is not None:
        text = f"{text}\n{entry.error_info.to_string()}"
    tell_loggers(loggers, tags, entry.level, text)


def _line(tags: Mapping[str, str], text: str) -> str:
    parts = [tags.get(key) for key in ("pipeline_name", "run_id", "step_key")]
    return " - ".join([*(part for part in parts if part), text])
