"""The scalar config types, and Any."""

from __future__ import annotations

from dagsterlite.config import misfits
from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.path import Trail
from dagsterlite.config.walk import Walk


class ConfigScalar(ConfigType):
    """A single value of one of some Python types. Subclass it to add ``post_process``.

    ``bool`` counts as a number only where it is named: in Python it is a kind of ``int``.
    """

    __slots__ = ("name", "python_types")

    def __init__(
        self, name: str, python_types: tuple[type, ...], description: str | None = None
    ) -> None:
        super().__init__(description=description)
        self.name = name
        self.python_types = python_types

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the value as it is, if it is of this type."""
        if not self.accepts(value):
            misfits.wrong_scalar(walk, at, value, self.name)
        return value

    def accepts(self, value: object) -> bool:
        """Whether ``value`` is of this type."""
        kind = type(value)
        return kind in self.python_types or (
            kind is not bool and isinstance(value, self.python_types)
        )

    def short_form(self) -> str:
        """Return the type's name."""
        return self.name


class _BuiltinScalar(ConfigScalar):
    """One of the scalars below: unpickled and copied as that very object."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return self.name


class _AnyType(ConfigType):
    """Every value, handed through as it is."""

    __slots__ = ()

    def fit(self, value: object, at: Trail, walk: Walk) -> object:
        """Return the value itself."""
        return value

    def short_form(self) -> str:
        """Return ``Any``."""
        return "Any"

    def __reduce__(self) -> str:
        return "Any"


Any = _AnyType()
"""Any value; it is handed through by identity."""

Bool = _BuiltinScalar("Bool", (bool,))
"""True or False."""

Int = _BuiltinScalar("Int", (int,))
"""A whole number, but not a bool."""

Float = _BuiltinScalar("Float", (float, int))
"""A number; a whole one stays an ``int``. Not a bool."""

String = _BuiltinScalar("String", (str,))
"""A text."""
