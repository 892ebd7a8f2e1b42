from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dagsterlite
from dagsterlite.errors import (
    CheckError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import (
    EventMetadata,
    EventMetadataEntry,
    MetadataEntry,
    MetadataValue,
)
from dagsterlite.events.metadata_values import (
    BoolMetadataValue,
    DagsterAssetMetadataEntryData,
    DagsterPipelineRunMetadataEntryData,
    FloatMetadataEntryData,
    IntMetadataEntryData,
    JsonMetadataEntryData,
    MarkdownMetadataEntryData,
    NotebookMetadataValue,
    PathMetadataEntryData,
    PythonArtifactMetadataEntryData,
    TextMetadataEntryData,
    TimestampMetadataValue,
    UrlMetadataEntryData,
)
from dagsterlite.events.table_metadata import TableRecord, TableSchema
from dagsterlite.serdes import from_json, to_json


@pytest.mark.parametrize(
    ("entry", "data"),
    [
        (EventMetadataEntry.text("a", "label", "why"), TextMetadataEntryData("a")),
        (EventMetadataEntry.url("http://a", "label", "why"), UrlMetadataEntryData("http://a")),
        (EventMetadataEntry.path("/a", "label", "why"), PathMetadataEntryData("/a")),
        (EventMetadataEntry.path(Path("/a"), "label", "why"), PathMetadataEntryData("/a")),
        (EventMetadataEntry.fspath("/a", "label", "why"), PathMetadataEntryData("/a")),
        (EventMetadataEntry.json({"a": [1]}, "label", "why"), JsonMetadataEntryData({"a": [1]})),
        (EventMetadataEntry.md("*a*", "label", "why"), MarkdownMetadataEntryData("*a*")),
        (EventMetadataEntry.float(0.5, "label", "why"), FloatMetadataEntryData(0.5)),
        (EventMetadataEntry.int(5, "label", "why"), IntMetadataEntryData(5)),
        (
            EventMetadataEntry.python_artifact(Path, "label", "why"),
            PythonArtifactMetadataEntryData("pathlib", "Path"),
        ),
        (
            EventMetadataEntry.pipeline_run("3f1c", "label", "why"),
            DagsterPipelineRunMetadataEntryData("3f1c"),
        ),
        (
            EventMetadataEntry.asset(AssetKey("a"), "label", "why"),
            DagsterAssetMetadataEntryData(AssetKey("a")),
        ),
    ],
)
def test_each_kind_takes_its_value_a_label_and_a_description(entry, data):
    assert (entry.label, entry.description, entry.entry_data) == ("label", "why", data)


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("a", TextMetadataEntryData("a")),
        (3, IntMetadataEntryData(3)),
        ({"a": 1}, JsonMetadataEntryData({"a": 1})),
        (EventMetadata.md("*a*"), MarkdownMetadataEntryData("*a*")),
    ],
)
def test_an_entry_takes_a_plain_value_too(value, data):
    assert MetadataEntry("label", value=value) == EventMetadataEntry("label", None, data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"value": object()}, "'value' must be one of texts, numbers"),
        ({}, "'entry_data' must be metadata of a known kind"),
        ({"entry_data": TextMetadataEntryData("a"), "value": 3}, "not both"),
        ({"value": 3, "description": 3}, "'description' must be a text"),
    ],
)
def test_an_entry_of_anything_else_is_refused(arguments, message):
    with pytest.raises(CheckError, match=message):
        MetadataEntry("label", **arguments)


def test_a_file_path_is_labelled_path():
    assert EventMetadataEntry.fspath("/a").label == "path"


def test_numbers_of_numpy_become_pythons():
    given: list[Any] = [np.int64(3), np.float32(0.5), 3]
    whole = EventMetadataEntry.int(given[0], "rows")
    share = EventMetadataEntry.float(given[1], "share")
    count = EventMetadataEntry.float(given[2], "count")

    kept: list[Any] = [entry.entry_data for entry in (whole, share, count)]
    assert [type(data.value) for data in kept] == [int, float, float]
    assert from_json(to_json(kept)) == kept


@pytest.mark.parametrize(
    ("make", "args"),
    [
        (EventMetadataEntry.text, (5, "label")),
        (EventMetadataEntry.text, ("a", 5)),
        (EventMetadataEntry.text, ("a", None)),
        (EventMetadataEntry.text, ("a", "label", 5)),
        (EventMetadataEntry.url, (None, "label")),
        (EventMetadataEntry.md, (5, "label")),
        (EventMetadataEntry.path, (b"/a", "label")),
        (EventMetadataEntry.path, (5, "label")),
        (EventMetadataEntry.fspath, (None,)),
        (EventMetadataEntry.int, (1.5, "label")),
        (EventMetadataEntry.int, ("1", "label")),
        (EventMetadataEntry.float, ("1", "label")),
        (EventMetadataEntry.float, (None, "label")),
        (EventMetadataEntry.python_artifact, (5, "label")),
        (EventMetadataEntry.pipeline_run, (5, "label")),
        (EventMetadataEntry.asset, ("a", "label")),
        (EventMetadataEntry, ("label", None, "text")),
        (EventMetadataEntry, ("label", None, None)),
    ],
)
def test_what_is_not_of_its_kind_is_refused(make, args):
    with pytest.raises(ParameterCheckError):
        make(*args)


