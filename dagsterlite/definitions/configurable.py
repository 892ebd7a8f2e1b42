"""What every definition that takes config has in common."""

from __future__ import annotations

from typing import Any

from dagsterlite.config import Field, convert_to_field
from dagsterlite.errors import DagsterInvalidConfigDefinitionError


def config_field_of(owner: str, config_schema: Any) -> Field | None:
    """Return the field for a config schema as users give it; None where there is none.

    Raises:
        DagsterInvalidConfigDefinitionError: the schema is wrong; the message names ``owner``.
    """
    if config_schema is None:
        return None
    try:
        return convert_to_field(config_schema)
    except DagsterInvalidConfigDefinitionError as exc:
        message = f"{owner}: argument 'config_schema' is wrong: {exc}"
        raise DagsterInvalidConfigDefinitionError(message) from exc


def is_bare(config_schema: Any) -> bool:
    """Return whether a decorator's first argument is the function that it decorates.

    Classes are callable too, but as config schemas they are Python types.
    """
    return callable(config_schema) and not isinstance(config_schema, type)


def default_config(field: Field | None) -> Any:
    """Return the config of a definition where none is given; None where it takes none."""
    return field.default_value if field is not None and field.default_provided else None
