"""Which names and tags definitions may bear."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Mapping
from typing import Any

from dagsterlite.errors import DagsterInvalidDefinitionError

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
        DagsterInvalidDefinitionError: it is no text, reserved, or holds other characters than
            letters, digits and underscores.
    """
    if not isinstance(name, str) or not _VALID.match(name):
        message = (
            f"{name!r} is not a valid name for a {owner}: names hold letters, digits and "
            f"underscores only (regular expression {_VALID.pattern})."
        )
        raise DagsterInvalidDefinitionError(message)
    if name in _RESERVED:
        message = f"'{name}' is not a valid name for a {owner}: the word is reserved."
        raise DagsterInvalidDefinitionError(message)
    return name


def check_tags(owner: str, tags: Mapping[str, Any] | None) -> dict[str, str]:
    """Return tags as texts: a value that is none is written as JSON.

    Raises:
        DagsterInvalidDefinitionError: a key is no text, or a value is not JSON-able.
    """
    checked: dict[str, str] = {}
    for key, value in (tags or {}).items():
        if not isinstance(key, str):
            message = f"{owner}: tag key {key!r} must be a text, not {type(key).__name__}."
            raise DagsterInvalidDefinitionError(message)
        checked[key] = value if isinstance(value, str) else _as_json(owner, key, value)
    return checked


def _as_json(owner: str, key: str, value: Any) -> str:
    try:
        text = json.dumps(value)
    except (TypeError, ValueError) as exc:
        message = f"{owner}: the value of tag '{key}' must be a text or JSON-able: {exc}."
        raise DagsterInvalidDefinitionError(message) from exc
    if json.loads(text) != value:
        message = f"{owner}: the value of tag '{key}' does not survive JSON: {value!r:.80}."
        raise DagsterInvalidDefinitionError(message)
    return text
