"""Loggers that write to standard error: lines for people, or JSON.

A mode without loggers has the first.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping

from dagsterlite.config import Field, String
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition, logger
from dagsterlite.errors import DagsterInvalidConfigError, listed, near

LINE_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class _ToStandardError(logging.Handler):
    """Writes to what ``sys.stderr`` is at the moment of the message, not when it was made."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


class _Json(logging.Formatter):
    """All that a record holds, as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        facts = {**vars(record), "msg": record.getMessage(), "args": None}
        meta = dict(getattr(record, "dagster_meta", {}))
        event = meta.pop("dagster_event", None)
        if event is not None:
            meta["dagster_event_type"] = event.event_type_value
        return json.dumps({**facts, "dagster_meta": meta}, default=str, sort_keys=True)


_CONFIG = {
    "log_level": Field(
        String, default_value="INFO", description="The lowest level that is written."
    ),
    "name": Field(String, default_value="dagsterlite", description="The name in each line."),
}


@logger(_CONFIG, description="Writes to standard error.")
def colored_console_logger(init_context: InitLoggerContext) -> logging.Logger:
    """Make the console's logger."""
    return _writing(init_context, logging.Formatter(LINE_FORMAT))


@logger(_CONFIG, description="Writes to standard error, a JSON object a line.")
def json_console_logger(init_context: InitLoggerContext) -> logging.Logger:
    """Make a logger of JSON lines: each record's attributes, its tags as ``dagster_meta``."""
    return _writing(init_context, _Json())


def _level(name: str) -> int:
    levels = logging.getLevelNamesMapping()
    if name.upper() not in levels:
        mend = f"{near(name.upper(), levels)} There are: {listed(levels)}."
        raise DagsterInvalidConfigError(f"The log_level of a console logger is '{name}'.{mend}", ())
    return levels[name.upper()]


def _writing(init_context: InitLoggerContext, formatter: logging.Formatter) -> logging.Logger:
    config = init_context.logger_config
    console = logging.Logger(config["name"], level=_level(config["log_level"]))  # noqa: LOG001 - one a run, kept out of the process-wide tree so that runs do not share handlers
    handler = _ToStandardError()
    handler.setFormatter(formatter)
    console.addHandler(handler)
    return console


def default_loggers() -> Mapping[str, LoggerDefinition]:
    """Return the loggers of a mode that names none."""
    return {"console": colored_console_logger}
