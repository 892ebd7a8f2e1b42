"""Types made of other types: ``Optional``, ``List``, ``Set``, ``Tuple``, ``Dict``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import Array, ConfigType, Map, Noneable, Permissive, String
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types import builtins
from dagsterlite.types.dagster_type import (
    PASSED,
    DagsterType,
    PythonObjectDagsterType,
    refused,
)
from dagsterlite.types.loader import DagsterTypeLoader, FunctionLoader


class CompoundType(DagsterType):
    """A type made of others, known by its structure: it bears no name of its own.

    Raises:
        DagsterInvalidDefinitionError: one of the inner types is Nothing.
    """

    python_type: type[Any]

    def __init__(
        self, key: str, inner: Sequence[DagsterType], loader: DagsterTypeLoader | None
    ) -> None:
        self._inner = tuple(inner)
        if any(item.is_nothing for item in self._inner):
            message = (
                f"Type {key}: Nothing cannot be wrapped in another type. Use Nothing alone for an "
                "order of execution without a value."
            )
            raise DagsterInvalidDefinitionError(message)
        super().__init__(self._check, key=key, is_builtin=True, loader=loader)

    @property
    def inner_types(self) -> tuple[DagsterType, ...]:
        return self._inner

    @property
    def typing_type(self) -> Any:
        form: Any = self.python_type
        return form[tuple(item.typing_type for item in self._inner)]

    def is_same(self, other: DagsterType) -> bool:
        alike = isinstance(other, CompoundType) and type(self) is type(other)
        if not alike or len(self.inner_types) != len(other.inner_types):
            return False
        pairs = zip(self.inner_types, other.inner_types, strict=True)
        return all(ours.is_same(theirs) for ours, theirs in pairs)

    def _check(self, _context: Any, _value: Any) -> TypeCheck:
        raise NotImplementedError


class OptionalType(CompoundType):
    """None, or a value of the inner type."""

    def __init__(self, inner: DagsterType) -> None:
        super().__init__(f"{inner.display_name}?", [inner], _noneable_loader(inner))

    @property
    def typing_type(self) -> Any:
        return self._inner[0].typing_type | None

    def _check(self, context: Any, value: Any) -> TypeCheck:
        return PASSED if value is None else self._inner[0].type_check(context, value)


class _ManyType(CompoundType):
    """A Python collection whose items are all of the inner type."""

    def __init__(self, key: str, inner: DagsterType) -> None:
        super().__init__(key, [inner], _array_loader(inner, self.python_type))

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, self.python_type):
            return refused(value, self.python_type.__name__)
        return _each_passes(self._inner[0], context, value)


class ListType(_ManyType):
    """A Python list."""

    python_type = list

    def __init__(self, inner: DagsterType) -> None:
        super().__init__(f"[{inner.display_name}]", inner)


class SetType(_ManyType):
    """A Python set."""

    python_type = set

    def __init__(self, inner: DagsterType) -> None:
        super().__init__(f"Set[{inner.display_name}]", inner)


class UniformTupleType(_ManyType):
    """A Python tuple of any length, its items all of one type."""

    python_type = tuple

    def __init__(self, inner: DagsterType) -> None:
        super().__init__(f"Tuple[{inner.display_name},...]", inner)

    @property
    def typing_type(self) -> Any:
        form: Any = tuple
        return form[self._inner[0].typing_type, ...]


class TupleType(CompoundType):
    """A Python tuple whose items are each of their own type."""

    python_type = tuple

    def __init__(self, *inner: DagsterType) -> None:
        names = ",".join(item.display_name for item in inner)
        super().__init__(f"Tuple[{names}]", inner, None)

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, tuple):
            return refused(value, "tuple")
        if len(value) != len(self._inner):
            found, expected = len(value), len(self._inner)
            description = f"Tuple of {found} items where {expected} are expected."
            return TypeCheck(success=False, description=description)
        for inner, item in zip(self._inner, value, strict=True):
            answer = inner.type_check(context, item)
            if not answer.success:
                return answer
        return PASSED


class DictType(CompoundType):
    """A Python dict whose keys and values are each of one type."""

    python_type = dict

    def __init__(self, key: DagsterType, value: DagsterType) -> None:
        name = f"Dict[{key.display_name},{value.display_name}]"
        super().__init__(name, [key, value], _map_loader(key, value))

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, dict):
            return refused(value, "dict")
        keys = _each_passes(self._inner[0], context, value)
        return _each_passes(self._inner[1], context, value.values()) if keys.success else keys


def _each_passes(inner: DagsterType, context: Any, items: Iterable[Any]) -> TypeCheck:
    if inner is builtins.Any:
        return PASSED
    for item in items:
        answer = inner.type_check(context, item)
        if not answer.success:
            return answer
    return PASSED


# --- their loaders: there is one where the inner type has one ---

Load = Callable[[DagsterTypeLoader, Any, Any], Any]


def _wrapping(
    schema: Callable[[ConfigType], ConfigType], inner: DagsterType, load: Load
) -> DagsterTypeLoader | None:
    loader = inner.loader
    if loader is None:
        return None

    def construct(context: Any, given: Any) -> Any:
        return load(loader, context, given)

    return FunctionLoader(schema(loader.schema_type), construct, loader.required_resource_keys())


def _array_loader(inner: DagsterType, python_type: type[Any]) -> DagsterTypeLoader | None:
    def load(loader: DagsterTypeLoader, context: Any, given: Sequence[Any]) -> Any:
        return python_type(loader.construct_from_config_value(context, item) for item in given)

    return _wrapping(Array, inner, load)


def _noneable_loader(inner: DagsterType) -> DagsterTypeLoader | None:
    def load(loader: DagsterTypeLoader, context: Any, given: Any) -> Any:
        return None if given is None else loader.construct_from_config_value(context, given)

    return _wrapping(Noneable, inner, load)


def _map_loader(key: DagsterType, value: DagsterType) -> DagsterTypeLoader | None:
    def load(loader: DagsterTypeLoader, context: Any, given: Mapping[str, Any]) -> Any:
        construct = loader.construct_from_config_value
        return {name: construct(context, item) for name, item in given.items()}

    # Keys of a config document are texts.
    return _wrapping(_map_of, value, load) if key is builtins.String else None


def _map_of(inner: ConfigType) -> ConfigType:
    return Map(String, inner)


def _as(python_type: type[Any]) -> Callable[[Any, Any], Any]:
    def load(_context: Any, given: Any) -> Any:
        return python_type(given)

    return load


PYTHON_LIST = ListType(builtins.Any)
PYTHON_SET = PythonObjectDagsterType(
    set, is_builtin=True, loader=FunctionLoader(Array(AnyConfig), _as(set))
)
PYTHON_DICT = PythonObjectDagsterType(
    dict, is_builtin=True, loader=FunctionLoader(Permissive(), _as(dict))
)
PYTHON_TUPLE = PythonObjectDagsterType(
    tuple, is_builtin=True, loader=FunctionLoader(Array(AnyConfig), _as(tuple))
)
