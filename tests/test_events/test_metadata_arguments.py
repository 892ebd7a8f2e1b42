from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dagsterlite.errors import (
    CheckError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.metadata import EventMetadata, EventMetadataEntry
from dagsterlite.events.table_metadata import TableSchema
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    DynamicOutput,
    ExpectationResult,
    Failure,
    Materialization,
    Output,
    TypeCheck,
)

MAKERS = [
    lambda **more: AssetMaterialization("a", **more),
    lambda **more: AssetObservation("a", **more),
    lambda **more: Materialization("a", **more),
    lambda **more: ExpectationResult(True, **more),
    lambda **more: TypeCheck(True, **more),
    lambda **more: Failure("no", **more),
    lambda **more: Output(1, **more),
    lambda **more: DynamicOutput(1, "key", **more),
]


@pytest.mark.parametrize("make", MAKERS)
def test_metadata_is_a_list_of_entries_or_a_dict(make):
    entries = [EventMetadataEntry.text("a", "why"), EventMetadataEntry.int(3, "rows")]

    assert make(metadata={"why": "a", "rows": 3}).metadata_entries == entries
    assert make(metadata_entries=entries).metadata_entries == entries
    assert make(metadata={}).metadata_entries == []


@pytest.mark.parametrize("make", MAKERS)
def test_metadata_is_read_by_its_labels_however_it_was_given(make):
    entries = [EventMetadataEntry.text("a", "why"), EventMetadataEntry.text("b", "why")]

    assert make(metadata={"rows": 3}).metadata["rows"].value == 3
    assert make(metadata_entries=entries).metadata == {"why": EventMetadata.text("b")}
    assert make().metadata == {}


@pytest.mark.parametrize("make", MAKERS)
def test_metadata_in_both_forms_is_refused(make):
    with pytest.raises(CheckError, match="metadata or metadata_entries, not both"):
        make(metadata={"rows": 3}, metadata_entries=[])


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ("a", EventMetadata.text("a")),
        (3, EventMetadata.int(3)),
        (np.int64(3), EventMetadata.int(3)),
        (0.5, EventMetadata.float(0.5)),
        (np.float32(0.5), EventMetadata.float(0.5)),
        (True, EventMetadata.bool(True)),
        (None, EventMetadata.null()),
        ({"a": [1]}, EventMetadata.json({"a": [1]})),
        ((1, 2), EventMetadata.json([1, 2])),
        (Path("/a"), EventMetadata.path("/a")),
        (AssetKey("a"), EventMetadata.asset(AssetKey("a"))),
        (TableSchema([]), EventMetadata.table_schema(TableSchema([]))),
        (EventMetadata.md("*a*"), EventMetadata.md("*a*")),
        (EventMetadata.url("http://a"), EventMetadata.url("http://a")),
    ],
    ids=repr,
)
def test_a_plain_value_means_metadata_of_its_kind(value, meant):
    (entry,) = TypeCheck(True, metadata={"label": value}).metadata_entries

    assert entry == EventMetadataEntry("label", None, meant)


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ([("rows", 3)], "a dict from labels to values"),
        ("rows", "a dict from labels to values"),
        ({3: "rows"}, "a dict whose labels are texts"),
        ({"rows": object()}, "['rows']' must be one of texts, numbers"),
        ({"rows": {1, 2}}, "['rows']' must be one of texts, numbers"),
        ({"rows": EventMetadataEntry.int(3, "rows")}, "not EventMetadataEntry"),
    ],
)
def test_what_means_no_metadata_is_refused_with_its_label(metadata, problem):
    with pytest.raises(ParameterCheckError, match="argument 'metadata") as caught:
        AssetMaterialization("a", metadata=metadata)

    assert problem in str(caught.value)


def test_a_dict_that_is_not_json_able_is_refused():
    with pytest.raises(DagsterInvariantViolationError, match="must be JSON-able"):
        AssetMaterialization("a", metadata={"rows": {"a": object()}})


@pytest.mark.parametrize("cls", [AssetMaterialization, Materialization])
def test_an_empty_key_of_a_file_is_refused_not_replaced(cls):
    with pytest.raises(ParameterCheckError, match="a name or a list of names"):
        cls.file("/data/a.csv", asset_key=[])
