"""Metadata that user code attaches to materializations, expectations, type checks and failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dagsterlite.errors import DagsterInvariantViolationError, ParameterCheckError
from dagsterlite.serdes import plain, serializable


@serializable("TextMetadataEntryData")
@dataclass(frozen=True)
class TextMetadataEntryData:
    """Plain text."""

    text: str


@serializable("UrlMetadataEntryData")
@dataclass(frozen=True)
class UrlMetadataEntryData:
    """A link to follow."""

    url: str


@serializable("PathMetadataEntryData")
@dataclass(frozen=True)
class PathMetadataEntryData:
    """A path on a filesystem."""

    path: str


@serializable("JsonMetadataEntryData")
@dataclass(frozen=True)
class JsonMetadataEntryData:
    """Structured data, JSON-able."""

    data: Any = plain()


@serializable("MarkdownMetadataEntryData")
@dataclass(frozen=True)
class MarkdownMetadataEntryData:
    """Text in Markdown."""

    md_str: str


@serializable("FloatMetadataEntryData")
@dataclass(frozen=True)
class FloatMetadataEntryData:
    """A number that may have a fraction."""

    value: float


@serializable("IntMetadataEntryData")
@dataclass(frozen=True)
class IntMetadataEntryData:
    """A whole number."""

    value: int


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

    @staticmethod
    def text(text: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds plain text."""
        return EventMetadataEntry(label, description, TextMetadataEntryData(_str(text, "text")))

    @staticmethod
    def url(url: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a link."""
        return EventMetadataEntry(label, description, UrlMetadataEntryData(_str(url, "url")))

    @staticmethod
    def path(path: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a path on a filesystem."""
        return EventMetadataEntry(label, description, PathMetadataEntryData(_str(path, "path")))

    @staticmethod
    def fspath(
        path: str, label: str = "path", description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that holds a path, labelled ``path`` unless told otherwise."""
        return EventMetadataEntry.path(path, label, description)

    @staticmethod
    def json(data: Any, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds JSON-able data.

        Raises:
            DagsterInvariantViolationError: the data is not JSON-able.
        """
        try:
            json.dumps(data)
        except (TypeError, ValueError) as exc:
            message = f"Metadata entry '{label}' must hold JSON-able data: {exc}."
            raise DagsterInvariantViolationError(message) from exc
        return EventMetadataEntry(label, description, JsonMetadataEntryData(data))

    @staticmethod
    def md(md_str: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds Markdown."""
        data = MarkdownMetadataEntryData(_str(md_str, "md_str"))
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
        data = PythonArtifactMetadataEntryData(
            python_artifact.__module__, python_artifact.__qualname__
        )
        return EventMetadataEntry(label, description, data)


def _str(value: object, parameter: str) -> str:
    if not isinstance(value, str):
        raise ParameterCheckError("EventMetadataEntry", parameter, "a text", value)
    return value


def check_metadata_entries(owner: str, entries: Any) -> list[EventMetadataEntry]:
    """Return the entries as a list.

    Raises:
        ParameterCheckError: ``entries`` is not a list of :class:`EventMetadataEntry`.
    """
    checked: list[EventMetadataEntry] = []
    for entry in entries or ():
        if not isinstance(entry, EventMetadataEntry):
            expected = "a list of EventMetadataEntry"
            raise ParameterCheckError(owner, "metadata_entries", expected, entry)
        checked.append(entry)
    return checked
