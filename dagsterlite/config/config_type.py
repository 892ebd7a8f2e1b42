"""What every config type can do: check a value, fill it in, turn it into what it stands for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from enum import Enum
from typing import Final, Literal, TypeAlias

from dagsterlite import plugins
from dagsterlite.config import misfits
from dagsterlite.config.evaluation import Unset
from dagsterlite.config.path import Trail
from dagsterlite.config.walk import Walk
from dagsterlite.errors import PostProcessingError


class _Absent(Enum):
    ABSENT = "absent"


Absent: TypeAlias = Literal[_Absent.ABSENT]
ABSENT: Final = _Absent.ABSENT
"""Stands for a default that was not given: None is a value."""


class ConfigType(ABC):
    """A set of config values, and how each of them is read.

    A subclass says with :meth:`fit` which values it takes. It may override :meth:`post_process`
    to turn a value of the right form into what it stands for.
    """

    __slots__ = ("description", "resolves")

    def __init__(self, *, description: str | None = None, inner: Iterable[ConfigType] = ()) -> None:
        self.description = description
        self.resolves: bool = type(self).changes_values() or any(part.resolves for part in inner)
        """Whether this type or one inside it turns values into others."""

    @classmethod
    def changes_values(cls) -> bool:
        """Whether the class itself (not a type inside it) turns values into others."""
        return cls.post_process is not ConfigType.post_process

    @abstractmethod
    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return a new value with defaults filled in; report each misfit to ``walk``.

        After a misfit the returned value means nothing.
        """

    @abstractmethod
    def short_form(self) -> str:
        """Return the type in one line, as messages show it."""

    def long_form(self) -> ConfigType:
        """Return the type whose parts say, at length, what this one takes; by default itself."""
        return self

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_config")(self)
        return shown

    def post_process(self, value: object) -> object:
        """Return what a fitting value stands for; by default the value itself.

        Raises:
            PostProcessingError: The value stands for nothing.
        """
        return value

    def implicit_default(self) -> object | Absent:
        """Return the config value that a field of this type has without a default, or ABSENT."""
        return ABSENT

    def evaluate(self, value: object, at: Trail, walk: Walk) -> object:
        """Fit ``value`` and, in a walk that resolves, turn it into what it stands for."""
        if not (self.resolves and walk.resolves):
            return self.fit(value, at, walk)
        known_errors, known_unset = len(walk.errors), len(walk.unset)
        fitted = self.fit(value, at, walk)
        if len(walk.errors) > known_errors:
            return None
        if len(walk.unset) > known_unset and type(self).changes_values():
            return Unset(tuple(walk.unset[known_unset:]))
        return self.resolve(fitted, at, walk)

    def resolve(self, fitted: object, at: Trail, walk: Walk) -> object:
        """Return what a value that fits stands for; its parts are resolved already."""
        try:
            return self.post_process(fitted)
        except PostProcessingError as error:
            misfits.not_resolved(walk, at, str(error))
            return None

    def __repr__(self) -> str:
        return f"{type(self).__name__}<{self.short_form()}>"
