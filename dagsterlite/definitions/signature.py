"""Inputs and outputs read off a function's parameters and annotations."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any

from dagsterlite.definitions.inputs import NO_VALUE, InputDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import DagsterInvalidDefinitionError, listed

_CONTEXT_NAMES = frozenset({"context", "_", "_context", "context_"})
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def annotations_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return a function's annotations as objects; those that cannot be evaluated are left as text."""
    try:
        return typing.get_type_hints(fn)
    except Exception:  # noqa: BLE001 - any name may be missing where the annotation is evaluated
        return dict(getattr(fn, "__annotations__", {}))


def split_context(owner: str, fn: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return a function's parameters after its context.

    Raises:
        DagsterInvalidDefinitionError: its first parameter is not the context.
    """
    parameters = list(inspect.signature(fn).parameters.values())
    if not parameters or parameters[0].name not in _CONTEXT_NAMES:
        message = (
            f"{owner}: the function must take 'context' as its first parameter "
            f"(or one of {listed(_CONTEXT_NAMES - {'context'})} where it is not used); "
            f"it takes ({', '.join(p.name for p in parameters)})."
        )
        raise DagsterInvalidDefinitionError(message)
    return parameters[1:]


def infer_inputs(
    owner: str, fn: Callable[..., Any], parameters: Sequence[inspect.Parameter]
) -> list[InputDefinition]:
    """Return an input for each parameter, with the annotation's type and the default value.

    Raises:
        DagsterInvalidDefinitionError: a parameter is ``*args`` or ``**kwargs``, or its annotation
            is no type.
    """
    _refuse_variadic(owner, parameters)
    hints = annotations_of(fn)
    return [_infer_input(parameter, hints.get(parameter.name)) for parameter in parameters]


def _refuse_variadic(owner: str, parameters: Sequence[inspect.Parameter]) -> None:
    for parameter in parameters:
        if parameter.kind in _VARIADIC:
            message = (
                f"{owner}: no input can be read off the parameter '{parameter}'. Name each input "
                "as a parameter of its own, or list them in input_defs."
            )
            raise DagsterInvalidDefinitionError(message)


def _infer_input(parameter: inspect.Parameter, hint: Any) -> InputDefinition:
    default = NO_VALUE if parameter.default is parameter.empty else parameter.default
    return InputDefinition(parameter.name, hint, default_value=default)


def infer_outputs(fn: Callable[..., Any]) -> list[OutputDefinition]:
    """Return the one output that a function without ``output_defs`` has, typed by its annotation.

    A generator's annotation speaks of what it yields; its output takes any value. ``-> None``
    promises no type.
    """
    hint = annotations_of(fn).get("return")
    if inspect.isgeneratorfunction(fn) or hint in {None, type(None)}:
        return [OutputDefinition()]
    return [OutputDefinition(hint)]


def check_inputs(
    owner: str, parameters: Sequence[inspect.Parameter], input_defs: Sequence[InputDefinition]
) -> list[str]:
    """Hold a function's parameters against its ``input_defs``; return the inputs by position.

    Inputs of type Nothing have no value, so no parameter.

    Raises:
        DagsterInvalidDefinitionError: a parameter has no input, or an input no parameter.
    """
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        message = f"{owner}: inputs are handed over by name; '*args' cannot take them."
        raise DagsterInvalidDefinitionError(message)
    names = [p.name for p in parameters if p.kind not in _VARIADIC]
    valued = {d.name for d in input_defs if not d.dagster_type.is_nothing}
    extra = [n for n in names if n not in valued]
    if extra:
        message = (
            f"{owner}: the function takes parameters {listed(extra)} that are not among its "
            f"input_defs with a value: {listed(valued)}."
        )
        raise DagsterInvalidDefinitionError(message)
    missing = valued.difference(names)
    if missing and not takes_any:
        message = (
            f"{owner}: input_defs name {listed(missing)} but the function has no such parameter. "
            "Add it, or give the input the type Nothing."
        )
        raise DagsterInvalidDefinitionError(message)
    return [*names, *(d.name for d in input_defs if d.name not in names)]
