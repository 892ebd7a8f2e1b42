"""Inputs and outputs read off a function's parameters and annotations."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from typing import Any

from dagsterlite.definitions.arguments import list_of
from dagsterlite.definitions.inputs import NO_VALUE, InputDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    listed,
    shown,
    type_name,
)
from dagsterlite.events.yielded import DynamicOutput, Output

_CONTEXT_NAMES = frozenset({"context", "_", "_context", "context_"})
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
_STREAMS = (Generator, Iterator, Iterable, AsyncGenerator, AsyncIterator, AsyncIterable)


def name_of(decorator: str, name: str | None, fn: Any) -> str:
    """Return the name of the definition that ``decorator`` makes of ``fn``.

    Raises:
        CheckError: ``fn`` is no function, or has no name and none is given.
    """
    own_name = getattr(fn, "__name__", None)
    if not callable(fn) or (name is None and own_name is None):
        message = f"{decorator} must decorate a function, not {shown(fn)} of type {type_name(fn)}."
        raise CheckError(message)
    return str(own_name) if name is None else name


def made_from(fn: Callable[..., Any]) -> tuple[str, str] | None:
    """Return the module and qualified name of a function; None for what has none."""
    module, name = getattr(fn, "__module__", None), getattr(fn, "__qualname__", None)
    return (module, name) if module and name else None


def refuse_unrun(owner: str, fn: Callable[..., Any]) -> None:
    """Refuse a function that places solids but yields or is async: to call it runs nothing.

    Raises:
        DagsterInvalidDefinitionError: it is a generator, or async.
    """
    if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
        message = f"{owner}: its function is async; write it as a plain one: it only places solids."
        raise DagsterInvalidDefinitionError(message)
    if inspect.isgeneratorfunction(fn):
        message = f"{owner}: its function yields; it must call solids and return their outputs."
        raise DagsterInvalidDefinitionError(message)


def annotations_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return a function's annotations as objects.

    Names local to where the function is being decorated are found too; an annotation that cannot
    be evaluated is left as text.
    """
    given = getattr(fn, "__annotations__", None)
    if not given:
        return {}
    names = _names_around(fn)
    try:
        return typing.get_type_hints(fn, localns=names)
    except Exception:  # noqa: BLE001 - an annotation may be any expression
        return {name: _evaluate(text, fn, names) for name, text in given.items()}


