"""The logger that a mode without loggers has: lines on the terminal's standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

from dagsterlite.config import Field, String
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition, logger

LINE_FORMAT = "%(asctime)s - %(name)s - %(levelname)s - %(message)s"


class _ToStandardError(logging.Handler):
    """Writes to what ``sys.stderr`` is at the moment of the message, not when it was made."""

    def emit(self, record: logging.LogRecord) -> None:
        sys.stderr.write(self.format(record) + "\n")


@logger(
    {
        "log_level": Field(
            String, default_value="INFO", description="The lowest level that is written."
        ),
        "name": Field(String, default_value="dagsterlite", description="The name in each line."),
    },
    description="Writes to standard error.",
)
def colored_console_logger(init_context: InitLoggerContext) -> logging.Logger:
    """Make the console's logger."""
    config = init_context.logger_config
    console = logging.Logger(config["name"], level=config["log_level"].upper())  # noqa: LOG001 - one a run, kept out of the process-wide tree so that runs do not share handlers
    handler = _ToStandardError()
    handler.setFormatter(logging.Formatter(LINE_FORMAT))
    console.addHandler(handler)
    return console


def default_loggers() -> Mapping[str, LoggerDefinition]:
    """Return the loggers of a mode that names none."""
    return {"console": colored_console_logger}
