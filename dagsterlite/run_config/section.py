"""The config types that only a run config has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dagsterlite.config import Array, ConfigType, Field, Selector, Shape
from dagsterlite.config.composite import HasFields
from dagsterlite.config.config_type import ABSENT, Absent
from dagsterlite.config.path import Trail
from dagsterlite.config.walk import Walk
from dagsterlite.definitions.configured import ConfigurableDefinition, NamedConfigurableDefinition
from dagsterlite.definitions.vocabulary import OTHER_SECTION, SOLIDS

CONFIG = "config"


class WithAnyConfig(ConfigType):
    """A dict of fields that may have any ``config`` beside them: what declares no schema takes all.

    No document tells of it, since nothing says what it might be.

    Args:
        fields: The fields beside it.
    """

    __slots__ = ("_shape",)

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._shape = Shape(fields)
        super().__init__(inner=[self._shape])

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return what the fields become, with the config as it is."""
        if not isinstance(value, dict) or CONFIG not in value:
            return self._shape.evaluate(value, at, walk)
        others = {key: item for key, item in value.items() if key != CONFIG}
        fitted = self._shape.evaluate(others, at, walk)
        return {CONFIG: value[CONFIG], **fitted} if isinstance(fitted, dict) else fitted

    def implicit_default(self) -> object | Absent:
        """Return the empty dict if no field is required."""
        return self._shape.implicit_default()

    def long_form(self) -> ConfigType:
        """Return the fields."""
        return self._shape

    def short_form(self) -> str:
        """Return the fields."""
        return self._shape.short_form()


class Section(ConfigType):
    """What configures one named thing, with or without the ``config`` level, or left empty.

    It evaluates to ``{"config": …}``, or to ``{}`` where no config is given.

    Args:
        definition: The thing.
    """

    __slots__ = ("_field", "_form")

    def __init__(self, definition: ConfigurableDefinition) -> None:
        self._field = definition.config_field
        self._form: ConfigType = Shape({} if self._field is None else {CONFIG: self._field})
        if self._field is None and definition.takes_any_config:
            self._form = WithAnyConfig({})
        super().__init__(inner=[self._form])

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return ``{"config": …}`` for either form."""
        if self._field is None or self._is_left_out(value) or self._has_level(value):
            return self._form.evaluate(value, at, walk)
        return {CONFIG: self._field.config_type.evaluate(value, at, walk)}

    def _is_left_out(self, value: object) -> bool:
        assert self._field is not None
        return value is None or (value == {} and not self._field.is_required)

    def _has_level(self, value: object) -> bool:
        inner = self._field.config_type.long_form() if self._field else None
        means_itself = isinstance(inner, HasFields) and CONFIG in inner.fields
        return isinstance(value, dict) and CONFIG in value and not means_itself

    def implicit_default(self) -> object | Absent:
        """Return the empty section if nothing in it is required."""
        return ABSENT if self._field is not None and self._field.is_required else {}

    def long_form(self) -> ConfigType:
        """Return the form with the ``config`` level."""
        return self._form.long_form()

    def short_form(self) -> str:
        """Return the form with the ``config`` level."""
        return self._form.short_form()


class OutputsSection(ConfigType):
    """How outputs are to be written: a dict by output, or a list of one-key dicts.

    It evaluates to a list of one-key dicts, in the order given.
    """

    __slots__ = ("_forms", "_list")

    def __init__(self, forms: Mapping[str, Field]) -> None:
        self._forms = Shape({name: _optional(field) for name, field in forms.items()})
        self._list = Array(Selector(forms))
        super().__init__(inner=[self._forms, self._list])

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the list form of either."""
        if isinstance(value, list):
            return self._list.evaluate(value, at, walk)
        given = self._forms.evaluate(value, at, walk)
        return [{name: config} for name, config in given.items()] if isinstance(given, dict) else []

    def implicit_default(self) -> object | Absent:
        """Return the empty dict: outputs need not be written."""
        return {}

    def long_form(self) -> ConfigType:
        """Return the form by output."""
        return self._forms

    def short_form(self) -> str:
        """Return the form by output."""
        return self._forms.short_form()


