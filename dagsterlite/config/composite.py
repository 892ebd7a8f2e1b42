"""The config types of dicts whose keys are known: Shape, Permissive, Selector."""

from __future__ import annotations

from collections.abc import Mapping

from dagsterlite.config import misfits
from dagsterlite.config.config_type import ABSENT, Absent, ConfigType
from dagsterlite.config.field import Field, convert_fields
from dagsterlite.config.path import Trail
from dagsterlite.config.resolve import PYTHON_TYPES, bad_schema
from dagsterlite.config.walk import Walk


class HasFields(ConfigType):
    """A dict with declared fields. None stands for the empty dict, as YAML's ``key:`` gives it."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, object], description: str | None = None) -> None:
        self.fields: Mapping[str, Field] = convert_fields(fields, ())
        """The fields by name, in the order of their declaration. Not to be changed."""
        inner = (field.config_type for field in self.fields.values())
        super().__init__(description=description, inner=inner)

    def given_dict(self, value: object, at: Trail, walk: Walk) -> dict[str, object] | None:
        """Return the value if it is a dict with text keys, {} for None; else report it."""
        if value is None:
            return {}
        if not isinstance(value, dict):
            misfits.wrong_form(walk, at, value, form="dict", expected=self.short_form())
            return None
        strange = [key for key in value if not isinstance(key, str)]
        for key in strange:
            misfits.wrong_key(walk, at, key, "String")
        return {key: value[key] for key in value if isinstance(key, str)} if strange else value

    def field_forms(self, separator: str, rest: tuple[str, ...] = ()) -> str:
        """Return the fields in one line, ``{name: Type, optional?: Type}``."""
        forms = [
            f"{name}{'' if field.is_required else '?'}: {field.config_type.short_form()}"
            for name, field in self.fields.items()
        ]
        return f"{{{separator.join((*forms, *rest))}}}"


class _Filled(HasFields):
    """A dict of which any number of fields may be given; the others have their defaults."""

    __slots__ = ("_defaulted", "_required")

    def __init__(self, fields: Mapping[str, object], description: str | None = None) -> None:
        super().__init__(fields, description)
        named = self.fields.items()
        self._required = {name: field for name, field in named if field.is_required}
        self._defaulted = [(name, field) for name, field in named if field.default_provided]

    def implicit_default(self) -> object | Absent:
        """Return the empty dict if no field is required."""
        return ABSENT if self._required else {}

    def fill_in(self, given: dict[str, object], at: Trail, walk: Walk) -> dict[str, object]:
        """Evaluate the fields given, and add those absent."""
        if not self._required.keys() <= given.keys():
            self._report_missing(given, at, walk)
        fields = self.fields
        filled = {
            name: part
            if (field := fields.get(name)) is None
            else field.config_type.evaluate(part, (at, name), walk)
            for name, part in given.items()
        }
        for name, field in self._defaulted:
            if name not in filled:
                filled[name] = field.fill((at, name), walk)
        return filled

    def _report_missing(self, given: dict[str, object], at: Trail, walk: Walk) -> None:
        absent = [
            (name, field.config_type.short_form())
            for name, field in self._required.items()
            if name not in given
        ]
        misfits.missing(walk, at, absent, given)


class Shape(_Filled):
    """A dict with exactly the declared fields.

    Args:
        fields: Field, or whatever a Field wraps, by name.
        description: Text for readers of the schema.

    Raises:
        DagsterInvalidConfigDefinitionError: A field is wrong; the message names its path.
    """

    __slots__ = ()

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new dict with each field evaluated, and defaults for those absent."""
        given = self.given_dict(value, at, walk)
        if given is None:
            return None
        if not given.keys() <= self.fields.keys():
            unknown = [name for name in given if name not in self.fields]
            misfits.undefined(walk, at, unknown, self.fields)
        return self.fill_in(given, at, walk)

    def short_form(self) -> str:
        """Return ``{name: Type, optional?: Type}``."""
        return self.field_forms(", ")


class Permissive(_Filled):
    """A dict with declared fields, if any, and others, which are handed through as they are.

    Args:
        fields: Field, or whatever a Field wraps, by name.
        description: Text for readers of the schema.

    Raises:
        DagsterInvalidConfigDefinitionError: A field is wrong; the message names its path.
    """

    __slots__ = ()

    def __init__(
        self, fields: Mapping[str, object] | None = None, description: str | None = None
    ) -> None:
        super().__init__({} if fields is None else fields, description)

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new dict with declared fields evaluated, and defaults for those absent."""
        given = self.given_dict(value, at, walk)
        return None if given is None else self.fill_in(given, at, walk)

    def short_form(self) -> str:
        """Return ``{name: Type, ...}``."""
        return self.field_forms(", ", ("...",))


class Selector(HasFields):
    """A dict with exactly one of the declared fields.

    An empty selector of a single field takes that field, if it is optional.

    Args:
        fields: Field, or whatever a Field wraps, by name; at least one.
        description: Text for readers of the schema.

    Raises:
        DagsterInvalidConfigDefinitionError: There is no field, or one is wrong; the message names
            its path.
    """

    __slots__ = ()

    def __init__(self, fields: Mapping[str, object], description: str | None = None) -> None:
        super().__init__(fields, description)
        if not self.fields:
            raise bad_schema((), "A Selector has no fields. Expected: at least one to select.")

    def implicit_default(self) -> object | Absent:
        """Return the empty dict if it takes its single field."""
        return ABSENT if self._single_optional_field() is None else {}

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new dict with the one field given, evaluated."""
        given = self.given_dict(value, at, walk)
        if given is None or (not given and value):
            return None
        if not given:
            return self._fit_empty(at, walk)
        if len(given) > 1:
            misfits.several_selected(walk, at, given, self.fields)
            return None
        ((name, part),) = given.items()
        if name not in self.fields:
            misfits.undefined(walk, at, [name], self.fields)
            return None
        return {name: self.fields[name].config_type.evaluate(part, (at, name), walk)}

    def short_form(self) -> str:
        """Return ``{one: Type | other: Type}``."""
        return self.field_forms(" | ")

    def _fit_empty(self, at: Trail, walk: Walk) -> object:
        single = self._single_optional_field()
        if single is None:
            misfits.none_selected(walk, at, self.fields)
            return None
        name, field = single
        return {name: field.fill((at, name), walk)} if field.default_provided else {}

    def _single_optional_field(self) -> tuple[str, Field] | None:
        if len(self.fields) > 1:
            return None
        ((name, field),) = self.fields.items()
        return None if field.is_required else (name, field)


PYTHON_TYPES[dict] = Permissive()