@pytest.mark.parametrize("data", [object(), {"a": {1, 2}}, b"a", {("a", "b"): 1}])
def test_json_that_is_none_is_refused(data):
    with pytest.raises(DagsterInvariantViolationError, match="must be JSON-able"):
        EventMetadataEntry.json(data, "label")


def test_json_that_holds_itself_is_refused():
    data: dict[str, object] = {}
    data["self"] = data

    with pytest.raises(DagsterInvariantViolationError, match="must be JSON-able"):
        EventMetadataEntry.json(data, "label")


def test_json_is_kept_as_it_was_and_as_it_will_be_read():
    data = {1: (2, 3), "rows": [1]}
    entry = EventMetadataEntry.json(data, "label")
    data["rows"].append(2)  # type: ignore[attr-defined]

    assert entry.entry_data == JsonMetadataEntryData({"1": [2, 3], "rows": [1]})


@pytest.mark.parametrize("kind", ["text", "url", "path", "json", "md"])
def test_a_value_of_each_kind_is_what_an_entry_of_that_kind_holds(kind):
    entry = getattr(EventMetadataEntry, kind)("a", "label")

    assert getattr(EventMetadata, kind)("a") == entry.entry_data


def test_numbers_artifacts_runs_and_assets_are_values_too():
    assert EventMetadata.int(3) == IntMetadataEntryData(3)
    assert EventMetadata.float(3) == FloatMetadataEntryData(3.0)
    assert EventMetadata.python_artifact(Path).name == "Path"
    assert EventMetadata.pipeline_run("3f1c").run_id == "3f1c"
    assert EventMetadata.asset(AssetKey("a")).asset_key == AssetKey("a")


SCHEMA = TableSchema.from_name_type_dict({"name": "string", "rows": "int"})
RECORDS = [TableRecord(name="a", rows=3)]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (MetadataValue.text("a"), "a"),
        (MetadataValue.url("http://a"), "http://a"),
        (MetadataValue.path(Path("/a")), "/a"),
        (MetadataValue.notebook(Path("/a.ipynb")), "/a.ipynb"),
        (MetadataValue.json({"a": 1}), {"a": 1}),
        (MetadataValue.md("*a*"), "*a*"),
        (MetadataValue.float(0.5), 0.5),
        (MetadataValue.int(3), 3),
        (MetadataValue.bool(True), True),
        (MetadataValue.null(), None),
        (MetadataValue.timestamp(5), 5.0),
        (MetadataValue.timestamp(datetime(1970, 1, 1, 1, tzinfo=UTC)), 3600.0),
        (MetadataValue.dagster_run("3f1c"), "3f1c"),
        (MetadataValue.asset(AssetKey("a")), AssetKey("a")),
        (MetadataValue.table_schema(SCHEMA), SCHEMA),
        (MetadataValue.table(RECORDS), MetadataValue.table(RECORDS, SCHEMA)),
        (MetadataValue.python_artifact(Path), PythonArtifactMetadataEntryData("pathlib", "Path")),
    ],
    ids=repr,
)
def test_each_kind_has_a_value_is_metadata_and_outlives_storage(data, value):
    assert data.value == value
    assert isinstance(data, MetadataValue)
    assert from_json(to_json(data)) == data


def test_a_plain_value_is_no_metadata_yet():
    assert not isinstance("a", MetadataValue)


def test_entries_hold_tables_and_their_schemas():
    of_table = EventMetadataEntry.table(RECORDS, "head", "The first rows.", SCHEMA)
    of_schema = EventMetadataEntry.table_schema(SCHEMA, "columns")

    assert of_table.entry_data == EventMetadata.table(RECORDS, SCHEMA)
    assert of_schema.entry_data == EventMetadata.table_schema(SCHEMA)
    assert (of_table.label, of_table.description) == ("head", "The first rows.")


def test_records_tell_the_columns_where_no_schema_does():
    record = TableRecord({"name": "a", "rows": 3, "share": 0.5, "is_new": True})
    columns = {"name": "string", "rows": "int", "share": "float", "is_new": "bool"}

    assert EventMetadata.table([record]).schema == TableSchema.from_name_type_dict(columns)


@pytest.mark.parametrize(
    ("make", "given", "problem"),
    [
        (EventMetadata.table, [], "'schema' must be a TableSchema"),
        (EventMetadata.table, [{"a": 1}], "'records' must be a list of TableRecord"),
        (EventMetadata.table_schema, {"a": "int"}, "'schema' must be a TableSchema"),
        (EventMetadata.bool, 1, "'value' must be a bool"),
        (EventMetadata.timestamp, "now", "'value' must be a number of seconds"),
        (EventMetadata.timestamp, datetime(1970, 1, 1), "with a time zone"),  # noqa: DTZ001
        (EventMetadata.notebook, 3, "'path' must be a text or a path"),
    ],
)
def test_the_newer_kinds_refuse_what_is_not_theirs(make, given, problem):
    with pytest.raises(ParameterCheckError, match=problem):
        make(given)


def test_the_newer_names_are_the_same_kinds():
    assert dagsterlite.IntMetadataValue is IntMetadataEntryData
    assert dagsterlite.DagsterRunMetadataValue is DagsterPipelineRunMetadataEntryData
    assert dagsterlite.TableSchemaMetadataEntryData is dagsterlite.TableSchemaMetadataValue
    assert (BoolMetadataValue(True), NotebookMetadataValue("a"), TimestampMetadataValue(1)) == (
        MetadataValue.bool(True),
        MetadataValue.notebook("a"),
        MetadataValue.timestamp(1),
    )
