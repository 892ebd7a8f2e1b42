"""A field: what may stand under one key of a dict, and what its absence means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dagsterlite import plugins
from dagsterlite.config.config_type import ABSENT, Absent, ConfigType
from dagsterlite.config.misfits import found
from dagsterlite.config.path import Path, Trail
from dagsterlite.config.resolve import bad_schema, invalid_schema, meaning, resolve_at
from dagsterlite.config.validate import validate_config
from dagsterlite.config.walk import Walk
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError,
    DagsterInvariantViolationError,
)


class Field:
    """A config type with a default or without, required or not.

    Without ``is_required``, a field is required unless it has a default or its type has an
    implicit one: None for a Noneable; the empty value for a dict whose fields are all optional,
    and for a selector of one optional field. An optional field without default leaves no key.

    Args:
        config: The type: whatever :func:`resolve_to_config_type` understands.
        default_value: The config value that stands when the key is absent, as in a document:
            an enum's text, a source's ``{"env": …}``. It is copied for each use.
        is_required: Whether the key must be given; by default as said above.
        description: Text for readers of the schema.

    Raises:
        DagsterInvalidConfigDefinitionError: ``config`` means no config type, ``default_value``
            does not fit it, or a required field has a default.
    """

    __slots__ = ("_default", "config_type", "description", "has_explicit_default", "is_required")

    def __init__(
        self,
        config: object,
        default_value: object = ABSENT,
        is_required: bool | None = None,
        description: str | None = None,
    ) -> None:
        self.config_type: ConfigType = resolve_at(config, ())
        self.description = description
        self.has_explicit_default = default_value is not ABSENT
        _check_default(self.config_type, default_value, is_required)
        self._default = _fresh(default_value)
        if is_required is None and not self.has_explicit_default:
            self._default = self.config_type.implicit_default()
        self.is_required = self._default is ABSENT if is_required is None else is_required

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_config")(self)
        return shown

    @property
    def default_provided(self) -> bool:
        """Whether the field has a default, given or implicit."""
        return self._default is not ABSENT

    @property
    def default_value(self) -> Any:
        """A new copy of the default, with the defaults inside it filled in.

        Raises:
            DagsterInvariantViolationError: The field has none.
        """
        if self._default is ABSENT:
            msg = f"This Field of type {self.config_type.short_form()} has no default value."
            raise DagsterInvariantViolationError(msg)
        return self.fill(None, Walk("default value"))

    def fill(self, at: Trail, walk: Walk) -> object:
        """Return a new copy of the default, evaluated as if it had been given at ``at``."""
        return self.config_type.evaluate(_fresh(self._default), at, walk)

    def __repr__(self) -> str:
        optional = "" if self.is_required else "?"
        return f"Field<{self.config_type.short_form()}{optional}>"


def convert_to_field(obj: object) -> Field:
    """Return ``obj`` if it is a Field, else a Field of the config type that it means.

    Raises:
        DagsterInvalidConfigDefinitionError: It means none; the message names the path in ``obj``.
    """
    return convert_at(obj, ())


def convert_at(obj: object, at: Path) -> Field:
    """Do what :func:`convert_to_field` does, for an object at the path ``at`` of a schema."""
    return obj if isinstance(obj, Field) else Field(resolve_at(obj, at))


def convert_fields(fields: object, at: Path) -> Mapping[str, Field]:
    """Return the fields of a dict at the path ``at`` of a schema."""
    if not isinstance(fields, Mapping):
        raise bad_schema(at, f"Found {found(fields)}. Expected: a dict of fields.")
    for name in fields:
        if not isinstance(name, str):
            raise bad_schema(at, f"Found the key {found(name)}. Expected: keys that are strings.")
    return {name: convert_at(obj, (*at, name)) for name, obj in fields.items()}


@meaning.register(Field)
def _refuse_field(obj: Field, at: Path) -> ConfigType:
    mend = (
        " A Field says whether a key may be absent, so it stands only as a value in a dict of "
        f"fields: give its type here, {obj.config_type.short_form()}."
    )
    raise invalid_schema(at, obj, mend)


def _check_default(
    config_type: ConfigType, default_value: object | Absent, is_required: bool | None
) -> None:
    if default_value is ABSENT:
        return
    if is_required:
        raise bad_schema(
            (),
            f"A Field of type {config_type.short_form()} is declared with is_required=True and "
            f"with the default value {found(default_value)}. Expected: one or the other.",
        )
    evaluation = validate_config(config_type, default_value, root="default value")
    if evaluation.success:
        return
    lines = [f"The default value of a Field of type {config_type.short_form()} does not fit it."]
    lines += [error.message for error in evaluation.errors]
    if default_value is None:
        lines.append(f"Write Noneable({config_type.short_form()}) to allow None.")
    raise DagsterInvalidConfigDefinitionError(" ".join(lines))


def _fresh(value: object) -> object:
    """Copy the containers of a default, so that no run can change it for the next."""
    if type(value) is dict:
        return {key: _fresh(part) for key, part in value.items()}
    if type(value) is list:
        return [_fresh(part) for part in value]
    return value
