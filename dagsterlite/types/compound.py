"""Types made of other types: ``Optional``, ``List``, ``Set``, ``Tuple``, ``Dict``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dagsterlite.config import Array, Noneable
from dagsterlite.errors import DagsterInvalidDefinitionError
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types import builtins
from dagsterlite.types.dagster_type import DagsterType
from dagsterlite.types.loader import DagsterTypeLoader, FunctionLoader

_PASSED = TypeCheck(success=True)


class _CompoundType(DagsterType):
    def __init__(self, name: str, inner: Sequence[DagsterType], **kwargs: Any) -> None:
        self._inner = tuple(inner)
        super().__init__(self._check, name=name, is_builtin=True, **kwargs)

    @property
    def inner_types(self) -> tuple[DagsterType, ...]:
        return self._inner

    def _check(self, _context: Any, _value: Any) -> TypeCheck:
        raise AssertionError(self)


class OptionalType(_CompoundType):
    """None, or a value of the inner type."""

    def __init__(self, inner: DagsterType) -> None:
        if inner.is_nothing:
            message = "Optional cannot hold Nothing: use Nothing alone for an order of execution."
            raise DagsterInvalidDefinitionError(message)
        loader = _noneable_loader(inner.loader) if inner.loader else None
        super().__init__(f"{inner.display_name}?", [inner], loader=loader)

    def _check(self, context: Any, value: Any) -> TypeCheck:
        return _PASSED if value is None else self._inner[0].type_check(context, value)


class _ManyType(_CompoundType):
    """A Python collection whose items are all of the inner type."""

    python_type: type[Any]

    def __init__(self, name: str, inner: DagsterType) -> None:
        loader = _array_loader(inner.loader, self.python_type) if inner.loader else None
        super().__init__(f"{name}[{inner.display_name}]", [inner], loader=loader)

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, self.python_type):
            return _refuse(value, self.python_type.__name__)
        return _all_pass(context, ((self._inner[0], item) for item in value))


class ListType(_ManyType):
    """A Python list."""

    python_type = list

    def __init__(self, inner: DagsterType) -> None:
        super().__init__("List", inner)


class SetType(_ManyType):
    """A Python set."""

    python_type = set

    def __init__(self, inner: DagsterType) -> None:
        super().__init__("Set", inner)


class TupleType(_CompoundType):
    """A Python tuple whose items are each of their own type."""

    def __init__(self, inner: Sequence[DagsterType]) -> None:
        names = ", ".join(item.display_name for item in inner)
        super().__init__(f"Tuple[{names}]", inner)

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, tuple):
            return _refuse(value, "tuple")
        if len(value) != len(self._inner):
            found, expected = len(value), len(self._inner)
            description = f"Tuple with {found} items where {expected} are expected."
            return TypeCheck(success=False, description=description)
        return _all_pass(context, zip(self._inner, value, strict=True))


class DictType(_CompoundType):
    """A Python dict whose keys and values are each of one type."""

    def __init__(self, key: DagsterType, value: DagsterType) -> None:
        super().__init__(f"Dict[{key.display_name},{value.display_name}]", [key, value])

    def _check(self, context: Any, value: Any) -> TypeCheck:
        if not isinstance(value, dict):
            return _refuse(value, "dict")
        keys = _all_pass(context, ((self._inner[0], key) for key in value))
        if not keys.success:
            return keys
        return _all_pass(context, ((self._inner[1], item) for item in value.values()))


def _refuse(value: Any, expected: str) -> TypeCheck:
    found = type(value).__name__
    description = f'Value of python type "{found}" must be a {expected}.'
    return TypeCheck(success=False, description=description)


def _all_pass(context: Any, typed: Iterable[tuple[DagsterType, Any]]) -> TypeCheck:
    for dagster_type, value in typed:
        if dagster_type is builtins.Any:
            continue
        answer = dagster_type.type_check(context, value)
        if not answer.success:
            return answer
    return _PASSED


def _array_loader(inner: DagsterTypeLoader, python_type: type) -> DagsterTypeLoader:
    def load(context: Any, given: Any) -> Any:
        return python_type(_load_each(context, inner, given))

    return FunctionLoader(Array(inner.schema_type), load, inner.required_resource_keys())


def _load_each(context: Any, inner: DagsterTypeLoader, given: Any) -> Iterator[Any]:
    for item in given:
        yield inner.construct_from_config_value(context, item)


def _noneable_loader(inner: DagsterTypeLoader) -> DagsterTypeLoader:
    def load(context: Any, given: Any) -> Any:
        return None if given is None else inner.construct_from_config_value(context, given)

    return FunctionLoader(Noneable(inner.schema_type), load, inner.required_resource_keys())


PYTHON_LIST = ListType(builtins.Any)
PYTHON_SET = SetType(builtins.Any)
PYTHON_DICT = DictType(builtins.Any, builtins.Any)


class PlainTupleType(_CompoundType):
    """A Python tuple of any length and items."""

    def __init__(self) -> None:
        super().__init__("Tuple", [])

    def _check(self, _context: Any, value: Any) -> TypeCheck:
        return _PASSED if isinstance(value, tuple) else _refuse(value, "tuple")


PYTHON_TUPLE = PlainTupleType()
