"""The records that evaluating a config value against its schema gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class DagsterEvaluationErrorReason(Enum):
    """Why a part of a config value does not fit its schema."""

    RUNTIME_TYPE_MISMATCH = "RUNTIME_TYPE_MISMATCH"
    """The value is of another type than the schema asks for."""
    MISSING_REQUIRED_FIELD = "MISSING_REQUIRED_FIELD"
    """One required field is absent."""
    MISSING_REQUIRED_FIELDS = "MISSING_REQUIRED_FIELDS"
    """Several required fields of one dict are absent."""
    FIELD_NOT_DEFINED = "FIELD_NOT_DEFINED"
    """One field is given that the schema does not have."""
    FIELDS_NOT_DEFINED = "FIELDS_NOT_DEFINED"
    """Several fields of one dict are given that the schema does not have."""
    SELECTOR_FIELD_ERROR = "SELECTOR_FIELD_ERROR"
    """A selector was given no field, or more than one."""
    FAILED_POST_PROCESSING = "FAILED_POST_PROCESSING"
    """The value has the right form but could not be turned into what it stands for."""


@dataclass(frozen=True)
class EvaluationError:
    """One misfit between a config value and its schema."""

    reason: DagsterEvaluationErrorReason
    path: tuple[str | int, ...]
    """Keys and list positions from the root down to the misfit; of the dict, for a wrong key."""
    message: str
    """One sentence or more: the place, what was found, what was expected, the mend."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What came of evaluating one config value."""

    success: bool
    # Resolved values hold what was read from the environment: a repr in a log must not show it.
    value: Any = field(repr=False)
    """The value with defaults filled in; None when it does not fit."""
    errors: tuple[EvaluationError, ...]
    """Every misfit, in the order of the document; empty when the value fits."""
    env_values: Mapping[str, str] = field(repr=False)
    """The text of each environment variable that was read, by name: what to redact."""


@dataclass(frozen=True)
class Unset:
    """Stands for a value that variables of the environment hold which are not set here.

    Only where config is resolved again, in the process that uses it, may it be left so.
    """

    errors: tuple[EvaluationError, ...]
    """What is wrong in a process that uses the value."""


def unset_in(value: object) -> Iterator[EvaluationError]:
    """Yield what is not set of a resolved value."""
    if isinstance(value, Unset):
        yield from value.errors
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from unset_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from unset_in(item)
