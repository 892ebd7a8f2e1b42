"""Calling solids, resources and loggers directly, as functions: in tests, without a run."""

from __future__ import annotations

import inspect
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any

from dagsterlite.definitions.compute import SIDE_EVENTS, DecoratedFunction
from dagsterlite.definitions.logger import InitLoggerContext, LoggerDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.resource import InitResourceContext, ResourceDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import (
    DagsterInvalidInvocationError,
    DagsterInvariantViolationError,
    DagsterStepOutputNotFoundError,
    listed,
    near,
    shown,
    type_name,
)
from dagsterlite.events.yielded import Output
from dagsterlite.execution.type_checks import did_not_pass
from dagsterlite.execution.unbound_contexts import (
    BoundSolidExecutionContext,
    UnboundSolidExecutionContext,
    build_solid_context,
)
from dagsterlite.execution.unbound_init_contexts import (
    UnboundInitLoggerContext,
    UnboundInitResourceContext,
    build_init_logger_context,
    build_init_resource_context,
)
from dagsterlite.types.callables import can_take
from dagsterlite.types.dagster_type import DagsterType


def invoke_solid(
    node: NodeDefinition, args: Sequence[Any], kwargs: Mapping[str, Any], tags: Mapping[str, str]
) -> Any:
    """Call a solid's function with a context and input values, checked as in a run.

    Args:
        node: The solid.
        args: The context, where the function takes one, then input values.
        kwargs: The same, by name.
        tags: The tags of the solid's place.

    Returns:
        What the function returns; of one that yields, a generator of what it yields.

    Raises:
        DagsterInvariantViolationError: the node is no solid, or its function returns or yields
            what it must not.
        DagsterInvalidInvocationError: the arguments do not fit.
        DagsterInvalidConfigError: the context's config does not fit.
        DagsterTypeCheckDidNotPass: a value is not of its type.
    """
    solid = _solid(node)
    function = solid.compute_fn
    if not isinstance(function, DecoratedFunction):
        message = (
            f"{solid.label} cannot be called directly: it was not made by a decorator. Test it by "
            "execute_solid."
        )
        raise DagsterInvalidInvocationError(message)
    given, values, named = _split(solid, function, args, kwargs)
    context = BoundSolidExecutionContext(given, solid, tags)
    inputs = _inputs(context, values, named)
    answer = function.answer(context, inputs)
    if inspect.isgenerator(answer):
        return _checked_events(context, answer)
    for _event in _checked_events(context, function.events_of(context, answer)):
        pass
    return answer


def _solid(node: NodeDefinition) -> SolidDefinition:
    if isinstance(node, SolidDefinition):
        return node
    message = (
        f"{node.label} was called outside of a composition: only inside a function under "
        f"{node.words.graph_decorators} can it be. To run it by itself use "
        f"{'execute_solid' if node.words.has_modes else node.words.runner}."
    )
    raise DagsterInvariantViolationError(message)


# --- the context ----------------------------------------------------------------------------------


