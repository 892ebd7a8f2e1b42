"""The Python logger of functions that take no context."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

from dagsterlite.errors import ParameterCheckError
from dagsterlite.execution.log_manager import DagsterLogManager

_LOG: ContextVar[DagsterLogManager | None] = ContextVar("log of the step under way", default=None)


class StepLogger(logging.Logger):
    """Hands on to ``context.log`` of the step under way; outside a step, to the root logger."""

    def __init__(self, name: str) -> None:
        super().__init__(name, logging.DEBUG)
        self.parent = logging.getLogger()

    def handle(self, record: logging.LogRecord) -> None:
        """Log a record."""
        log = _LOG.get()
        if log is None:
            super().handle(record)
        else:
            log.log(record.levelno, record.getMessage(), exc_info=record.exc_info)

    def __reduce__(self) -> tuple[Callable[[str], StepLogger], tuple[str]]:
        return get_dagster_logger, (self.name,)


@contextmanager
def logging_to(log: DagsterLogManager) -> Iterator[None]:
    """Have the functions that are called meanwhile log to a step's log."""
    token = _LOG.set(log)
    try:
        yield
    finally:
        _LOG.reset(token)


def get_dagster_logger(name: str | None = None) -> StepLogger:
    """Return a Python logger whose messages become the run's, as those of ``context.log`` do.

    ::

        @op
        def hello():
            get_dagster_logger().info("Hello, world!")

    Args:
        name: Its name (default ``dagsterlite``); outside a step, it stands on the records.

    Raises:
        CheckError: the name is no text.
    """
    if name is not None and not isinstance(name, str):
        raise ParameterCheckError("get_dagster_logger", "name", "a text", name)
    return _logger_named(name or "dagsterlite")


@cache
def _logger_named(name: str) -> StepLogger:
    return StepLogger(name)
