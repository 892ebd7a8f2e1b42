"""From what users write where a type is wanted to the dagster type that it means."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

from dagsterlite.config import ConfigType
from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError, shown
from dagsterlite.types import builtins
from dagsterlite.types.compound import (
    PYTHON_DICT,
    PYTHON_LIST,
    PYTHON_SET,
    PYTHON_TUPLE,
    DictType,
    ListType,
    OptionalType,
    SetType,
    TupleType,
    UniformTupleType,
)
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType


class InferredType(PythonObjectDagsterType):
    """The type of a class that a user wrote as an annotation: known by the class alone."""

    def __init__(self, python_type: type) -> None:
        super().__init__(python_type, key=f"{python_type.__module__}.{python_type.__qualname__}")

    @property
    def unique_name(self) -> str | None:
        return None


_PYTHON_TYPES: dict[Any, DagsterType] = {
    int: builtins.Int,
    float: builtins.Float,
    bool: builtins.Bool,
    str: builtins.String,
    Any: builtins.Any,
    None: builtins.Any,
    type(None): builtins.Nothing,
    list: PYTHON_LIST,
    set: PYTHON_SET,
    dict: PYTHON_DICT,
    tuple: PYTHON_TUPLE,
    typing.List: PYTHON_LIST,  # noqa: UP006 - users may write it
    typing.Set: PYTHON_SET,  # noqa: UP006
    typing.Dict: PYTHON_DICT,  # noqa: UP006
    typing.Tuple: PYTHON_TUPLE,  # noqa: UP006
}


def make_python_type_usable_as_dagster_type(python_type: type, dagster_type: DagsterType) -> None:
    """Let a Python class stand for a dagster type wherever a type is wanted.

    Raises:
        ParameterCheckError: an argument is no class, or no dagster type.
        DagsterInvalidDefinitionError: the class stands for another dagster type already.
    """
    owner = "make_python_type_usable_as_dagster_type"
    if not isinstance(python_type, type):
        raise ParameterCheckError(owner, "python_type", "a class", python_type)
    if not isinstance(dagster_type, DagsterType):
        raise ParameterCheckError(owner, "dagster_type", "a DagsterType", dagster_type)
    known = _PYTHON_TYPES.setdefault(python_type, dagster_type)
    if known is dagster_type:
        return
    message = (
        f"{python_type} stands for the dagster type '{known.display_name}' already; it cannot also "
        f"stand for '{dagster_type.display_name}'."
    )
    if isinstance(known, InferredType):
        message += (
            " It came to do so when it was used as a type: call "
            f"{owner} before the first definition that uses the class."
        )
    raise DagsterInvalidDefinitionError(message)


def resolve_dagster_type(given: Any, place: str = "") -> DagsterType:
    """Return the dagster type that ``given`` means: a type, a class or an annotation.

    Args:
        given: What the user wrote; None means any value.
        place: Where, for the message of an error.

    Raises:
        DagsterInvalidDefinitionError: it means none.
    """
    if isinstance(given, DagsterType):
        return given
    try:
        known = _PYTHON_TYPES.get(given)
    except TypeError:
        known = None
    if known is not None:
        return known
    origin = typing.get_origin(given)
    if origin is not None:
        return _resolve_generic(origin, typing.get_args(given), given, place)
    if isinstance(given, type):
        return _for_class(given, place)
    raise _not_a_type(given, place)


def _for_class(python_type: type, place: str) -> DagsterType:
    if issubclass(python_type, (DagsterType, ConfigType)):
        raise _not_a_type(python_type, place)
    try:
        isinstance(None, python_type)
    except TypeError as exc:
        # A Protocol that is not checkable at run time, a TypedDict.
        raise _not_a_type(python_type, place) from exc
    return _PYTHON_TYPES.setdefault(python_type, InferredType(python_type))


def _resolve_generic(origin: Any, args: tuple[Any, ...], given: Any, place: str) -> DagsterType:
    # Python writes None for the type of None there too.
    args = tuple(type(None) if arg is None else arg for arg in args)
    if origin is typing.Annotated:
        return resolve_dagster_type(args[0], place)
    if origin in {typing.Union, types.UnionType}:
        return _resolve_union(args, given, place)
    if origin is tuple:
        return _tuple_of(*args, place=place)
    make = _GENERICS.get(origin)
    if make is not None:
        return make(*(resolve_dagster_type(arg, place) for arg in args))
    if isinstance(origin, type):
        return _for_class(origin, place)
    raise _not_a_type(given, place)


def _resolve_union(args: tuple[Any, ...], given: Any, place: str) -> DagsterType:
    inner = [arg for arg in args if arg is not type(None)]
    if len(inner) != 1:
        raise _not_a_type(given, place)
    return OptionalType(resolve_dagster_type(inner[0], place))


def _tuple_of(*args: Any, place: str) -> DagsterType:
    if len(args) == 2 and args[1] is Ellipsis:  # noqa: PLR2004 - tuple[T, ...]
        return UniformTupleType(resolve_dagster_type(args[0], place))
    return TupleType(*(resolve_dagster_type(arg, place) for arg in args))


_GENERICS: dict[Any, Callable[..., DagsterType]] = {list: ListType, set: SetType, dict: DictType}


def _not_a_type(given: Any, place: str) -> DagsterInvalidDefinitionError:
    where = f"{place}: " if place else ""
    return DagsterInvalidDefinitionError(
        f"{where}{shown(given)} is not a dagster type. {_mend(given)}"
    )


def _mend(given: Any) -> str:
    if isinstance(given, str):
        return "No such name was found where the function is defined."
    if isinstance(given, ConfigType):
        return "It is a config type, which says how config looks: it belongs in a config_schema."
    if isinstance(given, type) and issubclass(given, (DagsterType, ConfigType)):
        return f"It is a class whose instances are types: write {given.__name__}(…)."
    return (
        "Give a DagsterType, a Python class whose instances can be told by isinstance, or one of "
        "list[T], dict[K, V], set[T], tuple[…], T | None made of them."
    )


class Subscript:
    """A name such as ``List`` that is a type by itself and makes others by ``[…]``."""

    def __init__(self, name: str, origin: Any, count: int | None = 1) -> None:
        self._name = name
        self._origin = origin
        self._count = count

    def __getitem__(self, args: Any) -> DagsterType:
        args = args if isinstance(args, tuple) else (args,)
        if self._count is not None and len(args) != self._count:
            message = f"{self._name}[…] takes {self._count} type(s), not {len(args)}."
            raise DagsterInvalidDefinitionError(message)
        return _resolve_generic(self._origin, args, self, f"{self._name}[…]")

    def __repr__(self) -> str:
        return self._name


List = Subscript("List", list)
Set = Subscript("Set", set)
Dict = Subscript("Dict", dict, count=2)
Tuple = Subscript("Tuple", tuple, count=None)
Optional = Subscript("Optional", typing.Union)
_PYTHON_TYPES.update({List: PYTHON_LIST, Set: PYTHON_SET, Dict: PYTHON_DICT, Tuple: PYTHON_TUPLE})
