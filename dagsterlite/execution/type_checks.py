"""Checking the values of a step against their types, and telling what came of it."""

from __future__ import annotations

from typing import Any

from dagsterlite.errors import DagsterTypeCheckDidNotPass, DagsterTypeCheckError
from dagsterlite.events.payloads import TypeCheckData
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.types.dagster_type import DagsterType


def check_value(
    context: StepExecutionContext, dagster_type: DagsterType, value: Any, place: str
) -> TypeCheck:
    """Return what a type says of a value.

    Args:
        context: The step's context.
        dagster_type: The type.
        value: The value.
        place: The input or output, and its step, for messages.

    Raises:
        DagsterTypeCheckError: the check itself raised.
        DagsterInvariantViolationError: it answered with something else than it must.
    """
    try:
        return context.run_context.interrupts.call(
            lambda: dagster_type.type_check(context.for_type(dagster_type), value)
        )
    except DagsterTypeCheckError as exc:
        message = f"{str(exc).removesuffix('.')}, for {place}."
        raise DagsterTypeCheckError(message, exc.user_exception) from exc.user_exception


def did_not_pass(
    place: str, dagster_type: DagsterType, answer: TypeCheck
) -> DagsterTypeCheckDidNotPass:
    """Return the error for a value at ``place`` that is not of its type."""
    because = f" Description: {answer.description}" if answer.description else ""
    return DagsterTypeCheckDidNotPass(
        f'Type check failed for {place} - expected type "{dagster_type.display_name}".{because}',
        metadata_entries=answer.metadata_entries,
        dagster_type=dagster_type,
    )


def type_check_data(label: str, answer: TypeCheck) -> TypeCheckData:
    """Return what an event tells of a type check."""
    return TypeCheckData(
        success=answer.success,
        label=label,
        description=answer.description,
        metadata_entries=answer.metadata_entries,
    )


def verdict(answer: TypeCheck) -> str:
    """Return how a message tells the outcome of a type check."""
    return "(Type check passed)." if answer.success else "(Type check failed)."
