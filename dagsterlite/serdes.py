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
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import update_wrapper
from inspect import Parameter, signature
from math import isfinite
from operator import attrgetter
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
    is_shared: bool
    is_tuple: bool


class _Record(NamedTuple):
    cls: type
    fields: tuple[_Field, ...]
    make: Callable[[dict[str, Any]], Any]
    #: The fields whose values JSON does not hold as they are.
    odd_fields: tuple[_Field, ...]


class KeepsText:
    """A record that holds on to its text once it was written or read: it is written more than once.

    The text does not travel with it.
    """

    __slots__ = ("_text",)

    _text: str


_Writer = Callable[[Any], str]

_by_name: dict[str, _Record] = {}
_members: dict[str, Enum] = {}
_by_class: dict[type, _Record] = {}
_writers: dict[type, _Writer] = {}


def plain(*, shared: bool = False, **kwargs: Any) -> Any:
    """Declare a field that holds the user's own JSON-able data, kept apart from our records.

    The user's keys can then never be taken for ours.

    Args:
        shared: Whether records that are written one after the other hold the same object, which
            never changes: its text is then made once.
        **kwargs: Those of :func:`dataclasses.field`.
    """
    return dataclasses.field(metadata={"plain": True, "shared": shared}, **kwargs)


def serializable(name: str) -> Callable[[type[T]], type[T]]:
    """Register a frozen dataclass or an enum under the stable ``name`` it is stored by.

    What a run makes by the million has slots: the garbage collector, which looks at all that
    is kept again and again, then finds one object a record and not two.
    """

    def register(cls: type[T]) -> type[T]:
        if name in _by_name:
            message = f"Two classes are stored as '{name}': {_by_name[name].cls} and {cls}."
            raise DagsterSerdesError(message)
        fields = () if issubclass(cls, Enum) else tuple(map(_describe_field, _fields_of(cls)))
        odd = tuple(field for field in fields if field.is_plain or field.is_tuple)
        make = _maker(cls, fields)
        if _has_own_init(cls):
            type.__setattr__(cls, "__init__", _quick_init(cls))
        _by_name[name] = _by_class[cls] = _Record(cls, fields, make, odd)
        if issubclass(cls, Enum):
            _members.update({f"{name}.{member.name}": member for member in cls})
        writer = _enum_writer(name, cls) if issubclass(cls, Enum) else _writer(name, fields)
        _writers[cls] = _keeping(writer) if issubclass(cls, KeepsText) else writer
        return cls

    return register


