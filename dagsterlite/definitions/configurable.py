"""What every definition that takes config has in common."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import Evaluation, Field, convert_to_field, resolve_config
from dagsterlite.errors import DagsterInvalidConfigDefinitionError, DagsterInvalidConfigError


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


def any_config() -> Field:
    """Return the field of a definition that takes any config, and needs none."""
    return Field(AnyConfig, is_required=False)


def is_bare(config_schema: Any) -> bool:
    """Return whether a decorator's first argument is the function that it decorates.

    Classes are callable too, but as config schemas they are Python types.
    """
    return callable(config_schema) and not isinstance(config_schema, type)


def default_config(owner: str, field: Field | None) -> Any:
    """Return the config of a definition where none is given, resolved; None where it takes none.

    Raises:
        DagsterInvalidConfigError: a variable of the environment that it names is not set.
    """
    evaluation = resolve_default(owner, field)
    if evaluation is None:
        return None
    if not evaluation.success:
        raise DagsterInvalidConfigError(f"Error in the config of {owner}", evaluation.errors)
    return evaluation.value


def resolve_default(
    owner: str, field: Field | None, environ: Mapping[str, str] = os.environ
) -> Evaluation | None:
    """Return what comes of a definition's default config; None where it has none."""
    if field is None or not field.default_provided:
        return None
    root = f"default config of {owner}"
    return resolve_config(field.config_type, field.default_value, environ, root)
