"""Metadata that user code attaches to materializations, expectations, type checks and failures."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, SupportsFloat, SupportsIndex, get_args

from dagsterlite.errors import (
    CheckError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    shown,
)
from dagsterlite.events.assets import AssetKey
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


@serializable("DagsterPipelineRunMetadataEntryData")
@dataclass(frozen=True)
class DagsterPipelineRunMetadataEntryData:
    """Another run, by its id."""

    run_id: str

    def __post_init__(self) -> None:
        _check(self, "run_id", self.run_id, str, "a text")


@serializable("DagsterAssetMetadataEntryData")
@dataclass(frozen=True)
class DagsterAssetMetadataEntryData:
    """An asset, by its key."""

    asset_key: AssetKey

    def __post_init__(self) -> None:
        _check(self, "asset_key", self.asset_key, AssetKey, "an AssetKey")


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
    | DagsterPipelineRunMetadataEntryData
    | DagsterAssetMetadataEntryData
)


class EventMetadata:
    """Makes values of metadata, each of one kind, to stand under their labels in a dict.

    As in::

        AssetMaterialization("sales", metadata={"table": EventMetadata.md(text), "rows": 3})
    """

    @staticmethod
    def text(text: str) -> TextMetadataEntryData:
        """Return plain text."""
        return TextMetadataEntryData(text)

    @staticmethod
    def url(url: str) -> UrlMetadataEntryData:
        """Return a link to follow."""
        return UrlMetadataEntryData(url)

    @staticmethod
    def path(path: str | os.PathLike[str]) -> PathMetadataEntryData:
        """Return a path on a filesystem."""
        return PathMetadataEntryData(os.fspath(path) if isinstance(path, os.PathLike) else path)

    @staticmethod
    def json(data: Any) -> JsonMetadataEntryData:
        """Return structured data.

        Raises:
            DagsterInvariantViolationError: the data is not JSON-able.
        """
        return JsonMetadataEntryData(data)

    @staticmethod
    def md(data: str) -> MarkdownMetadataEntryData:
        """Return text in Markdown."""
        return MarkdownMetadataEntryData(data)

    @staticmethod
    def float(value: _Float) -> FloatMetadataEntryData:
        """Return a number that may have a fraction."""
        return FloatMetadataEntryData(value)

    @staticmethod
    def int(value: _Int) -> IntMetadataEntryData:
        """Return a whole number."""
        return IntMetadataEntryData(value)

    @staticmethod
    def python_artifact(python_artifact: Callable[..., Any]) -> PythonArtifactMetadataEntryData:
        """Return a class or function, by its module and name."""
        if not hasattr(python_artifact, "__qualname__"):
            owner, expected = "EventMetadata", "a class or function"
            raise ParameterCheckError(owner, "python_artifact", expected, python_artifact)
        return PythonArtifactMetadataEntryData(
            python_artifact.__module__, python_artifact.__qualname__
        )

    @staticmethod
    def pipeline_run(run_id: str) -> DagsterPipelineRunMetadataEntryData:
        """Return another run, by its id."""
        return DagsterPipelineRunMetadataEntryData(run_id)

    @staticmethod
    def asset(asset_key: AssetKey) -> DagsterAssetMetadataEntryData:
        """Return an asset, by its key."""
        return DagsterAssetMetadataEntryData(asset_key)


MetadataValue = EventMetadata
"""The newer vocabulary's name."""

PLAIN_VALUES = "texts, numbers, JSON-able data, paths, asset keys or made by EventMetadata"
"""What a dict of metadata may hold, in words."""


def data_of(value: Any) -> MetadataEntryData | None:
    """Return the metadata that a plain value means; None where it means none."""
    data: MetadataEntryData | None = None
    match value:
        case str():
            data = EventMetadata.text(value)
        case None | bool() | dict() | list() | tuple():
            data = EventMetadata.json(value)
        case os.PathLike():
            data = EventMetadata.path(value)
        case AssetKey():
            data = EventMetadata.asset(value)
        case _ if isinstance(value, get_args(MetadataEntryData)):
            data = value
        case SupportsIndex():
            data = EventMetadata.int(value.__index__())
        case SupportsFloat():
            data = EventMetadata.float(float(value))
    return data


@serializable("EventMetadataEntry")
@dataclass(frozen=True, init=False)
class EventMetadataEntry:
    """One labelled piece of metadata; made by the static constructors, one for each kind.

    Args:
        label: What it is.
        description: For people.
        entry_data: The metadata, as :class:`EventMetadata` makes it.
        value: In its place, a plain value as a dict of metadata may hold it.

    Raises:
        CheckError: both ``entry_data`` and ``value`` are given, or an argument is of the wrong
            type.
    """

    label: str
    description: str | None
    entry_data: MetadataEntryData

    def __init__(
        self,
        label: str,
        description: str | None = None,
        entry_data: MetadataEntryData | None = None,
        value: Any = None,
    ) -> None:
        if entry_data is not None and value is not None:
            raise CheckError("EventMetadataEntry: give entry_data or value, not both.")
        object.__setattr__(self, "label", label)
        object.__setattr__(self, "description", description)
        object.__setattr__(self, "entry_data", entry_data if value is None else data_of(value))
        _check(self, "label", self.label, str, "a text")
        _check(self, "description", self.description, str | None, "a text")
        if value is not None and self.entry_data is None:
            raise ParameterCheckError(
                "EventMetadataEntry", "value", f"one of {PLAIN_VALUES}", value
            )
        _check(self, "entry_data", self.entry_data, MetadataEntryData, "metadata of a known kind")

    @staticmethod
    def text(text: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds plain text."""
        return EventMetadataEntry(label, description, EventMetadata.text(text))

    @staticmethod
    def url(url: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a link."""
        return EventMetadataEntry(label, description, EventMetadata.url(url))

    @staticmethod
    def path(
        path: str | os.PathLike[str], label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that holds a path on a filesystem."""
        return EventMetadataEntry(label, description, EventMetadata.path(path))

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
        return EventMetadataEntry(label, description, EventMetadata.json(data))

    @staticmethod
    def md(md_str: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds Markdown."""
        return EventMetadataEntry(label, description, EventMetadata.md(md_str))

    @staticmethod
    def float(value: _Float, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a number."""
        return EventMetadataEntry(label, description, EventMetadata.float(value))

    @staticmethod
    def int(value: _Int, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that holds a whole number."""
        return EventMetadataEntry(label, description, EventMetadata.int(value))

    @staticmethod
    def python_artifact(
        python_artifact: Callable[..., Any] | type, label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that names a class or function."""
        data = EventMetadata.python_artifact(python_artifact)
        return EventMetadataEntry(label, description, data)

    @staticmethod
    def pipeline_run(run_id: str, label: str, description: str | None = None) -> EventMetadataEntry:
        """Return an entry that names another run."""
        return EventMetadataEntry(label, description, EventMetadata.pipeline_run(run_id))

    @staticmethod
    def asset(
        asset_key: AssetKey, label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that names an asset."""
        return EventMetadataEntry(label, description, EventMetadata.asset(asset_key))


MetadataEntry = EventMetadataEntry
"""The newer vocabulary's name."""
