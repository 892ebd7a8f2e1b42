"""The sentences in which a config value that does not fit its schema is reported."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from enum import Enum

from dagsterlite.config.evaluation import DagsterEvaluationErrorReason as Reason
from dagsterlite.config.evaluation import EvaluationError, Unset
from dagsterlite.config.path import Trail, path_of
from dagsterlite.config.walk import Walk

_VALUE_WIDTH = 80
_TYPE_WIDTH = 240
_NAMES_SHOWN = 20
_WITH_SOURCE = frozenset({"String", "Int", "Bool"})


def wrong_scalar(walk: Walk, at: Trail, value: object, expected: str) -> None:
    """Report a value that is not of the scalar type ``expected``."""
    walk.report(
        Reason.RUNTIME_TYPE_MISMATCH,
        at,
        f"Invalid scalar {walk.place(at)}. Value {found(value)} is not valid for expected type "
        f'"{_cut(expected, _TYPE_WIDTH)}".{_scalar_mend(value, expected)}',
    )


def wrong_form(walk: Walk, at: Trail, value: object, *, form: str, expected: str) -> None:
    """Report a value that is not a list or dict (``form``) as ``expected``."""
    walk.report(
        Reason.RUNTIME_TYPE_MISMATCH,
        at,
        f"Value {walk.place(at)} must be {form}. Found {found(value)}. "
        f'Expected: "{_cut(expected, _TYPE_WIDTH)}".',
    )


def wrong_key(walk: Walk, at: Trail, key: object, expected: str) -> None:
    """Report a key that is not of the scalar type ``expected``."""
    mend = " Quote it to give it as text." if expected == "String" else ""
    walk.report(
        Reason.RUNTIME_TYPE_MISMATCH,
        at,
        f"Invalid key {walk.place(at)}. Key {found(key)} is not valid for expected type "
        f'"{expected}".{mend}',
    )


def not_in_enum(walk: Walk, at: Trail, value: object, *, name: str, known: Collection[str]) -> None:
    """Report a value that is not the text of one of an enum's values."""
    mend = ""
    if isinstance(value, Enum):
        mend = f" Give the text '{value.name}', not the Python enum's member."
    elif isinstance(value, str):
        mend = walk.near(value, known)
    walk.report(
        Reason.RUNTIME_TYPE_MISMATCH,
        at,
        f'Value {walk.place(at)} is not in enum type "{name}". Found {found(value)}. '
        f"Expected one of {_names(known)}.{mend}",
    )


def missing(
    walk: Walk, at: Trail, expected: Sequence[tuple[str, str]], given: Collection[str]
) -> None:
    """Report required fields, by name and short form of their type, that are not ``given``."""
    names = [name for name, _ in expected]
    forms = ", ".join(f"{name}: {_cut(form, _VALUE_WIDTH)}" for name, form in expected)
    one = len(names) == 1
    walk.report(
        Reason.MISSING_REQUIRED_FIELD if one else Reason.MISSING_REQUIRED_FIELDS,
        at,
        f"Missing required field{'' if one else 's'} {_names(names)} {walk.place(at)}. "
        f'Found fields: {_names(given)}. Expected also: "{{{_cut(forms, _TYPE_WIDTH)}}}".',
    )


def undefined(walk: Walk, at: Trail, names: Sequence[str], known: Collection[str]) -> None:
    """Report fields that the schema does not have."""
    one = len(names) == 1
    hints = "".join(_near_hint(walk, name, known, one=one) for name in names[:_NAMES_SHOWN])
    walk.report(
        Reason.FIELD_NOT_DEFINED if one else Reason.FIELDS_NOT_DEFINED,
        at,
        f"Undefined field{'' if one else 's'} {_names(names)} {walk.place(at)}.{hints} "
        f"Defined fields: {_names(known)}.",
    )


def several_selected(walk: Walk, at: Trail, given: Collection[str], known: Collection[str]) -> None:
    """Report a selector with more than one field."""
    walk.report(
        Reason.SELECTOR_FIELD_ERROR,
        at,
        f"You can only specify a single field {walk.place(at)}. You specified {_names(given)}. "
        f"Keep one of the defined fields: {_names(known)}.",
    )


def none_selected(walk: Walk, at: Trail, known: Collection[str]) -> None:
    """Report a selector without a field, where no field can be taken by itself."""
    what = f"Must specify a field {walk.place(at)} if more than one field is defined."
    if len(known) == 1:
        what = f"Must specify the required field {_names(known)} {walk.place(at)}."
    walk.report(Reason.SELECTOR_FIELD_ERROR, at, f"{what} Defined fields: {_names(known)}.")


def not_resolved(walk: Walk, at: Trail, why: str) -> None:
    """Report a value that could not be turned into what it stands for."""
    walk.report(Reason.FAILED_POST_PROCESSING, at, _not_resolved(walk, at, why))


def not_set(walk: Walk, at: Trail, why: str) -> Unset | None:
    """Report a value that a variable holds which is not set, or leave it open where that may be."""
    if walk.leaves_unset:
        message = _not_resolved(walk, at, why)
        return walk.leave_open(EvaluationError(Reason.FAILED_POST_PROCESSING, path_of(at), message))
    not_resolved(walk, at, why)
    return None


def _not_resolved(walk: Walk, at: Trail, why: str) -> str:
    return f"Post processing {walk.place(at)} failed: {why}"


def found(value: object) -> str:
    """Return a value and its type as messages show them, cut to one line's length."""
    text = repr(value)[1:-1] if type(value) is str else repr(value)
    return f'"{_cut(text, _VALUE_WIDTH)}" of type "{type(value)}"'


def _scalar_mend(value: object, expected: str) -> str:
    if isinstance(value, dict) and value.keys() == {"env"} and expected in _WITH_SOURCE:
        return f' Declare the field as {expected}Source to take {{"env": …}}.'
    if expected == "String" and isinstance(value, (bool, int, float)):
        return " Quote it to give it as text."
    return ""


def _near_hint(walk: Walk, name: str, known: Collection[str], *, one: bool) -> str:
    hint = walk.near(name, known)
    return hint if one or not hint else f' "{name}":{hint}'


def _names(names: Collection[str]) -> str:
    shown = ", ".join(f'"{_cut(name, _VALUE_WIDTH)}"' for name in list(names)[:_NAMES_SHOWN])
    left = len(names) - _NAMES_SHOWN
    return f"{shown} and {left} more" if left > 0 else shown or "none"


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
