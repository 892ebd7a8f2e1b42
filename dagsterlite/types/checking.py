"""Checking a value against a type outside a run, for tests."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from dagsterlite.errors import DagsterInvariantViolationError, listed
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types.annotations import resolve_dagster_type


@dataclass(frozen=True)
class _OutsideRun:
    """The context of a type check that no run asks for."""

    log: logging.Logger
    run_id: str | None = None
    resources: Any = None


def check_dagster_type(dagster_type: Any, value: Any) -> TypeCheck:
    """Return what a type says of a value, as a run would ask it.

    Args:
        dagster_type: A dagster type, a Python class or an annotation.
        value: The value.

    Raises:
        DagsterInvalidDefinitionError: ``dagster_type`` means no type.
        DagsterInvariantViolationError: its check needs resources, which only a run has.
        DagsterTypeCheckError: its check raised.
    """
    checked = resolve_dagster_type(dagster_type, "check_dagster_type")
    keys = checked.check_resource_keys()
    if keys:
        message = (
            f"check_dagster_type: the check of type '{checked.display_name}' needs the resources "
            f"{listed(keys)}, which only a run has. Execute a solid with an input of that type in "
            "a mode that defines them."
        )
        raise DagsterInvariantViolationError(message)
    return checked.type_check(_OutsideRun(logging.getLogger("dagsterlite")), value)