def _names_around(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return the local names of the innermost function under way in ``fn``'s module."""
    module = getattr(fn, "__globals__", None)
    frame = sys._getframe(1)  # noqa: SLF001 - nothing else tells of a caller's local names
    while frame.f_back is not None and frame.f_globals is not module:
        frame = frame.f_back
    is_function = frame.f_globals is module and frame.f_locals is not module
    return dict(frame.f_locals) if is_function else {}


def _evaluate(annotation: Any, fn: Callable[..., Any], names: dict[str, Any]) -> Any:
    if not isinstance(annotation, str):
        return annotation
    try:
        return eval(annotation, getattr(fn, "__globals__", {}), names)  # noqa: S307 - it is the user's code
    except Exception:  # noqa: BLE001 - an annotation may be any expression
        return annotation


def split_context(fn: Callable[..., Any]) -> tuple[bool, list[inspect.Parameter]]:
    """Return whether a function's first parameter is the context, and its other parameters.

    The parameter's name says so: ``context``, or one of its forms for what is not used.
    """
    parameters = list(inspect.signature(fn).parameters.values())
    takes_context = bool(parameters) and parameters[0].name in _CONTEXT_NAMES
    return takes_context, parameters[1:] if takes_context else parameters


def inputs_of(
    owner: str,
    fn: Callable[..., Any],
    parameters: Sequence[inspect.Parameter],
    given: Sequence[InputDefinition] | None,
) -> list[InputDefinition]:
    """Return the inputs that are given; else one for each parameter.

    An inferred input has the type of the parameter's annotation, T for ``Output[T]``, and its
    default value.

    Raises:
        CheckError: what is given is no list of inputs.
        DagsterInvalidDefinitionError: a parameter is ``*args`` or ``**kwargs``, or its annotation
            is no type.
    """
    if given is not None:
        return list_of(owner, "input_defs", given, InputDefinition)
    refuse_variadic(owner, parameters, "input_defs")
    hints = annotations_of(fn)
    return [_infer_input(owner, parameter, hints.get(parameter.name)) for parameter in parameters]


def refuse_variadic(owner: str, parameters: Sequence[inspect.Parameter], argument: str) -> None:
    """Refuse ``*args`` and ``**kwargs`` where inputs are read off the parameters.

    Args:
        owner: What the function belongs to, for messages.
        parameters: The function's.
        argument: The argument that would name the inputs.

    Raises:
        DagsterInvalidDefinitionError: there is one.
    """
    for parameter in parameters:
        if parameter.kind in _VARIADIC:
            message = (
                f"{owner}: no input can be read off the parameter '{parameter}'. Name each input "
                f"as a parameter of its own, or list them in {argument}."
            )
            raise DagsterInvalidDefinitionError(message)


def default_of(parameter: inspect.Parameter) -> Any:
    """Return a parameter's default, or :data:`NO_VALUE`."""
    return NO_VALUE if parameter.default is parameter.empty else parameter.default


def _infer_input(owner: str, parameter: inspect.Parameter, hint: Any) -> InputDefinition:
    try:
        value = value_hint(hint)
        return InputDefinition(parameter.name, value, default_value=default_of(parameter))
    except DagsterInvalidDefinitionError as exc:
        raise DagsterInvalidDefinitionError(f"{owner}: {exc}") from exc


def outputs_of(
    owner: str, fn: Callable[..., Any], given: Sequence[OutputDefinition] | None
) -> list[OutputDefinition]:
    """Return the outputs that are given; else one, typed by the function's annotation.

    Raises:
        CheckError: what is given is no list of outputs.
        DagsterInvalidDefinitionError: the annotation is no type.
    """
    if given is not None:
        return list_of(owner, "output_defs", given, OutputDefinition)
    try:
        return [OutputDefinition(value_hint(return_hint(fn)))]
    except DagsterInvalidDefinitionError as exc:
        raise DagsterInvalidDefinitionError(f"{owner}: {exc}") from exc


def return_hint(fn: Callable[..., Any]) -> Any:
    """Return what a function's annotation says of what it returns; None where it says nothing.

    ``-> None`` promises no type, nor does a generator's annotation that speaks of what it yields.
    """
    hint = annotations_of(fn).get("return")
    yields = is_stream(fn) and typing.get_origin(hint) in _STREAMS
    return None if yields or hint in _STREAMS or hint is type(None) else hint


def is_stream(fn: Callable[..., Any]) -> bool:
    """Return whether a function yields its outputs and events."""
    return inspect.isgeneratorfunction(fn) or inspect.isasyncgenfunction(fn)


def value_hint(hint: Any) -> Any:
    """Return what an annotation says of a value: for ``Output[T]``, that it is a T."""
    if hint is Output:
        return None
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Output else hint


def mapped_value_hint(hint: Any) -> Any:
    """Return what an annotation says of each value of a dynamic output; None where it says nothing.

    Of ``list[DynamicOutput[T]]`` that is T.
    """
    if typing.get_origin(hint) is list:
        (hint,) = typing.get_args(hint)
    return typing.get_args(hint)[0] if typing.get_origin(hint) is DynamicOutput else None


def check_inputs(
    owner: str,
    parameters: Sequence[inspect.Parameter],
    input_defs: Sequence[InputDefinition],
    *,
    takes_nothing: bool = False,
    argument: str = "input_defs",
) -> list[str]:
    """Hold a function's parameters against its ``input_defs``; return the inputs by position.

    Args:
        owner: What the function belongs to, for messages.
        parameters: The function's, without its context.
        input_defs: The inputs.
        takes_nothing: Whether inputs of type Nothing have parameters too: a composite's do, to be
            handed on; a solid's do not, since they have no value.
        argument: The argument that names the inputs, for messages.

    Raises:
        DagsterInvalidDefinitionError: a parameter has no input, or an input no parameter.
    """
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        message = f"{owner}: inputs are handed over by name; '*args' cannot take them."
        raise DagsterInvalidDefinitionError(message)
    names = [p.name for p in parameters if p.kind not in _VARIADIC]
    nothings = {d.name for d in input_defs if d.dagster_type.is_nothing and not takes_nothing}
    valued = {d.name for d in input_defs} - nothings
    _refuse_extra(owner, set(names) - valued, valued, nothings, argument)
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    missing = valued.difference(names)
    if missing and not takes_any:
        message = (
            f"{owner}: {argument} name {listed(missing)} but the function has no such parameter. "
            "Add it, or give the input the type Nothing."
        )
        raise DagsterInvalidDefinitionError(message)
    return [*names, *(d.name for d in input_defs if d.name not in names)]


def _refuse_extra(
    owner: str, extra: set[str], valued: set[str], nothings: set[str], argument: str
) -> None:
    if extra & nothings:
        message = (
            f"{owner}: inputs {listed(extra & nothings)} of type Nothing have no value, so the "
            f"function must not take them: name them in {argument} alone."
        )
        raise DagsterInvalidDefinitionError(message)
    if extra:
        message = (
            f"{owner}: the function takes parameters {listed(extra)} that are not among its "
            f"{argument}: {listed(valued)}."
        )
        raise DagsterInvalidDefinitionError(message)
