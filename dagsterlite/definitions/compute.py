"""From what a solid's function returns or yields to the events of a step."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import DagsterInvariantViolationError, listed, shown, type_name
from dagsterlite.events.yielded import (
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


def compute_fn_of(
    owner: str, fn: Callable[..., Any], outputs: Sequence[OutputDefinition], *, takes_context: bool
) -> ComputeFn:
    """Return the compute function, of context and inputs, that calls the user's ``fn``."""

    def compute(context: Any, inputs: Mapping[str, Any]) -> Iterator[UserEvent]:
        answer = fn(context, **inputs) if takes_context else fn(**inputs)
        if inspect.isgenerator(answer):
            yield from answer
        else:
            yield from _events_of(owner, context, answer, outputs)

    return compute


def _events_of(
    owner: str, context: Any, answer: Any, outputs: Sequence[OutputDefinition]
) -> Iterator[UserEvent]:
    if inspect.iscoroutine(answer) or inspect.isasyncgen(answer):
        message = (
            f"Error in {owner}: it returned {shown(answer)}, which nothing would await. Run it to "
            "its end, e.g. by asyncio.run, and return the result."
        )
        _close(answer)
        raise DagsterInvariantViolationError(message)
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


def _dynamic_outputs(owner: str, answer: Any, output: OutputDefinition) -> list[DynamicOutput]:
    if isinstance(answer, list) and all(isinstance(item, DynamicOutput) for item in answer):
        return answer
    message = (
        f"Error in {owner}: it returned {shown(answer)} of type {type_name(answer)} for its "
        f"dynamic output '{output.name}'. Yield a DynamicOutput for each of its values, or return "
        "a list of them."
    )
    raise DagsterInvariantViolationError(message)


def _close(answer: Any) -> None:
    if inspect.iscoroutine(answer):
        # Python warns of a coroutine that was neither awaited nor closed.
        answer.close()


def _unexpected(owner: str, answer: Any, outputs: Sequence[OutputDefinition]) -> str:
    found = f"Error in {owner}: it returned {shown(answer)} of type {type_name(answer)}"
    if not outputs:
        return f"{found} but is defined to have no outputs."
    names = listed(output.name for output in outputs)
    return f"{found} but has several outputs: yield one Output for each of {names}."
