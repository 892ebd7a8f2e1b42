"""The functions that users hand over: whether they can be called as they will be."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError


def check_function(
    owner: str, argument: str, function: Any, takes: Sequence[str] | None = None
) -> Any:
    """Return ``function`` if it can be called with the positional arguments ``takes``.

    Args:
        owner: The definition that is given the function, for messages.
        argument: The argument that it is given as.
        function: What was given.
        takes: What each positional argument will be; None leaves them unchecked.

    Raises:
        ParameterCheckError: it is no function.
        DagsterInvalidDefinitionError: it takes other arguments, or is async.
    """
    if not callable(function):
        raise ParameterCheckError(owner, argument, "a function", function)
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        message = f"{owner}: the function given as '{argument}' is async; write it as a plain one."
        raise DagsterInvalidDefinitionError(message)
    if takes is not None and not can_take(function, len(takes)):
        message = (
            f"{owner}: the function given as '{argument}' must take {len(takes)} positional "
            f"argument(s) ({', '.join(takes)}); it takes {inspect.signature(function)}."
        )
        raise DagsterInvalidDefinitionError(message)
    return function


def can_take(function: Callable[..., Any], count: int) -> bool:
    """Return whether a call with ``count`` positional arguments fits the function's signature."""
    try:
        signature = inspect.signature(function)
    except ValueError:
        # Some functions written in C tell nothing of their arguments.
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True
