"""Every record that is stored or sent comes back as it was, under a name that never changes."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagsterlite import serdes
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_values import TableMetadataValue
from dagsterlite.events.payloads import StepMaterializationData
from dagsterlite.events.table_metadata import TableRecord
from dagsterlite.events.yielded import AssetMaterialization
from dagsterlite.runs import DagsterRun
from dagsterlite.serdes import from_json, to_json
from tests.test_house.checkout import package_names

STORED_NAMES = (
    "AssetKey",
    "AssetMaterialization",
    "AssetObservation",
    "AssetObservationData",
    "AttemptSuperseded",
    "BoolMetadataValue",
    "ClusterJoined",
    "ConfigurableClassData",
    "DagsterAssetMetadataEntryData",
    "DagsterEvent",
    "DagsterEventType",
    "DagsterPipelineRunMetadataEntryData",
    "DagsterRun",
    "DagsterRunStatus",
    "EngineEventData",
    "EventLogEntry",
    "EventMetadataEntry",
    "ExpectationResult",
    "FloatMetadataEntryData",
    "HandledOutputData",
    "HookErroredData",
    "InstanceRef",
    "InstigatorState",
    "InstigatorStatus",
    "InstigatorTick",
    "InstigatorType",
    "IntMetadataEntryData",
    "JsonMetadataEntryData",
    "LoadedInputData",
    "MarkdownMetadataEntryData",
    "Materialization",
    "NotebookMetadataValue",
    "NullMetadataValue",
    "ObjectStoreOperationResultData",
    "ObjectStoreOperationType",
    "OutputsTaken",
    "PathMetadataEntryData",
    "PipelineCanceledData",
    "PipelineFailureData",
    "PipelineInitFailureData",
    "PipelineOrigin",
    "PythonArtifactMetadataEntryData",
    "Receipt",
    "ScheduleInstigatorData",
    "SensorInstigatorData",
    "SerializableErrorInfo",
    "SolidHandle",
    "StepAbandoned",
    "StepExpectationResultData",
    "StepFailureData",
    "StepHandle",
    "StepInputData",
    "StepManifest",
    "StepMaterializationData",
    "StepMetrics",
    "StepOutcome",
    "StepOutputData",
    "StepOutputHandle",
    "StepRecovered",
    "StepRetryData",
    "StepSuccessData",
    "StepsResolved",
    "StorageChosen",
    "StoredOutput",
    "TableColumn",
    "TableColumnConstraints",
    "TableConstraints",
    "TableMetadataValue",
    "TableRecord",
    "TableSchema",
    "TableSchemaMetadataValue",
    "TextMetadataEntryData",
    "TickData",
    "TickStatus",
    "TimestampMetadataValue",
    "TypeCheck",
    "TypeCheckData",
    "UrlMetadataEntryData",
    "UserFailureData",
    "Waiting",
    "WorkerLost",
)
"""The names that stand in databases, manifests and messages: one may be added, none changed."""


def records() -> dict[str, type]:
    """Return each stored class of ours by its stored name, all modules imported."""
    for package in package_names():
        root = importlib.import_module(package)
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            if not found.name.endswith("__main__"):
                importlib.import_module(found.name)
    by_name = ((name, record.cls) for name, record in serdes._by_name.items())
    return {name: cls for name, cls in by_name if cls.__module__.startswith("dagsterlite")}


RECORDS = records()
DATACLASSES = {name: cls for name, cls in RECORDS.items() if dataclasses.is_dataclass(cls)}

HOSTILE_KEYS = st.sampled_from(["__record__", "__enum__", "__set__", "AssetKey", ""])
TEXT = st.text(max_size=8) | HOSTILE_KEYS | st.just("\ud800 \x00 é")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=4,
)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of an annotation."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin in {typing.Union, types.UnionType}:
        return st.one_of([values(arg) for arg in args])
    if origin in {list, tuple, frozenset} or origin is typing.get_origin(typing.Sequence[int]):
        items = st.lists(values(args[0]), max_size=2)
        return items if origin is list else items.map(frozenset if origin is frozenset else tuple)
    assert isinstance(hint, type), hint
    if issubclass(hint, Enum):
        return st.sampled_from(hint)
    return instances(hint)


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
    Any: st.none(),
}

CELLS = st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
TABLE_RECORDS = st.builds(TableRecord, st.dictionaries(TEXT, CELLS, max_size=2))

SPECIAL: dict[type, st.SearchStrategy[Any]] = {
    AssetKey: st.builds(AssetKey, st.lists(TEXT, min_size=1, max_size=2)),
    TableRecord: TABLE_RECORDS,
    # Records or a schema must be there.
    TableMetadataValue: st.builds(TableMetadataValue, st.lists(TABLE_RECORDS, min_size=1)),
}


def instances(cls: type) -> st.SearchStrategy[Any]:
    """Return random records of a class."""
    return SPECIAL.setdefault(cls, st.deferred(lambda: _built(cls)))


def _built(cls: type) -> st.SearchStrategy[Any]:
    hints = typing.get_type_hints(cls)
    return st.builds(cls, **{f.name: _of_field(f, hints[f.name]) for f in fields_of(cls)})


def _of_field(field: dataclasses.Field[Any], hint: Any) -> st.SearchStrategy[Any]:
    if not field.metadata.get("plain"):
        return values(hint)
    if typing.get_args(hint)[1:] == (str,):
        return st.dictionaries(TEXT, TEXT, max_size=2)
    return st.dictionaries(TEXT, JSON, max_size=2) if hint is not Any else JSON


def fields_of(cls: type) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(typing.cast(Any, cls))


@pytest.mark.parametrize("name", sorted(DATACLASSES))
def test_every_record_comes_back_as_it_was(name: str) -> None:
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(instances(DATACLASSES[name]))
    def comes_back(record: Any) -> None:
        text = to_json(record)
        assert text.isascii()
        again = from_json(text)
        assert type(again) is type(record)
        assert again == record
        assert to_json(again) == text

    comes_back()


@pytest.mark.parametrize("name", sorted(RECORDS.keys() - DATACLASSES.keys()))
def test_every_member_of_every_enum_comes_back_as_itself(name: str) -> None:
    members = list(typing.cast(Any, RECORDS[name]))

    assert [from_json(to_json(member)) for member in members] == members


def test_stored_names_never_change() -> None:
    assert set(STORED_NAMES) <= RECORDS.keys(), "stored text of these can no longer be read"
    assert RECORDS.keys() <= set(STORED_NAMES), "new records: add their names to the list above"


def test_a_stored_name_holds_no_python_path() -> None:
    assert all(name.replace("_", "").isalnum() for name in RECORDS)


def _open_fields(cls: type) -> Iterator[str]:
    for field in fields_of(cls):
        is_open = any(word in str(field.type) for word in ("dict[", "Mapping[", "Any"))
        if is_open and not field.metadata.get("plain"):
            yield f"{cls.__name__}.{field.name}"


def test_what_users_give_is_kept_apart_from_our_records() -> None:
    found = {name for cls in DATACLASSES.values() for name in _open_fields(cls)}

    # A launcher's own record of where the code is: made by launchers, never by users.
    assert found == {"DagsterRun.external_pipeline_origin"}


HOSTILE: dict[str, Any] = {
    "__record__": "AssetKey",
    "__enum__": "DagsterEventType.STEP_START",
    "__set__": [1],
    "text": "\ud800\x00",
}


def test_hostile_user_data_does_no_harm() -> None:
    tags = {"__record__": "NoSuchRecord", "__enum__": "a.b", "__set__": "x"}
    written = AssetMaterialization(
        ["__record__"],
        "\udfff",
        [EventMetadataEntry.json(HOSTILE, "__record__")],
        tags=tags,
    )
    event = DagsterEvent(
        event_type=DagsterEventType.STEP_MATERIALIZATION,
        pipeline_name="p",
        logging_tags=tags,
        event_specific_data=StepMaterializationData(written),
    )
    run = DagsterRun(pipeline_name="p", run_config={"solids": HOSTILE}, tags=tags)

    assert from_json(to_json(event)) == event
    assert from_json(to_json(run)) == run


def test_numbers_that_json_lacks_are_kept() -> None:
    entry = EventMetadataEntry.float(math.nan, "nan")
    run = DagsterRun(pipeline_name="p", run_config={"a": [math.inf, -math.inf]})

    assert math.isnan(from_json(to_json(entry)).entry_data.value)
    assert from_json(to_json(run)) == run


def test_a_record_names_its_class_by_the_stored_name_alone() -> None:
    stored: Mapping[str, Any] = json.loads(to_json(AssetKey("a")))

    assert stored == {"__record__": "AssetKey", "parts": ["a"]}
