"""Lists of definitions, as users hand them over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from dagsterlite.errors import ParameterCheckError

T = TypeVar("T")


def list_of(owner: str, argument: str, given: Any, cls: type[T]) -> list[T]:
    """Return a list of instances of ``cls`` as a list; None is an empty one.

    Raises:
        ParameterCheckError: ``given`` is no list, or holds something else.
    """
    if given is None:
        return []
    expected = f"a list of {cls.__name__}"
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterCheckError(owner, argument, expected, given)
    items = list(given)
    for item in items:
        if not isinstance(item, cls):
            raise ParameterCheckError(owner, argument, expected, item)
    return items
