"""Config types as text for people."""

from __future__ import annotations

import json

from dagsterlite.config.composite import HasFields, Permissive, Selector
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.container import Array, Map, Noneable, ScalarUnion
from dagsterlite.config.enums import Enum
from dagsterlite.config.field import Field
from dagsterlite.config.resolve import resolve_to_config_type
from dagsterlite.config.snapshot import plain
from dagsterlite.config.source import Source

_INDENT = "  "


def describe_config_type(config_type: object) -> str:
    """Return a config type in one line: ``{url: String, rows?: [Int]}``.

    ``?`` after a name marks an optional field, after a type one that may be None.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    return resolve_to_config_type(config_type).short_form()


def print_config_type(config_type: object) -> list[str]:
    """Return a config type as indented lines, a field a line, with descriptions and defaults.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config_type`` means no config type.
    """
    resolved = resolve_to_config_type(config_type)
    return [*_comment(resolved.description), *type_lines(resolved)]


def type_lines(config_type: ConfigType) -> list[str]:
    """Return a config type as indented lines, without its own description."""
    config_type = config_type.long_form()
    match config_type:
        case HasFields():
            return _field_lines(config_type)
        case Enum():
            texts = " | ".join(value.config_value for value in config_type.enum_values)
            return [f"{config_type.name} ({texts})"]
        case _:
            return _wrapping_lines(config_type)


def _wrapping_lines(config_type: ConfigType) -> list[str]:
    match config_type:
        case Array():
            return _wrapped("[", type_lines(config_type.inner_type), "]")
        case Noneable():
            return _wrapped("", type_lines(config_type.inner_type), "?")
        case Map():
            return _wrapped(
                f"{{[{config_type.key_form()}]: ", type_lines(config_type.inner_type), "}"
            )
        case ScalarUnion() if not isinstance(config_type, Source):
            scalar = config_type.scalar_type.short_form()
            return _wrapped(f"({scalar} | ", type_lines(config_type.non_scalar_type), ")")
        case _:
            return [config_type.short_form()]


def _field_lines(config_type: HasFields) -> list[str]:
    inside: list[str] = []
    if isinstance(config_type, Selector) and len(config_type.fields) > 1:
        inside.append("# exactly one of")
    for name, field in config_type.fields.items():
        inside += [*_comment(field_description(field)), *_named(name, field)]
    if isinstance(config_type, Permissive):
        inside.append("...")
    return ["{", *(f"{_INDENT}{line}" for line in inside), "}"] if inside else ["{}"]


def field_description(field: Field) -> str | None:
    """Return what a field says of itself; else what its type does."""
    return field.description or field.config_type.description


def _named(name: str, field: Field) -> list[str]:
    optional = "" if field.is_required else "?"
    default = ""
    if field.has_explicit_default:
        default = f" = {json.dumps(plain(field.default_value), ensure_ascii=False)}"
    return _wrapped(f"{name}{optional}: ", type_lines(field.config_type), default)


def _wrapped(prefix: str, lines: list[str], suffix: str) -> list[str]:
    lines = [f"{prefix}{lines[0]}", *lines[1:]]
    return [*lines[:-1], f"{lines[-1]}{suffix}"]


def _comment(text: str | None) -> list[str]:
    return [f"# {line.strip()}".rstrip() for line in (text or "").strip().splitlines()]
