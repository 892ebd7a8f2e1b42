"""From what users write where a type is wanted to the dagster type that it means."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable
from typing import Any

from dagsterlite.errors import DagsterInvalidDefinitionError
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
)
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType

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
        DagsterInvalidDefinitionError: the class stands for another dagster type already.
    """
    known = _PYTHON_TYPES.get(python_type, dagster_type)
    if known is not dagster_type:
        message = (
            f"{python_type} stands for the dagster type '{known.display_name}' already; it cannot "
            f"also stand for '{dagster_type.display_name}'."
        )
        raise DagsterInvalidDefinitionError(message)
    _PYTHON_TYPES[python_type] = dagster_type


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
        return _for_class(given)
    raise _not_a_type(given, place)


def _for_class(python_type: type) -> DagsterType:
    dagster_type = PythonObjectDagsterType(python_type)
    _PYTHON_TYPES[python_type] = dagster_type
    return dagster_type


def _resolve_generic(origin: Any, args: tuple[Any, ...], given: Any, place: str) -> DagsterType:
    inner = [arg for arg in args if arg is not type(None)]
    if origin in {typing.Union, types.UnionType}:
        if len(inner) == 1:
            return OptionalType(resolve_dagster_type(inner[0], place))
        raise _not_a_type(given, place)
    if origin is tuple and inner[-1:] == [Ellipsis]:
        return PYTHON_TUPLE
    if origin is tuple:
        return TupleType([resolve_dagster_type(arg, place) for arg in args])
    make = _GENERICS.get(origin)
    if make is not None:
        return make(*(resolve_dagster_type(arg, place) for arg in args))
    if isinstance(origin, type):
        return _for_class(origin)
    raise _not_a_type(given, place)


_GENERICS: dict[Any, Callable[..., DagsterType]] = {list: ListType, set: SetType, dict: DictType}


def _not_a_type(given: Any, place: str) -> DagsterInvalidDefinitionError:
    where = f"{place}: " if place else ""
    return DagsterInvalidDefinitionError(
        f"{where}{given!r:.120} is not a dagster type. Give a DagsterType, a Python class, or one "
        "of list[T], dict[K, V], set[T], tuple[…], T | None made of them."
    )


class Subscript:
    """A name such as ``List`` that is a type by itself and makes others by ``[…]``."""

    def __init__(self, name: str, make: Callable[..., DagsterType]) -> None:
        self._name = name
        self._make = make

    def __getitem__(self, args: Any) -> DagsterType:
        args = args if isinstance(args, tuple) else (args,)
        place = f"{self._name}[…]"
        try:
            return self._make(*(resolve_dagster_type(arg, place) for arg in args))
        except TypeError as exc:
            message = f"{self._name} takes another number of types than {len(args)}."
            raise DagsterInvalidDefinitionError(message) from exc

    def __repr__(self) -> str:
        return self._name


def _tuple(*inner: DagsterType) -> DagsterType:
    return TupleType(inner)


List = Subscript("List", ListType)
Set = Subscript("Set", SetType)
Dict = Subscript("Dict", DictType)
Tuple = Subscript("Tuple", _tuple)
Optional = Subscript("Optional", OptionalType)
_PYTHON_TYPES.update({List: PYTHON_LIST, Set: PYTHON_SET, Dict: PYTHON_DICT, Tuple: PYTHON_TUPLE})
