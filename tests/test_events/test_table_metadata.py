from __future__ import annotations

import pytest

from dagsterlite import (
    TableColumn,
    TableColumnConstraints,
    TableConstraints,
    TableRecord,
    TableSchema,
)
from dagsterlite.errors import ParameterCheckError
from dagsterlite.serdes import from_json, to_json

FULL = TableSchema(
    columns=[
        TableColumn("name", "text", "Who.", TableColumnConstraints(nullable=False, unique=True)),
        TableColumn("rows", constraints=TableColumnConstraints(other=["above 0"]), tags={"a": "b"}),
    ],
    constraints=TableConstraints(other=["sorted by name"]),
)


def test_a_schema_outlives_storage():
    assert from_json(to_json(FULL)) == FULL
    assert from_json(to_json(TableRecord(a=1, b="c"))) == TableRecord({"a": 1, "b": "c"})


def test_a_column_is_of_texts_that_may_be_missing_unless_told_otherwise():
    column = TableColumn("name")

    assert column.type == "string"
    assert column.constraints == TableColumnConstraints(nullable=True, unique=False, other=[])
    assert TableSchema([column]).constraints == TableConstraints(other=[])


def test_none_stands_for_what_is_left_out():
    column = TableColumn("name", constraints=None, tags=None)
    bare = TableColumnConstraints(other=None)

    assert column == TableColumn("name")
    assert bare == TableColumnConstraints()
    assert TableSchema([column], None) == TableSchema([column])


def test_a_column_may_be_called_data():
    assert TableRecord(data=3).data == {"data": 3}
    assert TableRecord({"data": 3}, more=4).data == {"data": 3, "more": 4}


@pytest.mark.parametrize(
    ("cls", "given", "problem"),
    [
        (TableRecord, {"data": {"a": [1]}}, "'a' must be a text, a number or a bool"),
        (TableRecord, {"data": {3: 1}}, "'data' must be a dict from column names"),
        (TableSchema, {"columns": ["a"]}, "'columns' must be a list of TableColumn"),
        (TableSchema, {"columns": "ab"}, "'columns' must be a list of TableColumn"),
        (TableSchema, {"columns": [], "constraints": "a"}, "'constraints' must be TableCons"),
        (TableColumn, {"name": 3}, "'name' must be a text"),
        (TableColumn, {"name": "a", "type": int}, "'type' must be a text"),
        (TableColumn, {"name": "a", "description": 3}, "'description' must be a text"),
        (TableColumn, {"name": "a", "constraints": {}}, "'constraints' must be TableColumnCons"),
        (TableColumn, {"name": "a", "tags": [1]}, "'tags' must be a dict from text to text"),
        (TableColumnConstraints, {"nullable": 1}, "'nullable' must be a bool"),
        (TableColumnConstraints, {"unique": 1}, "'unique' must be a bool"),
        (TableColumnConstraints, {"other": "sorted"}, "'other' must be a list of texts"),
        (TableConstraints, {"other": [3]}, "'other' must be a list of texts"),
    ],
)
def test_what_makes_no_table_is_refused_with_its_argument(cls, given, problem):
    with pytest.raises(ParameterCheckError, match=problem):
        cls(**given)
