"""Enums in config: a closed set of texts, each standing for a Python value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum as PythonEnum
from typing import Any

from dagsterlite.config import misfits
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.misfits import found
from dagsterlite.config.path import Trail
from dagsterlite.config.resolve import bad_schema
from dagsterlite.config.walk import Walk

_YAML_WORDS = {True: ("yes", "on", "true"), False: ("no", "off", "false")}
"""The bare words, in any usual case, that YAML reads as a truth value."""


@dataclass(frozen=True)
class EnumValue:
    """One value of an :class:`Enum`."""

    config_value: str
    """The text that stands in config."""
    python_value: Any = None
    """What it resolves to; by default the text itself."""
    description: str | None = None
    """Text for readers of the schema."""

    def __post_init__(self) -> None:
        if not isinstance(self.config_value, str):
            raise bad_schema(
                (), f"An EnumValue has the config value {found(self.config_value)}. Expected: text."
            )
        if self.python_value is None:
            object.__setattr__(self, "python_value", self.config_value)


class Enum(ConfigType):
    """One of some texts. Resolving gives the Python value that the text stands for.

    A bare ``off`` in YAML arrives as False: it is taken for the one text that YAML reads so.

    Args:
        name: The enum's name, for messages and readers of the schema.
        enum_values: The values, at least one, each with a text of its own.

    Raises:
        DagsterInvalidConfigDefinitionError: A value is not an EnumValue, there is none, or two
            have the same text.
    """

    __slots__ = ("_by_text", "enum_values", "name")

    def __init__(self, name: str, enum_values: Sequence[EnumValue]) -> None:
        if not isinstance(name, str):
            raise bad_schema((), f"An Enum has the name {found(name)}. Expected: text.")
        super().__init__()
        self.name = name
        self.enum_values = tuple(enum_values)
        _check_values(name, self.enum_values)
        self._by_text = {value.config_value: value.python_value for value in self.enum_values}

    @classmethod
    def from_python_enum(cls, enum: type[PythonEnum], name: str | None = None) -> Enum:
        """Make one from a Python enum: the members' names are the texts.

        Raises:
            DagsterInvalidConfigDefinitionError: ``enum`` is no Python enum, or is empty.
        """
        if not _is_python_enum(enum):
            raise bad_schema(
                (), f"Enum.from_python_enum got {found(enum)}. Expected: a subclass of enum.Enum."
            )
        values = [EnumValue(member.name, member) for member in enum]
        return cls(enum.__name__ if name is None else name, values)

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the text, if it is one of the enum's."""
        text = self._written(value) if isinstance(value, bool) else value
        if not isinstance(text, str) or text not in self._by_text:
            misfits.not_in_enum(walk, at, value, name=self.name, known=self._by_text.keys())
        return text

    def _written(self, value: bool) -> str | None:
        """Return the text that stood in YAML where this truth value was read, if it is clear."""
        texts = [text for text in self._by_text if text.lower() in _YAML_WORDS[value]]
        return texts[0] if len(texts) == 1 else None

    def post_process(self, value: object) -> object:
        """Return the Python value that the text stands for."""
        return self._by_text[str(value)]

    def short_form(self) -> str:
        """Return the enum's name."""
        return self.name


def _is_python_enum(obj: object) -> bool:
    return isinstance(obj, type) and issubclass(obj, PythonEnum)


def _check_values(name: str, values: Iterable[object]) -> None:
    texts: set[str] = set()
    for position, value in enumerate(values):
        if not isinstance(value, EnumValue):
            raise bad_schema(
                (position,), f"Enum '{name}' holds {found(value)}. Expected: an EnumValue."
            )
        if value.config_value in texts:
            raise bad_schema(
                (position,),
                f"Enum '{name}' has the value '{value.config_value}' twice. "
                "Expected: a text of its own for each value.",
            )
        texts.add(value.config_value)
    if not texts:
        raise bad_schema((), f"Enum '{name}' has no values. Expected: at least one EnumValue.")