def managed_outputs(managed: Mapping[str, Field], written: Mapping[str, Field]) -> Shape:
    """Return how the outputs of a solid are configured where IO managers take config.

    Args:
        managed: The config of each output whose IO manager takes some.
        written: That of each other output whose type can be written.
    """
    return Shape({**{name: _optional(field) for name, field in written.items()}, **managed})


def _optional(field: Field) -> Field:
    return Field(field.config_type, is_required=False, description=field.description)


def selection_of(
    definitions: Iterable[NamedConfigurableDefinition], *, is_required: bool = False
) -> Field:
    """Return the field in which one of several definitions is selected and configured."""
    fields = {item.name: section_of(item, is_required=False) for item in definitions}
    return Field(Selector(fields), is_required=is_required)


def requires_config(definition: ConfigurableDefinition) -> bool:
    """Return whether a definition cannot be used without config."""
    return definition.config_field is not None and definition.config_field.is_required


def section_of(definition: ConfigurableDefinition, is_required: bool | None = None) -> Field:
    """Return the field in which a definition is configured."""
    section = Section(definition)
    return Field(section, is_required=is_required, description=definition.description)


def written_section(given: object, section: str) -> str:
    """Return the name that the section of nodes bears in a dict as the user wrote it.

    Args:
        given: The dict.
        section: The name where it has neither, or both.
    """
    other = OTHER_SECTION[section]
    is_other = isinstance(given, Mapping) and section not in given and other in given
    return other if is_other else section


class NodesByEitherName(ConfigType):
    """A dict of which one field has two names, ``solids`` and ``ops`` (decision 23).

    It evaluates to a dict with ``solids``. Messages speak of the name that the user wrote.

    Args:
        fields: The fields, under the name ``solids``.
        section: The name where the user wrote neither.
    """

    __slots__ = ("_forms", "_section")

    def __init__(self, fields: Mapping[str, object], section: str) -> None:
        self._section = section
        self._forms = {
            name: Shape({name if key == SOLIDS.section else key: f for key, f in fields.items()})
            for name in OTHER_SECTION
        }
        super().__init__(inner=self._forms.values())

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the dict, whichever name it bears, with the name ``solids``."""
        section = written_section(value, self._section)
        fitted = self._forms[section].evaluate(value, at, walk)
        if not isinstance(fitted, dict):
            return fitted
        return {SOLIDS.section if key == section else key: part for key, part in fitted.items()}

    def implicit_default(self) -> object | Absent:
        """Return the empty dict if no field is required."""
        return self._forms[self._section].implicit_default()

    def long_form(self) -> ConfigType:
        """Return the form with the name where the user wrote neither."""
        return self._forms[self._section]

    def short_form(self) -> str:
        """Return the form with the name where the user wrote neither."""
        return self._forms[self._section].short_form()


class Execution(ConfigType):
    """How a job selects and configures its executor: by name, or below ``config``.

    It evaluates to ``{<name>: {"config": …}}``.

    Args:
        executors: The executors; where there is only one, ``config`` is its own.
    """

    __slots__ = ("_below_config", "_by_name", "_names")

    def __init__(self, executors: Sequence[NamedConfigurableDefinition]) -> None:
        self._names = [executor.name for executor in executors]
        self._by_name = selection_of(executors).config_type
        below = executors[0].config_field if len(executors) == 1 else Field(self._by_name)
        self._below_config = Shape({} if below is None else {CONFIG: below})
        super().__init__(inner=[self._by_name, self._below_config])

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the selection by name for either form."""
        if not isinstance(value, dict) or CONFIG not in value or CONFIG in self._names:
            return self._by_name.evaluate(value, at, walk)
        below = self._below_config.evaluate(value, at, walk)
        if len(self._names) > 1 and isinstance(below, dict):
            return below.get(CONFIG)
        return {self._names[0]: below}

    def long_form(self) -> ConfigType:
        """Return the form below ``config``."""
        return self._below_config

    def short_form(self) -> str:
        """Return the form below ``config``."""
        return self._below_config.short_form()
