"""Which names and tags definitions may bear."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    shown,
    with_article,
)

_VALID = re.compile(r"^[A-Za-z0-9_]+$")
_RESERVED = frozenset(
    {
        *("context", "conf", "config", "meta", "arg_dict", "dict", "input_arg_dict"),
        *("output_arg_dict", "int", "str", "float", "bool", "input", "output", "type"),
        *keyword.kwlist,
    }
)


def check_name(owner: str, name: Any) -> str:
    """Return ``name`` if a definition may bear it.

    Args:
        owner: What bears it, for the message, e.g. ``solid``.
        name: The name.

    Raises:
        ParameterCheckError: it is no text.
        DagsterInvalidDefinitionError: it is reserved, or holds other characters than letters,
            digits and underscores.
    """
    if not isinstance(name, str):
        raise ParameterCheckError(owner, "name", "a text", name)
    bearer = with_article(owner)
    if not _VALID.match(name):
        message = (
            f"{shown(name)} is not a valid name for {bearer}: names hold letters, digits and "
            "underscores only, and at least one of them."
        )
        raise DagsterInvalidDefinitionError(message)
    if name in _RESERVED:
        message = (
            f"'{name}' is not a valid name for {bearer}: the word is reserved. Add to it, e.g. "
            f"'{name}_1' or 'the_{name}'."
        )
        raise DagsterInvalidDefinitionError(message)
    return name


def check_label(owner: str, name: Any) -> str:
    """Return ``name`` if it is a text that is not blank: all that some definitions ask for.

    Raises:
        ParameterCheckError: it is no text, or blank.
    """
    if not isinstance(name, str) or not name.strip():
        raise ParameterCheckError(owner, "name", "a text that is not blank", name)
    return name


def check_tags(owner: str, tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Return tags as texts: a value that is none is written as JSON.

    Raises:
        ParameterCheckError: they are no dict, or a key is no text.
        DagsterInvalidDefinitionError: a value is not JSON-able.
    """
    if tags is None:
        return {}
    if not isinstance(tags, Mapping):
        raise ParameterCheckError(owner, "tags", "a dict", tags)
    checked: dict[str, str] = {}
    for key, value in tags.items():
        if not isinstance(key, str):
            raise ParameterCheckError(owner, "tags", "a dict whose keys are texts", key)
        checked[key] = value if isinstance(value, str) else _as_json(owner, key, value)
    return checked


def _as_json(owner: str, key: str, value: Any) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError, RecursionError) as exc:
        message = (
            f"{owner}: the value of tag '{key}' must be a text or JSON-able, not {shown(value)}: "
            f"{exc}."
        )
        raise DagsterInvalidDefinitionError(message) from exc
    if json.loads(text) != value:
        message = (
            f"{owner}: the value of tag '{key}', {shown(value)}, would be read back from JSON as "
            f"{shown(json.loads(text))}. Give what JSON keeps as it is, or a text."
        )
        raise DagsterInvalidDefinitionError(message)
    return text
