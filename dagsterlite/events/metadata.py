"""Metadata that user code attaches to materializations, expectations, type checks and failures."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import NoneType
from typing import Any, SupportsFloat, SupportsIndex

from dagsterlite.arguments import check_is, check_text
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata_values import (
    BoolMetadataValue,
    DagsterAssetMetadataEntryData,
    DagsterPipelineRunMetadataEntryData,
    FloatMetadataEntryData,
    IntMetadataEntryData,
    JsonMetadataEntryData,
    MarkdownMetadataEntryData,
    MetadataEntryData,
    NotebookMetadataValue,
    NullMetadataValue,
    PathMetadataEntryData,
    PythonArtifactMetadataEntryData,
    TableMetadataValue,
    TableSchemaMetadataValue,
    TextMetadataEntryData,
    TimestampMetadataValue,
    UrlMetadataEntryData,
)
from dagsterlite.events.table_metadata import TableRecord, TableSchema
from dagsterlite.serdes import serializable

_Bool = bool
_Float = float
_Int = int


class _OfAnyKind(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, MetadataEntryData)


class EventMetadata(metaclass=_OfAnyKind):
    """Makes values of metadata, each of one kind, to stand under their labels in a dict.

    As in::

        AssetMaterialization("sales", metadata={"table": EventMetadata.md(text), "rows": 3})

    Each of them counts as an instance of this class, and has what it holds as its ``value``.
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
        return PathMetadataEntryData(_path_text(path))

    @staticmethod
    def notebook(path: str | os.PathLike[str]) -> NotebookMetadataValue:
        """Return the path of a notebook."""
        return NotebookMetadataValue(_path_text(path))

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
    def bool(value: _Bool) -> BoolMetadataValue:
        """Return True or False."""
        return BoolMetadataValue(value)

    @staticmethod
    def null() -> NullMetadataValue:
        """Return what stands for no value."""
        return NullMetadataValue()

    @staticmethod
    def timestamp(value: _Float | datetime) -> TimestampMetadataValue:
        """Return a point in time, given in seconds since 1970 UTC or with its time zone.

        Raises:
            ParameterCheckError: a datetime bears no time zone.
        """
        if isinstance(value, datetime):
            if value.tzinfo is None:
                expected = "a datetime with a time zone"
                raise ParameterCheckError("EventMetadata", "value", expected, value)
            value = value.timestamp()
        return TimestampMetadataValue(value)

    @staticmethod
    def table(
        records: Sequence[TableRecord], schema: TableSchema | None = None
    ) -> TableMetadataValue:
        """Return some records of a table; without a schema, the first record's columns are it."""
        return TableMetadataValue(list(records), schema)

    @staticmethod
    def table_schema(schema: TableSchema) -> TableSchemaMetadataValue:
        """Return the columns of a table."""
        return TableSchemaMetadataValue(schema)

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
    def dagster_run(run_id: str) -> DagsterPipelineRunMetadataEntryData:
        """Return another run, by its id."""
        return DagsterPipelineRunMetadataEntryData(run_id)

    @staticmethod
    def asset(asset_key: AssetKey) -> DagsterAssetMetadataEntryData:
        """Return an asset, by its key."""
        return DagsterAssetMetadataEntryData(asset_key)


MetadataValue = EventMetadata
"""The newer vocabulary's name."""


def _path_text(path: str | os.PathLike[str]) -> str:
    return os.fspath(path) if isinstance(path, os.PathLike) else path


PLAIN_VALUES = (
    "texts, numbers, JSON-able data, paths, asset keys, table schemas or made by EventMetadata"
)
"""What a dict of metadata may hold, in words."""


#: What a plain value of each type is made into; the first that fits counts.
_MAKERS: tuple[tuple[Any, Callable[[Any], MetadataEntryData]], ...] = (
    (str, EventMetadata.text),
    (NoneType, lambda _: EventMetadata.null()),
    (bool, EventMetadata.bool),
    (dict | list | tuple, EventMetadata.json),
    (os.PathLike, EventMetadata.path),
    (AssetKey, EventMetadata.asset),
    (TableSchema, EventMetadata.table_schema),
    (MetadataEntryData, lambda value: value),
    (SupportsIndex, EventMetadata.int),
    (SupportsFloat, EventMetadata.float),
)


def data_of(value: Any) -> MetadataEntryData | None:
    """Return the metadata that a plain value means; None where it means none."""
    return next((make(value) for cls, make in _MAKERS if isinstance(value, cls)), None)


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
        owner = "EventMetadataEntry"
        check_is(owner, "label", self.label, str, "a text")
        check_text(owner, "description", self.description)
        if value is not None and self.entry_data is None:
            raise ParameterCheckError(owner, "value", f"one of {PLAIN_VALUES}", value)
        expected = "metadata of a known kind"
        check_is(owner, "entry_data", self.entry_data, MetadataEntryData, expected)

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
    def table(
        records: Sequence[TableRecord],
        label: str,
        description: str | None = None,
        schema: TableSchema | None = None,
    ) -> EventMetadataEntry:
        """Return an entry that holds some records of a table."""
        return EventMetadataEntry(label, description, EventMetadata.table(records, schema))

    @staticmethod
    def table_schema(
        schema: TableSchema, label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that holds the columns of a table."""
        return EventMetadataEntry(label, description, EventMetadata.table_schema(schema))

    @staticmethod
    def asset(
        asset_key: AssetKey, label: str, description: str | None = None
    ) -> EventMetadataEntry:
        """Return an entry that names an asset."""
        return EventMetadataEntry(label, description, EventMetadata.asset(asset_key))


MetadataEntry = EventMetadataEntry
"""The newer vocabulary's name."""


class HasMetadata:
    """Shows the metadata that a record bears as a dict as well."""

    __slots__ = ()

    metadata_entries: list[EventMetadataEntry]

    @property
    def metadata(self) -> dict[str, MetadataEntryData]:
        """The metadata by its labels; where one stands twice, the later entry counts."""
        return {entry.label: entry.entry_data for entry in self.metadata_entries}