def _split(
    solid: SolidDefinition,
    function: DecoratedFunction,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> tuple[UnboundSolidExecutionContext, Sequence[Any], Mapping[str, Any]]:
    """Return the context, and the arguments without it."""
    if not function.takes_context:
        if args and isinstance(args[0], UnboundSolidExecutionContext):
            message = f"{solid.label} takes no context, and was given one. Leave it out."
            raise DagsterInvalidInvocationError(message)
        return build_solid_context(), args, kwargs
    name = next(iter(inspect.signature(function.fn).parameters))
    if name in kwargs:
        rest = {key: value for key, value in kwargs.items() if key != name}
        return _as_context(solid, kwargs[name]), args, rest
    if not args:
        words = solid.words
        message = (
            f"{solid.label} takes a context as its first argument, and was given none. Give it "
            f"build_{words.node}_context(…), or None where the {words.node} needs nothing of it. "
            f"(Only inside a function under {words.graph_decorators} does a call place the "
            f"{words.node}.)"
        )
        raise DagsterInvalidInvocationError(message)
    return _as_context(solid, args[0]), args[1:], kwargs


def _as_context(solid: SolidDefinition, given: Any) -> UnboundSolidExecutionContext:
    if given is None:
        _refuse_needs(solid)
        return build_solid_context()
    if isinstance(given, UnboundSolidExecutionContext):
        return given
    message = (
        f"The first argument of {solid.label} is its context, and {shown(given)} of type "
        f"{type_name(given)} is none. Give it build_{solid.words.node}_context(…) first."
    )
    raise DagsterInvalidInvocationError(message)


def _refuse_needs(solid: SolidDefinition) -> None:
    field = solid.config_field
    needs = [f"the resource '{key}'" for key in sorted(solid.required_resource_keys)]
    if field is not None and field.is_required:
        needs.append("config")
    if needs:
        message = (
            f"{solid.label} needs {' and '.join(needs)}, and was given None as its context. Give "
            f"it build_{solid.words.node}_context(…) with what it needs."
        )
        raise DagsterInvalidInvocationError(message)


# --- inputs ---------------------------------------------------------------------------------------


def _inputs(
    context: BoundSolidExecutionContext, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    solid = context.solid_def
    bound = _bind(solid, args, kwargs)
    for name, input_def in solid.input_dict.items():
        if input_def.dagster_type.is_nothing:
            continue
        if name not in bound:
            if not input_def.has_default_value:
                message = f"No value was given for input '{name}' of {solid.label}."
                raise DagsterInvalidInvocationError(message)
            bound[name] = input_def.default_value
        _check(context, "input", name, input_def.dagster_type, bound[name])
    return bound


def _bind(solid: SolidDefinition, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    names = [n for n in solid.positional_inputs if not solid.input_dict[n].dagster_type.is_nothing]
    if len(args) > len(names):
        message = (
            f"{solid.label} takes {len(names)} input(s) ({listed(names)}), and was given "
            f"{len(args)} values."
        )
        raise DagsterInvalidInvocationError(message)
    bound = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in names:
            message = (
                f"{solid.label} has no input '{name}' that takes a value.{near(name, names)} It "
                f"has: {listed(names)}."
            )
            raise DagsterInvalidInvocationError(message)
        if name in bound:
            raise DagsterInvalidInvocationError(f"Input '{name}' of {solid.label} was given twice.")
        bound[name] = value
    return bound


def _check(
    context: BoundSolidExecutionContext,
    kind: str,
    name: str,
    dagster_type: DagsterType,
    value: Any,
) -> None:
    answer = dagster_type.type_check(context.for_type(dagster_type), value)
    if not answer.success:
        place = f'{kind} "{name}" of {context.solid_def.label}'
        raise did_not_pass(place, dagster_type, answer)


# --- outputs --------------------------------------------------------------------------------------


def _checked_events(
    context: BoundSolidExecutionContext, events: Iterable[Any]
) -> Generator[Any, None, None]:
    """Yield what a solid yields, each output once and of its type, no required one left out."""
    solid = context.solid_def
    seen: set[str] = set()
    for event in events:
        if isinstance(event, Output):
            output = _output(solid, event, seen)
            _check(context, "output", output.name, output.dagster_type, event.value)
        elif not isinstance(event, SIDE_EVENTS):
            message = (
                f"{solid.label} yielded {shown(event)} of type {type_name(event)}: values must be "
                "wrapped in an Output; AssetMaterialization, AssetObservation and "
                "ExpectationResult may be yielded too."
            )
            raise DagsterInvariantViolationError(message)
        yield event
    _refuse_missing(solid, seen)


def _output(solid: SolidDefinition, output: Output, seen: set[str]) -> OutputDefinition:
    name, known = output.output_name, solid.output_dict
    if name not in known:
        message = (
            f"{solid.label} returned an output '{name}' that does not exist.{near(name, known)} "
            f"The available outputs are {listed(known)}."
        )
        raise DagsterInvariantViolationError(message)
    if name in seen:
        message = f"{solid.label} returned output '{name}' multiple times."
        raise DagsterInvariantViolationError(message)
    seen.add(name)
    return known[name]


def _refuse_missing(solid: SolidDefinition, seen: set[str]) -> None:
    for name, output in solid.output_dict.items():
        if name not in seen and output.is_required and not output.dagster_type.is_nothing:
            message = f"{solid.label} did not return an output for non-optional output '{name}'."
            raise DagsterStepOutputNotFoundError(message, step_key=solid.name, output_name=name)


# --- resources and loggers ------------------------------------------------------------------------


def invoke_resource(
    definition: ResourceDefinition, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Call a resource's function with a context; return what it returns.

    Raises:
        DagsterInvalidInvocationError: the arguments are not one context that has what the
            resource requires.
        DagsterInvalidConfigError: the context's config does not fit.
    """
    takes_context = not can_take(definition.resource_fn, 0)
    given = _one_context(definition.label, args, kwargs, is_needed=takes_context)
    if isinstance(given, InitResourceContext):
        return definition.create(given)
    context = build_init_resource_context() if given is None else given
    if not isinstance(context, UnboundInitResourceContext):
        raise DagsterInvalidInvocationError(
            _no_context(definition.label, given, "build_init_resource_context")
        )
    return definition.create(context.bind(definition))


def invoke_logger(
    definition: LoggerDefinition, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """Call a logger's function with a context; return what it returns.

    Raises:
        DagsterInvalidInvocationError: the arguments are not one context.
        DagsterInvalidConfigError: the context's config does not fit.
    """
    given = _one_context(definition.label, args, kwargs, is_needed=True)
    if isinstance(given, InitLoggerContext):
        return definition.logger_fn(given)
    context = build_init_logger_context() if given is None else given
    if not isinstance(context, UnboundInitLoggerContext):
        raise DagsterInvalidInvocationError(
            _no_context(definition.label, given, "build_init_logger_context")
        )
    return definition.logger_fn(context.bind(definition))


def _one_context(
    label: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, is_needed: bool
) -> Any:
    given = [*args, *kwargs.values()]
    if len(given) > 1:
        message = f"{label} takes one argument, its context, and was given {len(given)}."
        raise DagsterInvalidInvocationError(message)
    if not given and is_needed:
        message = (
            f"{label} takes a context as its argument, and was given none. Give it a context, or "
            "None where it needs nothing of one."
        )
        raise DagsterInvalidInvocationError(message)
    return given[0] if given else None


def _no_context(label: str, given: Any, builder: str) -> str:
    return (
        f"The argument of {label} is its context, and {shown(given)} of type {type_name(given)} "
        f"is none. Give it {builder}(…)."
    )
