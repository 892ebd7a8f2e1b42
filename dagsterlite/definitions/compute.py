"""From what a solid's function returns or yields to the events of a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import DagsterInvariantViolationError, listed, shown, type_name
from dagsterlite.events.yielded import (
    DEFAULT_OUTPUT,
    AssetMaterialization,
    AssetObservation,
    DynamicOutput,
    ExpectationResult,
    Materialization,
    Output,
)

UserEvent = (
    Output
    | DynamicOutput
    | AssetMaterialization
    | Materialization
    | AssetObservation
    | ExpectationResult
)
ComputeFn = Callable[[Any, Mapping[str, Any]], Iterator[UserEvent]]

SIDE_EVENTS = (AssetMaterialization, Materialization, AssetObservation, ExpectationResult)


@dataclass(frozen=True, eq=False)
class DecoratedFunction:
    """The compute function, of context and inputs, of a solid that a decorator made."""

    #: The solid, for messages.
    owner: str
    #: What the decorator decorates.
    fn: Callable[..., Any]
    outputs: Sequence[OutputDefinition]
    #: Whether ``fn`` takes the context first.
    takes_context: bool

    def __call__(self, context: Any, inputs: Mapping[str, Any]) -> Iterator[UserEvent]:
        """Call the user's function; yield what it yields, or what its answer means."""
        answer = self.answer(context, inputs)
        if inspect.isgenerator(answer):
            yield from answer
        else:
            yield from self.events_of(context, answer)

    def answer(self, context: Any, inputs: Mapping[str, Any]) -> Any:
        """Call the user's function; return what it returns, of an async one in the end.

        An async function is run to its end by an event loop of its own.
        """
        answer = self.fn(context, **inputs) if self.takes_context else self.fn(**inputs)
        is_async = inspect.iscoroutine(answer) or inspect.isasyncgen(answer)
        return _awaited(answer) if is_async else answer

    def events_of(self, context: Any, answer: Any) -> Iterator[UserEvent]:
        """Yield what an answer that is no generator means.

        Raises:
            DagsterInvariantViolationError: it means nothing.
        """
        return _events_of(self.owner, context, answer, self.outputs)


def compute_fn_of(
    owner: str, fn: Callable[..., Any], outputs: Sequence[OutputDefinition], *, takes_context: bool
) -> DecoratedFunction:
    """Return the compute function, of context and inputs, that calls the user's ``fn``."""
    return DecoratedFunction(owner, fn, tuple(outputs), takes_context=takes_context)


def _awaited(answer: Any) -> Any:
    # asyncio takes its time to import, and few solids need it.
    from dagsterlite.definitions.coroutines import items_of, result_of

    return items_of(answer) if inspect.isasyncgen(answer) else result_of(answer)


def _events_of(
    owner: str, context: Any, answer: Any, outputs: Sequence[OutputDefinition]
) -> Iterator[UserEvent]:
    if isinstance(answer, SIDE_EVENTS):
        message = (
            f"Error in {owner}: it returned a {type(answer).__name__}. Yield it instead, and yield "
            "the outputs too: a returned value is the output."
        )
        raise DagsterInvariantViolationError(message)
    if isinstance(answer, (Output, DynamicOutput)):
        yield answer
    elif len(outputs) == 1 and outputs[0].is_dynamic:
        yield from _dynamic_outputs(owner, answer, outputs[0])
    elif len(outputs) == 1:
        yield _only_output(context, answer, outputs[0])
    elif isinstance(answer, tuple) and outputs:
        yield from _each_output(owner, answer, outputs)
    elif answer is not None:
        raise DagsterInvariantViolationError(_unexpected(owner, answer, outputs))


def _only_output(context: Any, value: Any, output: OutputDefinition) -> Output:
    if value is None and not output.is_required:
        message = (
            f'Value "None" returned for non-required output "{output.name}". This value will be '
            "passed to downstream solids. For conditional execution, yield Output only when wanted."
        )
        context.log.warning(message)
    return Output(value, output.name)


def _each_output(
    owner: str, answer: tuple[Any, ...], outputs: Sequence[OutputDefinition]
) -> Iterator[Output]:
    names = [output.name for output in outputs]
    if len(answer) != len(names):
        message = (
            f"Error in {owner}: it returned a tuple of {len(answer)} values but has {len(names)} "
            f"outputs: {listed(names)}. Return a value for each, in the order of their definition, "
            "or yield an Output for each."
        )
        raise DagsterInvariantViolationError(message)
    for position, (name, item) in enumerate(zip(names, answer, strict=True)):
        yield _named_output(owner, position, name, item)


def _named_output(owner: str, position: int, name: str, item: Any) -> Output:
    if not isinstance(item, Output):
        return Output(item, name)
    if item.output_name not in {name, DEFAULT_OUTPUT}:
        message = (
            f"Error in {owner}: it returned Output '{item.output_name}' at position {position} of "
            f"a tuple, the place of output '{name}'. Return them in the order of their definition."
        )
        raise DagsterInvariantViolationError(message)
    return replace(item, output_name=name)


def _dynamic_outputs(owner: str, answer: Any, output: OutputDefinition) -> list[DynamicOutput]:
    if isinstance(answer, list) and all(isinstance(item, DynamicOutput) for item in answer):
        return answer
    message = (
        f"Error in {owner}: it returned {shown(answer)} of type {type_name(answer)} for its "
        f"dynamic output '{output.name}'. Yield a DynamicOutput for each of its values, or return "
        "a list of them."
    )
    raise DagsterInvariantViolationError(message)


def _unexpected(owner: str, answer: Any, outputs: Sequence[OutputDefinition]) -> str:
    found = f"Error in {owner}: it returned {shown(answer)} of type {type_name(answer)}"
    if not outputs:
        return f"{found} but is defined to have no outputs."
    names = listed(output.name for output in outputs)
    return (
        f"{found} but has several outputs: yield one Output for each of {names}, or return a "
        "tuple of their values."
    )
