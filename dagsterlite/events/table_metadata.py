"""Tables as metadata shows them: a few records, and the columns that they have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.arguments import check_each, check_is, check_text
from dagsterlite.errors import ParameterCheckError
from dagsterlite.serdes import plain, serializable

Cell = str | int | float | bool


def _keep(record: object, name: str, value: object, cls: type, expected: str) -> None:
    check_is(type(record).__name__, name, value, cls, expected)
    object.__setattr__(record, name, value)


def _keep_list(record: object, name: str, items: Any, cls: type, expected: str) -> None:
    """Keep a list as one of the record's own, once each item is of its class."""
    owner, expected = type(record).__name__, f"a list of {expected}"
    check_is(owner, name, items, Sequence, expected)
    check_each(owner, name, items, cls, expected)
    object.__setattr__(record, name, list(items))


@serializable("TableRecord")
@dataclass(frozen=True, init=False)
class TableRecord:
    """One record of a table: ``TableRecord({"name": "a", "rows": 3})`` or ``TableRecord(rows=3)``.

    Args:
        data: The record's values by the names of its columns: texts, numbers or bools.
        **fields: The same, one argument a column.

    Raises:
        ParameterCheckError: a value is of another type, or a name is no text.
    """

    data: Mapping[str, Cell] = plain(default_factory=dict)

    def __init__(self, data: Mapping[str, Cell] | Cell | None = None, **fields: Cell) -> None:
        # A column of a table may be called `data` as well.
        given: Any = data
        named = given if isinstance(given, Mapping | None) else {"data": given}
        cells: dict[Any, Any] = {**(named or {}), **fields}
        for name, value in cells.items():
            if not isinstance(name, str):
                raise ParameterCheckError("TableRecord", "data", "a dict from column names", name)
            if not isinstance(value, Cell):
                raise ParameterCheckError("TableRecord", name, "a text, a number or a bool", value)
        object.__setattr__(self, "data", cells)


@serializable("TableColumnConstraints")
@dataclass(frozen=True, init=False)
class TableColumnConstraints:
    """What is true of a column's values.

    Args:
        nullable: Whether values may be missing.
        unique: Whether no value stands twice.
        other: Further constraints, in words.

    Raises:
        ParameterCheckError: an argument is of another type.
    """

    nullable: bool = True
    unique: bool = False
    other: list[str] = field(default_factory=list)

    def __init__(
        self, nullable: bool = True, unique: bool = False, other: Sequence[str] | None = None
    ) -> None:
        _keep(self, "nullable", nullable, bool, "a bool")
        _keep(self, "unique", unique, bool, "a bool")
        _keep_list(self, "other", other or [], str, "texts")


@serializable("TableConstraints")
@dataclass(frozen=True, init=False)
class TableConstraints:
    """What is true of a table as a whole.

    Args:
        other: Constraints, in words.

    Raises:
        ParameterCheckError: these are no texts.
    """

    other: list[str] = field(default_factory=list)

    def __init__(self, other: Sequence[str] | None = None) -> None:
        _keep_list(self, "other", other or [], str, "texts")


@serializable("TableColumn")
@dataclass(frozen=True, init=False)
class TableColumn:
    """One column of a table.

    Args:
        name: Its name.
        type: The type of its values, in the words of where the table lies.
        description: For people.
        constraints: What is true of its values (default: they may be missing).
        tags: Text to text.

    Raises:
        ParameterCheckError: an argument is of another type.
    """

    name: str
    type: str = "string"
    description: str | None = None
    constraints: TableColumnConstraints = field(default_factory=TableColumnConstraints)
    tags: Mapping[str, str] = plain(default_factory=dict)

    def __init__(
        self,
        name: str,
        type: str = "string",
        description: str | None = None,
        constraints: TableColumnConstraints | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        _keep(self, "name", name, str, "a text")
        _keep(self, "type", type, str, "a text")
        check_text("TableColumn", "description", description)
        object.__setattr__(self, "description", description)
        given = TableColumnConstraints() if constraints is None else constraints
        _keep(self, "constraints", given, TableColumnConstraints, "TableColumnConstraints")
        _keep(self, "tags", tags or {}, Mapping, "a dict from text to text")


@serializable("TableSchema")
@dataclass(frozen=True, init=False)
class TableSchema:
    """The columns of a table.

    Args:
        columns: In the order in which they stand.
        constraints: What is true of the table as a whole (default: nothing).

    Raises:
        ParameterCheckError: an argument is of another type.
    """

    columns: list[TableColumn]
    constraints: TableConstraints = field(default_factory=TableConstraints)

    def __init__(
        self, columns: Sequence[TableColumn], constraints: TableConstraints | None = None
    ) -> None:
        _keep_list(self, "columns", columns, TableColumn, "TableColumn")
        given = TableConstraints() if constraints is None else constraints
        _keep(self, "constraints", given, TableConstraints, "TableConstraints")

    @staticmethod
    def from_name_type_dict(name_type_dict: Mapping[str, str]) -> TableSchema:
        """Return the schema of columns that have nothing but a name and a type."""
        return TableSchema([TableColumn(name, kind) for name, kind in name_type_dict.items()])

    @staticmethod
    def of_record(record: TableRecord) -> TableSchema:
        """Return the schema that a record shows: its columns, with the types of its values."""
        return TableSchema.from_name_type_dict(
            {
                name: "string" if isinstance(value, str) else type(value).__name__
                for name, value in record.data.items()
            }
        )
