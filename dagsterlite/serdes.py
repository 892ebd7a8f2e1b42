"""Records to JSON and back, under stored names that outlive any move of a class.

A record is a frozen dataclass or an enum registered with :func:`serializable` under a name chosen
by us; a database never holds a Python path. Fields at their defaults are left out, so a field
added later with a default reads old rows::

    @serializable("AssetKey")
    @dataclass(frozen=True)
    class AssetKey: ...

    from_json(to_json(AssetKey("sales"))) == AssetKey("sales")
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple, TypeVar, cast

from dagsterlite.errors import DagsterSerdesError

_RECORD = "__record__"
_ENUM = "__enum__"
_SET = "__set__"

T = TypeVar("T")


class _Field(NamedTuple):
    name: str
    default: Any
    is_plain: bool
    is_tuple: bool


class _Record(NamedTuple):
    cls: type
    fields: tuple[_Field, ...]


_records: dict[str, _Record] = {}
_names: dict[type, str] = {}


def plain(**kwargs: Any) -> Any:
    """Declare a field that holds the user's own JSON-able data, kept apart from our records.

    The user's keys can then never be taken for ours. ``kwargs`` are those of
    :func:`dataclasses.field`.
    """
    return dataclasses.field(metadata={"plain": True}, **kwargs)


def serializable(name: str) -> Callable[[type[T]], type[T]]:
    """Register a frozen dataclass or an enum under the stable ``name`` it is stored by."""

    def register(cls: type[T]) -> type[T]:
        if name in _records:
            message = f"Two classes are stored as '{name}': {_records[name].cls} and {cls}."
            raise DagsterSerdesError(message)
        fields = () if issubclass(cls, Enum) else tuple(map(_describe_field, _fields_of(cls)))
        _records[name] = _Record(cls, fields)
        _names[cls] = name
        return cls

    return register


def _fields_of(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cast(Any, cls))


def _describe_field(field: dataclasses.Field[Any]) -> _Field:
    default: Any = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    is_tuple = str(field.type).startswith("tuple[")
    return _Field(field.name, default, bool(field.metadata.get("plain")), is_tuple)


def to_json(value: object) -> str:
    """Return the JSON text of a record (or of plain data that holds records).

    Raises:
        DagsterSerdesError: a part of the value is neither JSON-able nor a registered record.
    """
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError) as exc:
        message = f"A {type(value).__name__} cannot be stored as JSON: {exc}"
        raise DagsterSerdesError(message) from exc


def _encode(value: object) -> object:
    name = _names.get(type(value))
    if name is None:
        return _encode_foreign(value)
    if isinstance(value, Enum):
        return {_ENUM: f"{name}.{value.name}"}
    record: dict[str, object] = {_RECORD: name}
    for field in _records[name].fields:
        item = getattr(value, field.name)
        if item is field.default or item == field.default:
            continue
        record[field.name] = _plain_encoder.encode(item) if field.is_plain else item
    return record


def _encode_foreign(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return {_SET: sorted(value)}
    message = f"{value!r:.200} of type {type(value).__name__} is not JSON-able"
    raise TypeError(message)


def _encode_plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    message = f"{value!r:.200} of type {type(value).__name__} is not JSON-able"
    raise TypeError(message)


_encoder = json.JSONEncoder(default=_encode, separators=(",", ":"))
_plain_encoder = json.JSONEncoder(default=_encode_plain, separators=(",", ":"))


def from_json(text: str) -> Any:
    """Return what :func:`to_json` was given.

    Raises:
        DagsterSerdesError: the text is not JSON, or names a record that this version lacks.
    """
    try:
        return _decoder.decode(text)
    except DagsterSerdesError:
        raise
    except (TypeError, ValueError, AttributeError) as exc:
        raise DagsterSerdesError(f"Stored text cannot be read: {exc}: {text[:200]!r}") from exc


def _decode(data: dict[str, Any]) -> object:
    if _RECORD in data:
        return _decode_record(data)
    if _ENUM in data:
        name, _, member = data[_ENUM].partition(".")
        return cast(type[Enum], _known(name).cls)[member]
    return frozenset(data[_SET]) if _SET in data else data


def _decode_record(data: dict[str, Any]) -> object:
    record = _known(data.pop(_RECORD))
    for field in record.fields:
        if field.name in data:
            if field.is_plain:
                data[field.name] = json.loads(data[field.name])
            elif field.is_tuple:
                data[field.name] = tuple(data[field.name])
    return record.cls(**data)


def _known(name: str) -> _Record:
    try:
        return _records[name]
    except KeyError:
        message = (
            f"Stored record '{name}' is not known to this version of dagsterlite: it was written "
            "by a newer version or by another program."
        )
        raise DagsterSerdesError(message) from None


_decoder = json.JSONDecoder(object_hook=_decode)


def map_text(value: T, change: Callable[[str], str]) -> T:
    """Return a copy of a record (or plain data) with ``change`` applied to each text in it."""
    result: Any = value
    if isinstance(value, str):
        result = change(value)
    elif isinstance(value, (list, tuple)):
        result = type(value)(map_text(item, change) for item in value)
    elif isinstance(value, dict):
        result = {key: map_text(item, change) for key, item in value.items()}
    elif type(value) in _names and not isinstance(value, Enum):
        fields = _records[_names[type(value)]].fields
        items = {f.name: map_text(getattr(value, f.name), change) for f in fields}
        result = type(value)(**items)
    return cast(T, result)
