"""Config types as plain data: the same for the same schema, in every process."""

from __future__ import annotations

import math
from typing import Any

from dagsterlite.config.composite import HasFields, Permissive, Selector
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.container import Array, Map, Noneable, ScalarUnion
from dagsterlite.config.enums import Enum
from dagsterlite.config.field import Field
from dagsterlite.config.resolve import resolve_to_config_type
from dagsterlite.config.source import Source


def config_type_snapshot(config_type: object) -> dict[str, Any]:
    """Return a config type as JSON-able data, fields sorted by name, for hashing and storing.

    A default that JSON cannot hold (an object of type Any) is named by its Python type only.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    resolved = resolve_to_config_type(config_type).long_form()
    snapshot = _body(resolved)
    if resolved.description is not None:
        snapshot["description"] = resolved.description
    return snapshot


def plain(value: object) -> Any:
    """Return a config value as JSON-able data; what is not a config value, by its type's name."""
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    return {"python_type": f"{type(value).__module__}.{type(value).__qualname__}"}


def _body(config_type: ConfigType) -> dict[str, Any]:
    match config_type:
        case HasFields():
            return {"kind": _fields_kind(config_type), "fields": _fields(config_type)}
        case Array() | Noneable():
            kind = "array" if isinstance(config_type, Array) else "noneable"
            return {"kind": kind, "inner": config_type_snapshot(config_type.inner_type)}
        case Map():
            return {
                "kind": "map",
                "key": config_type_snapshot(config_type.key_type),
                "inner": config_type_snapshot(config_type.inner_type),
            }
        case Enum():
            return {"kind": "enum", "name": config_type.name, "values": _enum_values(config_type)}
        case ScalarUnion() if not isinstance(config_type, Source):
            return {
                "kind": "scalar_union",
                "scalar": config_type_snapshot(config_type.scalar_type),
                "non_scalar": config_type_snapshot(config_type.non_scalar_type),
            }
        case _:
            return {"kind": "scalar", "name": config_type.short_form()}


def _fields_kind(config_type: HasFields) -> str:
    if isinstance(config_type, Selector):
        return "selector"
    return "permissive" if isinstance(config_type, Permissive) else "shape"


def _fields(config_type: HasFields) -> dict[str, Any]:
    return {name: _field(field) for name, field in sorted(config_type.fields.items())}


def _field(field: Field) -> dict[str, Any]:
    snapshot = {"type": config_type_snapshot(field.config_type), "required": field.is_required}
    if field.has_explicit_default:
        snapshot["default"] = plain(field.default_value)
    if field.description is not None:
        snapshot["description"] = field.description
    return snapshot


def _enum_values(config_type: Enum) -> list[dict[str, Any]]:
    return [
        {"value": value.config_value, "description": value.description}
        for value in config_type.enum_values
    ]
