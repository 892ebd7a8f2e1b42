"""A config schema as a page shows it: field by field, what is inside to be opened."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from dagsterlite.config import Array, ConfigType, Field, Map, Noneable, Permissive, Selector
from dagsterlite.config.composite import HasFields
from dagsterlite.config.describe import field_description
from dagsterlite.config.enums import Enum
from dagsterlite.config.snapshot import plain
from dagsterlite.render.html import Html, display, folded, heading, joined, quiet, tag, text

_OPEN_FIELDS: Final = 12
"""Larger dicts below the first level are closed at first."""

_DEFAULT_WIDTH: Final = 120


def config_html(config: ConfigType | Field) -> str:
    """Return a config type, or a field, as a notebook shows it."""
    if isinstance(config, Field):
        return display(_field("config", config, 0))
    described = quiet(config.description) if config.description else Html("")
    head = tag("span", _type(config), cls="dl-name")
    return display(heading(head, described), *schema_parts(config))


def schema_parts(config_type: ConfigType, depth: int = 0) -> Iterator[Html]:
    """Yield the fields of a config type, one below the other."""
    inner = _dict_inside(config_type)
    if inner is None:
        return
    if isinstance(inner, Selector) and len(inner.fields) > 1:
        yield tag("div", quiet("exactly one of"))
    for name, field in inner.fields.items():
        yield _field(name, field, depth)
    if isinstance(inner, Permissive):
        yield tag("div", quiet("… and any other keys"))


def _field(name: str, field: Field, depth: int) -> Html:
    head = _head(name, field)
    inside = list(schema_parts(field.config_type, depth + 1))
    if not inside:
        return tag("div", head, style="padding:1px 0 1px 14px")
    return folded(head, *inside, is_open=depth == 0 and len(inside) <= _OPEN_FIELDS)


def _head(name: str, field: Field) -> Html:
    description = field_description(field)
    default = ""
    if field.has_explicit_default:
        default = json.dumps(plain(field.default_value), ensure_ascii=False)
    return joined(
        (
            tag("b", text(name)),
            quiet(": " if field.is_required else "?: "),
            _type(field.config_type),
            tag("code", text(f" = {default}", _DEFAULT_WIDTH)) if default else Html(""),
            quiet(f"  {description}") if description else Html(""),
        )
    )


def _type(config_type: ConfigType) -> Html:
    match config_type.long_form():
        case HasFields() as fields:
            return quiet("{…}" if fields.fields else "{}")
        case Enum(enum_values=values):
            return tag("code", text(" | ".join(value.config_value for value in values)))
        case Array(inner_type=inner) if _dict_inside(inner):
            return quiet("[{…}]")
        case Noneable(inner_type=inner) if _dict_inside(inner):
            return quiet("{…} or null")
        case Map() as mapping if _dict_inside(mapping.inner_type):
            return quiet(f"{{[{mapping.key_form()}]: {{…}}}}")
        case other:
            return tag("code", text(other.short_form()))


def _dict_inside(config_type: ConfigType) -> HasFields | None:
    """Return the dict that a type is, or holds in a list, under keys or besides None."""
    found = config_type.long_form()
    while isinstance(found, (Array, Noneable, Map)):
        found = found.inner_type.long_form()
    return found if isinstance(found, HasFields) else None
