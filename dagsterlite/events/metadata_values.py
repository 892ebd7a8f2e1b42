"""The kinds of metadata: what stands behind a label."""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from types import UnionType
from typing import Any, SupportsFloat, SupportsIndex

from dagsterlite.arguments import check_is
from dagsterlite.errors import DagsterInvariantViolationError, shown
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.table_metadata import TableRecord, TableSchema
from dagsterlite.serdes import plain, serializable


def _check(record: object, field: str, value: object, cls: type | UnionType, expected: str) -> None:
    check_is(type(record).__name__, field, value, cls, expected)


@serializable("TextMetadataEntryData")
@dataclass(frozen=True)
class TextMetadataEntryData:
    """Plain text."""

    text: str

    def __post_init__(self) -> None:
        _check(self, "text", self.text, str, "a text")

    @property
    def value(self) -> str:
        """The text."""
        return self.text


@serializable("UrlMetadataEntryData")
@dataclass(frozen=True)
class UrlMetadataEntryData:
    """A link to follow."""

    url: str

    def __post_init__(self) -> None:
        _check(self, "url", self.url, str, "a text")

    @property
    def value(self) -> str:
        """The link."""
        return self.url


@serializable("PathMetadataEntryData")
@dataclass(frozen=True)
class PathMetadataEntryData:
    """A path on a filesystem."""

    path: str

    def __post_init__(self) -> None:
        _check(self, "path", self.path, str, "a text or a path")

    @property
    def value(self) -> str:
        """The path."""
        return self.path


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

    @property
    def value(self) -> Any:
        """The data."""
        return self.data


@serializable("MarkdownMetadataEntryData")
@dataclass(frozen=True)
class MarkdownMetadataEntryData:
    """Text in Markdown."""

    md_str: str

    def __post_init__(self) -> None:
        _check(self, "md_str", self.md_str, str, "a text")

    @property
    def value(self) -> str:
        """The text."""
        return self.md_str


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

    @property
    def value(self) -> PythonArtifactMetadataEntryData:
        """The object's module and name: this itself."""
        return self


@serializable("DagsterPipelineRunMetadataEntryData")
@dataclass(frozen=True)
class DagsterPipelineRunMetadataEntryData:
    """Another run, by its id."""

    run_id: str

    def __post_init__(self) -> None:
        _check(self, "run_id", self.run_id, str, "a text")

    @property
    def value(self) -> str:
        """The run's id."""
        return self.run_id


@serializable("DagsterAssetMetadataEntryData")
@dataclass(frozen=True)
class DagsterAssetMetadataEntryData:
    """An asset, by its key."""

    asset_key: AssetKey

    def __post_init__(self) -> None:
        _check(self, "asset_key", self.asset_key, AssetKey, "an AssetKey")

    @property
    def value(self) -> AssetKey:
        """The asset's key."""
        return self.asset_key


@serializable("BoolMetadataValue")
@dataclass(frozen=True)
class BoolMetadataValue:
    """True or False."""

    value: bool

    def __post_init__(self) -> None:
        _check(self, "value", self.value, bool, "a bool")


@serializable("NullMetadataValue")
@dataclass(frozen=True)
class NullMetadataValue:
    """Nothing, where a value might have been."""

    @property
    def value(self) -> None:
        """None."""
        return


@serializable("TimestampMetadataValue")
@dataclass(frozen=True)
class TimestampMetadataValue:
    """A point in time, in seconds since 1970 UTC."""

    value: float

    def __post_init__(self) -> None:
        _check(self, "value", self.value, int | float, "a number of seconds since 1970 UTC")
        object.__setattr__(self, "value", float(self.value))


@serializable("NotebookMetadataValue")
@dataclass(frozen=True)
class NotebookMetadataValue:
    """The path of a notebook."""

    path: str

    def __post_init__(self) -> None:
        _check(self, "path", self.path, str, "a text or a path")

    @property
    def value(self) -> str:
        """The path."""
        return self.path


@serializable("TableMetadataValue")
@dataclass(frozen=True)
class TableMetadataValue:
    """Some records of a table; without a schema, their own columns are it.

    Raises:
        ParameterCheckError: records are no :class:`TableRecord`, or there are none and no schema.
    """

    records: list[TableRecord]
    schema: TableSchema | None = None

    def __post_init__(self) -> None:
        _check(self, "records", self.records, list | tuple, "a list of TableRecord")
        for record in self.records:
            _check(self, "records", record, TableRecord, "a list of TableRecord")
        object.__setattr__(self, "records", list(self.records))
        if self.schema is None and self.records:
            object.__setattr__(self, "schema", TableSchema.of_record(self.records[0]))
        _check(self, "schema", self.schema, TableSchema, "a TableSchema where records are missing")

    @property
    def value(self) -> TableMetadataValue:
        """The records and their schema: this itself."""
        return self


@serializable("TableSchemaMetadataValue")
@dataclass(frozen=True)
class TableSchemaMetadataValue:
    """The columns of a table."""

    schema: TableSchema

    def __post_init__(self) -> None:
        _check(self, "schema", self.schema, TableSchema, "a TableSchema")

    @property
    def value(self) -> TableSchema:
        """The schema."""
        return self.schema


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
    | BoolMetadataValue
    | NullMetadataValue
    | TimestampMetadataValue
    | NotebookMetadataValue
    | TableMetadataValue
    | TableSchemaMetadataValue
)

# The newer vocabulary's names.
TextMetadataValue = TextMetadataEntryData
UrlMetadataValue = UrlMetadataEntryData
PathMetadataValue = PathMetadataEntryData
JsonMetadataValue = JsonMetadataEntryData
MarkdownMetadataValue = MarkdownMetadataEntryData
FloatMetadataValue = FloatMetadataEntryData
IntMetadataValue = IntMetadataEntryData
PythonArtifactMetadataValue = PythonArtifactMetadataEntryData
DagsterRunMetadataValue = DagsterPipelineRunMetadataEntryData
DagsterAssetMetadataValue = DagsterAssetMetadataEntryData

# The older one's of those that came late.
TableMetadataEntryData = TableMetadataValue
TableSchemaMetadataEntryData = TableSchemaMetadataValue
