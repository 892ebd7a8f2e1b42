"""Loggers: where ``context.log`` writes beside the run's event log."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from dagsterlite import plugins
from dagsterlite.config import Field
from dagsterlite.definitions.arguments import description_of
from dagsterlite.definitions.configurable import config_field_of, is_bare
from dagsterlite.definitions.configured import AnonymousConfigurableDefinition
from dagsterlite.types.callables import check_function


@dataclass(frozen=True, kw_only=True)
class InitLoggerContext:
    """What a logger function is given."""

    #: The logger's config, resolved.
    logger_config: Any
    logger_def: LoggerDefinition
    pipeline_def: Any = None
    run_id: str | None = None


class LoggerDefinition(AnonymousConfigurableDefinition):
    """Makes a Python logger for a run.

    Args:
        logger_fn: Called with an :class:`InitLoggerContext`; returns a :class:`logging.Logger`.
        config_schema: What ``init_context.logger_config`` must look like (default: any config,
            and none is needed).
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
        owner = _label(logger_fn)
        self.logger_fn: Callable[[InitLoggerContext], logging.Logger] = check_function(
            owner, "logger_fn", logger_fn, takes=("init_context",)
        )
        self.config_field: Field | None = config_field_of(owner, config_schema)
        self.description = description_of(owner, description)

    @property
    def label(self) -> str:
        return _label(self.logger_fn)

    def __call__(self, *args: Any, **kwargs: Any) -> logging.Logger:
        """Call the logger function directly, as in a test; return what it returns.

        Raises:
            DagsterInvalidInvocationError: the arguments are not one context.
        """
        made: logging.Logger = plugins.load("invoke_logger")(self, args, kwargs)
        return made


def _label(logger_fn: Any) -> str:
    return f"logger '{getattr(logger_fn, '__name__', 'logger')}'"


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
        config_schema: What ``init_context.logger_config`` must look like (default: any config,
            and none is needed).
        description: For people (default: the function's docstring).
    """
    if is_bare(config_schema):
        return logger()(config_schema)

    def wrap(fn: Callable[[InitLoggerContext], logging.Logger]) -> LoggerDefinition:
        return LoggerDefinition(fn, config_schema, description or inspect.getdoc(fn))

    return wrap
