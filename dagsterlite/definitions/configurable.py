"""What every definition that takes config has in common."""

from __future__ import annotations

from typing import Any

from dagsterlite.config import Field, convert_to_field
from dagsterlite.errors import DagsterInvalidConfigDefinitionError, DagsterInvalidDefinitionError


def config_field_of(owner: str, config_schema: Any) -> Field | None:
    """Return the field for a config schema as users give it; None where there is none.

    Raises:
        DagsterInvalidDefinitionError: the schema is wrong; the message names ``owner``.
    """
    if config_schema is None:
        return None
    try:
        return convert_to_field(config_schema)
    except DagsterInvalidConfigDefinitionError as exc:
        message = f"{owner}: argument 'config_schema' is wrong: {exc}"
        raise DagsterInvalidConfigDefinitionError(message) from exc


def check_function(owner: str, argument: str, value: Any) -> Any:
    """Return ``value`` if it can be called.

    Raises:
        DagsterInvalidDefinitionError: it cannot.
    """
    if not callable(value):
        message = f"{owner}: argument '{argument}' must be a function, not {value!r:.80}."
        raise DagsterInvalidDefinitionError(message)
    return value
