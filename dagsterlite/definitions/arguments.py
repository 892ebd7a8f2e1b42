"""Arguments that several definitions have, as users hand them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError, listed

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


def description_of(owner: str, given: Any) -> str | None:
    """Return a description, as it stands.

    Raises:
        ParameterCheckError: it is no text.
    """
    if given is not None and not isinstance(given, str):
        raise ParameterCheckError(owner, "description", "a text", given)
    return given


def manager_key(owner: str, argument: str, given: Any) -> str | None:
    """Return the key of a manager, as it stands.

    Raises:
        ParameterCheckError: it is no text, or blank.
    """
    if given is not None and (not isinstance(given, str) or not given):
        raise ParameterCheckError(owner, argument, "the key of a resource", given)
    return given


def metadata_of(owner: str, given: Any) -> dict[str, Any]:
    """Return a definition's metadata as a dict; None is an empty one.

    Raises:
        ParameterCheckError: it is no dict, or a key is no text.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ParameterCheckError(owner, "metadata", "a dict", given)
    for key in given:
        if not isinstance(key, str):
            raise ParameterCheckError(owner, "metadata", "a dict whose keys are texts", key)
    return dict(given)


def refuse_both(owner: str, **given: Any) -> None:
    """Refuse two names of one argument, an older and a newer one, at once.

    Raises:
        DagsterInvalidDefinitionError: both are given.
    """
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        message = f"{owner}: {listed(names)} are two names of one argument: give one of them."
        raise DagsterInvalidDefinitionError(message)
