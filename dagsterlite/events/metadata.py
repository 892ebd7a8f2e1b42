"""Metadata that user code attaches to materializations, expectations, type checks and failures."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, SupportsFloat, SupportsIndex

from dagsterlite.errors import DagsterInvariantViolationError, ParameterCheckError, shown
from dagsterlite.serdes import plain, serializable


def _check(record: object, field: str, value: object, cls: type | UnionType, expected: str) -> None:
    if not isinstance(value, cls):
        raise ParameterCheckError(type(record).__name__, field, expected, value)


@serializable("TextMetadataEntryData")
@dataclass(frozen=True)
class TextMetadataEntryData:
    """Plain text."""

    text: str

    def __post_init__(self) -> None:
        _check(self, "text", self.text, str, "a text")


@serializable("UrlMetadataEntryData")
@dataclass(frozen=True)
class UrlMetadataEntryData:
    """A link to follow."""

    url: str

    def __post_init__(self) -> None:
        _check(self, "url", self.url, str, "a text")


@serializable("PathMetadataEntryData")
@dataclass(frozen=True)
class PathMetadataEntryData:
    """A path on a filesystem."""

    path: str

    def __post_init__(self) -> None:
        _check(self, "path", self.path, str, "a text or a path")


@serializable("JsonMetadataEntryData")
@dataclass(frozen=True)
class JsonMetadataEntryData:
    """Structured data, JSON-able, as JSON keeps it.

    Raises:
        DagsterInvariantViolationError: the data is not JSON-able.
    """

    data: Any = plain()

    def __post_init__(self) -> None:
        try:
            # A copy: user code may go on to change what it gave.
            object.__setattr__(self, "data", json.loads(json.dumps(self.data)))
        except (TypeError, ValueError, RecursionError) as exc:
            message = f"Metadata must be JSON-able data, not {shown(self.data)}: {exc}."
            raise DagsterInvariantViolationError(message) from exc


@serializable("MarkdownMetadataEntryData")
@dataclass(frozen=True)
class MarkdownMetadataEntryData:
    """Text in Markdown."""

    md_str: str

    def __post_init__(self) -> None:
        _check(self, "md_str", self.md_str, str, "a text")


@serializable("FloatMetadataEntryData")
@dataclass(frozen=True)
class FloatMetadataEntryData:
    """A number that may have a fraction; numpy's become Python's."""

    value: float

    def __post_init__(self) -> None:
        _check(self, "value", self.value, SupportsFloat, "a number")
        object.__setattr__(self, "value", float(self.value))


@serializable("IntMetadataEntryData")
@dataclass(frozen=True)
class IntMetadataEntryData:
    """A whole number; numpy's become Python's."""

    value: int

    def __post_init__(self) -> None:
        _check(self, "value", self.value, SupportsIndex, "a whole number")
        object.__setattr__(self, "value", operator.index(self.value))


@serializable("PythonArtifactMetadataEntryData")
@dataclass(frozen=True)
class PythonArtifactMetadataEntryData:
    """A Python object, by its module and name."""

    module: str
    name: str


_Float = float
_Int = int

MetadataEntryData = (
    TextMetadataEntryData
    | UrlMetadataEntryData
    | PathMetadataEntryData
    | JsonMetadataEntryData
    | MarkdownMetadataEntryData
    | FloatMetadataEntryData
    | IntMetadataEntryData
    | PythonArtifactMetadataEntryData
)


@serializable("EventMetadataEntry")
@dataclass(frozen=True)
class EventMetadataEntry:
    """One labelled piece of metadata; made by the static constructors, one for each kind."""

    label: str
    description: str | None
    entry_data: MetadataEntryData

    def __post_init__(self) -> None:
        _check(self, "label", self.label, str, "a text")
        check_text("EventMetadataEntry", "description", self.description)
        _check(self, "entry_data", self.entry_data, MetadataEntryData, "metadata of a known kind")

    @staticmethod
    def text(text: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds plain text."""
        return EventMetadataEntry(label, description, TextMetadataEntryData(text))

    @staticmethod
    def url(url: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a link."""
        return EventMetadataEntry(label, description, UrlMetadataEntryData(url))

    @staticmethod
    def path(
        path: str | os.PathLike[str], label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that holds a path on a filesystem."""
        text = os.fspath(path) if isinstance(path, os.PathLike) else path
        return EventMetadataEntry(label, description, PathMetadataEntryData(text))

    @staticmethod
    def fspath(
        path: str | os.PathLike[str], label: str = "path", description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that holds a path, labelled ``path`` unless told otherwise."""
        return EventMetadataEntry.path(path, label, description)

    @staticmethod
    def json(data: Any, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds JSON-able data.

        Raises:
            DagsterInvariantViolationError: the data is not JSON-able.
        """
        return EventMetadataEntry(label, description, JsonMetadataEntryData(data))

    @staticmethod
    def md(md_str: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds Markdown."""
        data = MarkdownMetadataEntryData(md_str)
        return EventMetadataEntry(label, description, data)

    @staticmethod
    def float(value: _Float, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a number."""
        return EventMetadataEntry(label, description, FloatMetadataEntryData(value))

    @staticmethod
    def int(value: _Int, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a whole number."""
        return EventMetadataEntry(label, description, IntMetadataEntryData(value))

    @staticmethod
    def python_artifact(
        python_artifact: Callable[..., Any] | type, label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that names a class or function."""
        if not hasattr(python_artifact, "__qualname__"):
            owner, expected = "EventMetadataEntry", "a class or function"
            raise ParameterCheckError(owner, "python_artifact", expected, python_artifact)
        data = PythonArtifactMetadataEntryData(
            python_artifact.__module__, python_artifact.__qualname__
        )
        return EventMetadataEntry(label, description, data)


def check_text(owner: str, argument: str, value: object) -> None:
    """Raise unless ``value`` is a text or None.

    Raises:
        ParameterCheckError: it is something else, which the event log could not keep.
    """
    if value is not None and not isinstance(value, str):
        raise ParameterCheckError(owner, argument, "a text", value)


def check_metadata_entries(owner: str, entries: Any) -> list[EventMetadataEntry]:
    """Return the entries as a list.

    Raises:
        ParameterCheckError: ``entries`` is not a list of :class:`EventMetadataEntry`.
    """
    expected = "a list of EventMetadataEntry"
    if entries is None:
        return []
    if not isinstance(entries, Iterable):
        raise ParameterCheckError(owner, "metadata_entries", expected, entries)
    checked: list[EventMetadataEntry] = []
    for entry in entries:
        if not isinstance(entry, EventMetadataEntry):
            raise ParameterCheckError(owner, "metadata_entries", expected, entry)
        checked.append(entry)
    return checked


def entries_of(owner: str, metadata: Any) -> list[EventMetadataEntry]:
    """Return metadata given as a dict by label as entries.

    Args:
        owner: Who is given it, for messages.
        metadata: Texts, numbers, paths, JSON-able dicts and lists, entry data or whole entries.

    Raises:
        ParameterCheckError: it is no dict, a label no text, or a value of no such kind.
        DagsterInvariantViolationError: a dict or list is not JSON-able.
    """
    if not isinstance(metadata, Mapping):
        raise ParameterCheckError(owner, "metadata", "a dict", metadata)
    return [_entry_of(owner, label, value) for label, value in metadata.items()]


_KINDS: tuple[tuple[Any, Callable[[Any], MetadataEntryData]], ...] = (
    (MetadataEntryData, lambda data: data),
    (str, TextMetadataEntryData),
    (os.PathLike, lambda path: PathMetadataEntryData(os.fspath(path))),
    (bool | dict | list | None, JsonMetadataEntryData),
    (SupportsIndex, IntMetadataEntryData),
    (SupportsFloat, FloatMetadataEntryData),
)
"""Which data stands for a value: that of the first kind which the value is of."""


def _entry_of(owner: str, label: str, value: Any) -> EventMetadataEntry:
    if isinstance(value, EventMetadataEntry):
        return value
    for kind, data_of in _KINDS:
        if isinstance(value, kind):
            return EventMetadataEntry(label, None, data_of(value))
    expected = "a text, a number, a path, JSON-able data or metadata entry data"
    raise ParameterCheckError(owner, f"metadata['{label}']", expected, value)
