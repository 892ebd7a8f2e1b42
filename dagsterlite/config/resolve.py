"""What users write where a config type is wanted, turned into that config type."""

from __future__ import annotations

from enum import Enum
from functools import singledispatch
from typing import Final

from dagsterlite.config.config_type import ConfigType
from dagsterlite.config.misfits import found
from dagsterlite.config.path import Path, place
from dagsterlite.config.scalars import Bool, Float, Int, String
from dagsterlite.errors import DagsterInvalidConfigDefinitionError

ALLOWED: Final = (
    "a config type (Int, String, Bool, Float, Any, Shape({…}), Permissive(), Selector({…}), "
    "Array(…), Noneable(…), Map(…), Enum(…), ScalarUnion(…), StringSource, IntSource, BoolSource), "
    "int, str, bool, float, dict, list, a dict of fields, a dict {str: …} for a Map, a list of one "
    "config type, or a dagster type that has a config type"
)

PYTHON_TYPES: Final[dict[type, ConfigType]] = {bool: Bool, int: Int, float: Float, str: String}
"""The config type that each plain Python type means; containers add theirs where they are."""


def resolve_to_config_type(obj: object) -> ConfigType:
    """Return the config type that ``obj`` means.

    Takes a config type, ``int``, ``str``, ``float``, ``bool``, ``dict`` (a permissive dict),
    ``list`` (an array of anything), a dict of fields (a :class:`Shape`), a dict from a scalar type
    to another type (a :class:`Map`), a list of one type (an :class:`Array`), or a dagster type: an
    object whose attribute ``config_type`` is a config type.

    Raises:
        DagsterInvalidConfigDefinitionError: It means none; the message names the path in ``obj``.
    """
    return resolve_at(obj, ())


def resolve_at(obj: object, at: Path) -> ConfigType:
    """Return the config type that ``obj``, at the path ``at`` of a schema, means."""
    return obj if isinstance(obj, ConfigType) else meaning(obj, at)


@singledispatch
def meaning(obj: object, at: Path) -> ConfigType:
    """Return the config type that ``obj``, which is none itself, means.

    The modules of the types that hold other types register what they understand.
    """
    config_type = getattr(obj, "config_type", None)
    if isinstance(config_type, ConfigType):
        return config_type
    raise invalid_schema(at, obj, _mend(obj))


@meaning.register(type)
def _resolve_python_type(obj: type, at: Path) -> ConfigType:
    if obj in PYTHON_TYPES:
        return PYTHON_TYPES[obj]
    raise invalid_schema(at, obj, _class_mend(obj))


def invalid_schema(at: Path, obj: object, mend: str = "") -> DagsterInvalidConfigDefinitionError:
    """Return the error for an object that means no config type."""
    return DagsterInvalidConfigDefinitionError(
        f"Invalid config schema {place(at, 'schema')}. Found {found(obj)}. Expected: {ALLOWED}."
        f"{mend}"
    )


def bad_schema(at: Path, what: str) -> DagsterInvalidConfigDefinitionError:
    """Return the error for a schema that is wrong at ``at`` in the way that ``what`` says."""
    return DagsterInvalidConfigDefinitionError(
        f"Invalid config schema {place(at, 'schema')}. {what}"
    )


def _mend(obj: object) -> str:
    if getattr(obj, "__origin__", None) is not None:
        return (
            " Generic types of Python are not understood here: write [int] for list[int], "
            "Noneable(int) for Optional[int], Map(str, int) for dict[str, int]."
        )
    if hasattr(obj, "config_type"):
        return " This dagster type has no config form: name a config type in its place."
    return ""


def _class_mend(cls: type) -> str:
    if issubclass(cls, ConfigType):
        return f" Make one: {cls.__name__}(…)."
    if issubclass(cls, Enum):
        return f" Write Enum.from_python_enum({cls.__name__})."
    return ""
