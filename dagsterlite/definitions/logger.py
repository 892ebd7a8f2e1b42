"""Loggers: where ``context.log`` writes beside the run's event log."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from dagsterlite import plugins
from dagsterlite.config import Field
from dagsterlite.definitions.configurable import config_field_of, default_config, is_bare
from dagsterlite.types.callables import check_function


@dataclass(frozen=True, kw_only=True)
class InitLoggerContext:
    """What a logger function is given."""

    #: The logger's config, resolved.
    logger_config: Any
    logger_def: LoggerDefinition
    pipeline_def: Any = None
    run_id: str | None = None


class LoggerDefinition:
    """Makes a Python logger for a run.

    Args:
        logger_fn: Called with an :class:`InitLoggerContext`; returns a :class:`logging.Logger`.
        config_schema: What ``init_context.logger_config`` must look like.
        description: For people.

    Raises:
        CheckError: ``logger_fn`` is no function.
        DagsterInvalidDefinitionError: it does not take one argument, or the schema is wrong.
    """

    def __init__(
        self,
        logger_fn: Callable[[InitLoggerContext], logging.Logger],
        config_schema: Any = None,
        description: str | None = None,
    ) -> None:
        #: What messages call it: it bears no name but its function's.
        self.label = owner = f"logger '{getattr(logger_fn, '__name__', 'logger')}'"
        self.logger_fn: Callable[[InitLoggerContext], logging.Logger] = check_function(
            owner, "logger_fn", logger_fn, takes=("init_context",)
        )
        self.config_field: Field | None = config_field_of(owner, config_schema)
        self.description = description

    @property
    def config_schema(self) -> Field | None:
        """What the logger's config must look like, if it takes any."""
        return self.config_field

    def __call__(self, *args: Any, **kwargs: Any) -> logging.Logger:
        """Call the logger function directly, as in a test; return what it returns.

        Raises:
            DagsterInvalidInvocationError: the arguments are not one context.
        """
        made: logging.Logger = plugins.load("invoke_logger")(self, args, kwargs)
        return made

    def default_config(self) -> Any:
        """Return the config that the logger has where none is given; None where it takes none."""
        return default_config(self.config_field)


@overload
def logger(
    config_schema: Callable[[InitLoggerContext], logging.Logger],
) -> LoggerDefinition: ...


@overload
def logger(
    config_schema: Any = ..., description: str | None = ...
) -> Callable[[Callable[[InitLoggerContext], logging.Logger]], LoggerDefinition]: ...


def logger(config_schema: Any = None, description: str | None = None) -> Any:
    """Make a logger from a function of an :class:`InitLoggerContext`.

    Args:
        config_schema: What ``init_context.logger_config`` must look like.
        description: For people (default: the function's docstring).
    """
    if is_bare(config_schema):
        return logger()(config_schema)

    def wrap(fn: Callable[[InitLoggerContext], logging.Logger]) -> LoggerDefinition:
        return LoggerDefinition(fn, config_schema, description or inspect.getdoc(fn))

    return wrap
