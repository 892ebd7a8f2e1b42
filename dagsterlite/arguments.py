"""Arguments as users hand them over, refused where they would be misread and not fail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import UnionType
from typing import Any

from dagsterlite.errors import ParameterCheckError


def check_is(
    owner: str, parameter: str, value: object, cls: type | UnionType, expected: str
) -> None:
    """Look whether an argument is of a class; ``expected`` says so in words.

    Raises:
        ParameterCheckError: it is not.
    """
    if not isinstance(value, cls) or (cls is int and isinstance(value, bool)):
        raise ParameterCheckError(owner, parameter, expected, value)


def check_text(owner: str, parameter: str, value: object) -> None:
    """Look whether an argument is a text, or left out.

    Raises:
        ParameterCheckError: it is something else.
    """
    if value is not None:
        check_is(owner, parameter, value, str, "a text")


def check_name(owner: str, parameter: str, value: object) -> None:
    """Look whether an argument is a text that is not empty.

    Raises:
        ParameterCheckError: it is not.
    """
    if not isinstance(value, str) or not value:
        raise ParameterCheckError(owner, parameter, "a text that is not empty", value)


def check_each(owner: str, parameter: str, values: object, cls: type, expected: str) -> None:
    """Look whether an argument is a collection of instances of a class; a text is none of texts.

    Raises:
        ParameterCheckError: it is not.
    """
    if isinstance(values, str) or not isinstance(values, Collection):
        raise ParameterCheckError(owner, parameter, expected, values)
    for value in values:
        check_is(owner, parameter, value, cls, expected)


def check_field(
    owner: str,
    record: object,
    name: str,
    check: Callable[[str, str, object, type, str], None],
    cls: type,
    expected: str,
) -> None:
    """Check a field of a record, :func:`check_is` or :func:`check_each`, unless it is None.

    Raises:
        ParameterCheckError: it is not what it must be.
    """
    value = getattr(record, name)
    if value is not None:
        check(owner, name, value, cls, expected)


def check_tags(owner: str, tags: Mapping[str, Any]) -> None:
    """Look whether tags are texts by text.

    Raises:
        ParameterCheckError: they are not.
    """
    expected = "a dict of texts"
    check_is(owner, "tags", tags, Mapping, expected)
    for item in (*tags, *tags.values()):
        check_is(owner, "tags", item, str, expected)