def _fields_of(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(cast(Any, cls))


def _describe_field(field: dataclasses.Field[Any]) -> _Field:
    default: Any = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    is_plain, is_shared = (bool(field.metadata.get(name)) for name in ("plain", "shared"))
    is_tuple = str(field.type).startswith("tuple[")
    return _Field(field.name, default, is_plain, is_shared, is_tuple)


# --- making records ------------------------------------------------------------------------------


def _has_own_init(cls: type) -> bool:
    """Return whether a class is a frozen dataclass whose fields are set and not checked."""
    params: Any = getattr(cls, "__dataclass_params__", None)
    is_plain = params is not None and params.frozen and params.init
    return is_plain and not hasattr(cls, "__post_init__")


def _has_slots(cls: type) -> bool:
    """Return whether what a class makes has no dictionary."""
    return "__dict__" not in dir(cls)


def _quick_init(cls: type) -> Callable[..., None]:
    """Return an ``__init__`` for a frozen dataclass that takes half the time of its own.

    Its own sets each field by way of ``object``; and a run makes dozens of records a step.
    """
    own: Any = vars(cls)["__init__"]
    factories = {field.name: field.default_factory for field in _fields_of(cls)}
    known: dict[str, Any] = {}
    has_slots = _has_slots(cls)
    head, lines = ["self"], [] if has_slots else [" _items = self.__dict__"]
    for number, parameter in enumerate(list(signature(own).parameters.values())[1:]):
        given = value = parameter.name
        if parameter.kind is Parameter.KEYWORD_ONLY and "*" not in head:
            head.append("*")
        if parameter.default is not Parameter.empty:
            known[f"_default{number}"] = parameter.default
            given += f"=_default{number}"
        if factories[parameter.name] is not dataclasses.MISSING:
            known[f"_make{number}"] = factories[parameter.name]
            value = f"_make{number}() if {value} is _default{number} else {value}"
        head.append(given)
        if has_slots:
            known[f"_set{number}"] = getattr(cls, parameter.name).__set__
            lines.append(f" _set{number}(self, {value})")
        else:
            lines.append(f" _items[{parameter.name!r}] = {value}")
    return update_wrapper(_function(f"__init__({', '.join(head)})", lines, known), own)


def _function(head: str, lines: Iterable[str], known: dict[str, Any]) -> Callable[..., Any]:
    """Return a function made as dataclasses make theirs: of its text and of what that names."""
    exec("\n".join([f"def {head}:", *lines]), known)  # noqa: S102 - text of our own
    return cast(Callable[..., Any], known[head.partition("(")[0]])


# --- to JSON -------------------------------------------------------------------------------------


def to_json(value: object) -> str:
    """Return the JSON text of a record (or of plain data that holds records).

    Raises:
        DagsterSerdesError: a part of the value is neither JSON-able nor a registered record.
    """
    try:
        return _write(value)
    except (TypeError, ValueError, RecursionError) as exc:
        message = f"A {type(value).__name__} cannot be stored as JSON: {exc}"
        raise DagsterSerdesError(message) from exc


# A run stores millions of records, so each class has a function of its own that writes its text:
# a third of the time that json takes with a hook for what it does not know.


def _write(value: Any) -> str:
    return _writers.get(value.__class__, _write_other)(value)


def _enum_writer(name: str, cls: type[Enum]) -> _Writer:
    return {member: _plain_text({_ENUM: f"{name}.{member.name}"}) for member in cls}.__getitem__


def _writer(name: str, fields: tuple[_Field, ...]) -> _Writer:
    """Return what writes a record, field by field: a loop over them takes a third more time."""
    known: dict[str, Any] = {"writer_of": _writers.get, "other": _write_other}
    lines = [f" text = {f'{{{_text(_RECORD)}:{_text(name)}'!r}"]
    for number, field in enumerate(fields):
        lines += _lines_of(field, number)
        known[f"default{number}"] = field.default
        known[f"plain{number}"] = _Remembered() if field.is_shared else _plain_as_text
    return _function("write(record)", [*lines, " return text + '}'"], known)


def _lines_of(field: _Field, number: int) -> list[str]:
    written = f"plain{number}(item)" if field.is_plain else "writer_of(item.__class__, other)(item)"
    same = f"item is default{number} or item == default{number}"
    condition = "True" if field.default is dataclasses.MISSING else f"not ({same})"
    return [
        f" item = record.{field.name}",
        f" if {condition}:",
        f"  text += {f',{_text(field.name)}:'!r} + {written}",
    ]


def _plain_as_text(item: object) -> str:
    return _text(_plain_text(item))


class _Remembered:
    """Writes plain data; knows the text of what it wrote last."""

    def __init__(self) -> None:
        #: Set at once, as threads may write.
        self._last: tuple[object, str] = (None, _plain_as_text(None))

    def __call__(self, item: object) -> str:
        last, text = self._last
        if item is not last:
            text = _plain_as_text(item)
            self._last = (item, text)
        return text


_text_of = attrgetter("_text")
_keep_text = vars(KeepsText)["_text"].__set__


def _keeping(write: _Writer) -> _Writer:
    def kept(record: Any) -> str:
        try:
            text: str = _text_of(record)
        except AttributeError:
            text = write(record)
            _keep_text(record, text)
        return text

    return kept


def _write_list(items: Iterable[object]) -> str:
    return f"[{','.join([_write(item) for item in items])}]"


def _write_dict(items: Mapping[Any, object]) -> str:
    return f"{{{','.join([f'{_key(key)}:{_write(item)}' for key, item in items.items()])}}}"


def _key(key: object) -> str:
    # json's own way with keys that are no text.
    return _text(key) if isinstance(key, str) else _plain_text({key: 0})[1:-3]


def _write_float(number: float) -> str:
    return float.__repr__(number) if isfinite(number) else _plain_text(number)


def _write_other(value: object) -> str:
    """Write what is not of a known class itself: a container of another class, or a subclass."""
    match value:
        case Mapping():
            return _write_dict(value)
        case set() | frozenset():
            return _write_dict({_SET: sorted(value)})
        case list() | tuple():
            return _write_list(value)
        case _:
            return _plain_text(value)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    message = f"{value!r:.200} of type {type(value).__name__} is not JSON-able"
    raise TypeError(message)


_text = json.encoder.encode_basestring_ascii
_plain_text = json.JSONEncoder(default=_plain, separators=(",", ":")).encode
_writers |= {
    str: _text,
    int: int.__repr__,
    float: _write_float,
    bool: {True: "true", False: "false"}.__getitem__,
    type(None): lambda _: "null",
    list: _write_list,
    tuple: _write_list,
    dict: _write_dict,
}

# --- from JSON -----------------------------------------------------------------------------------


def from_json(text: str) -> Any:
    """Return what :func:`to_json` was given.

    Raises:
        DagsterSerdesError: the text is not JSON, or names a record that this version lacks.
    """
    try:
        value = _decoder.decode(text)
        if isinstance(value, KeepsText):
            _keep_text(value, text)
        return value
    except DagsterSerdesError:
        raise
    except (TypeError, ValueError, AttributeError, LookupError, RecursionError) as exc:
        reason = f"{type(exc).__name__}: {exc}"
        message = f"Stored text cannot be read ({reason}): {text[:200]!r}"
        raise DagsterSerdesError(message) from exc


def _decode(data: dict[str, Any]) -> object:
    if _RECORD in data:
        return _decode_record(data)
    if _ENUM in data:
        return _members.get(data[_ENUM]) or _unknown_member(data[_ENUM])
    return frozenset(data[_SET]) if _SET in data else data


def _decode_record(data: dict[str, Any]) -> object:
    record = _known(data.pop(_RECORD))
    for field in record.odd_fields:
        if field.name in data:
            read = json.loads if field.is_plain else tuple
            data[field.name] = read(data[field.name])
    return record.make(data)


def _maker(cls: type, fields: tuple[_Field, ...]) -> Callable[[dict[str, Any]], Any]:
    """Return what makes a record of its fields.

    Where nothing is checked meanwhile and it has a dictionary, that is filled at once.
    """
    if issubclass(cls, Enum) or hasattr(cls, "__post_init__") or _has_slots(cls):
        return lambda data: cls(**data)
    found = _fields_of(cls)
    names = frozenset(field.name for field in fields)
    needed = frozenset(field.name for field in fields if field.default is dataclasses.MISSING)
    factories = {
        field.name: field.default_factory
        for field in found
        if field.default_factory is not dataclasses.MISSING
    }
    defaults = {f.name: f.default for f in fields if f.name not in needed | factories.keys()}

    def make(data: dict[str, Any]) -> Any:
        if not needed <= data.keys() <= names:
            return cls(**data)  # which says what is wrong
        record = object.__new__(cls)
        items = record.__dict__
        items.update(defaults)
        for name, factory in factories.items():
            if name not in data:
                items[name] = factory()
        items.update(data)
        return record

    return make


def _unknown_member(text: str) -> Enum:
    """Raise what says why a member of an enum cannot be read."""
    name, _, member = text.partition(".")
    return cast(type[Enum], _known(name).cls)[member]


def _known(name: str) -> _Record:
    try:
        return _by_name[name]
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
    elif isinstance(value, Mapping):
        result = {map_text(key, change): map_text(item, change) for key, item in value.items()}
    elif isinstance(value, (set, frozenset)):
        result = frozenset(map_text(item, change) for item in value)
    elif isinstance(value, (list, tuple)):
        items = (map_text(item, change) for item in value)
        result = list(items) if isinstance(value, list) else tuple(items)
    elif (record := _by_class.get(type(value))) and record.fields:
        fields = {f.name: map_text(getattr(value, f.name), change) for f in record.fields}
        result = type(value)(**fields)
    return cast(T, result)
