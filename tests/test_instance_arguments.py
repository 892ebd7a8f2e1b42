"""What an instance is asked in the wrong form is refused, and never answered with nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetKey,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    EventRecordsFilter,
    ParameterCheckError,
    RunsFilter,
    StaticPartitionsDefinition,
)
from dagsterlite.errors import DagsterSerdesError

WRITTEN = DagsterEventType.ASSET_MATERIALIZATION
DAYS = StaticPartitionsDefinition(["mon"])
KEY = AssetKey("sales")
#: What is of no type that is asked for.
WRONG: Any = object()
TEXT: Any = "sales"

FILTERS: dict[str, Callable[[], object]] = {
    "run_ids": lambda: RunsFilter(run_ids=TEXT),
    "job_name": lambda: RunsFilter(job_name=WRONG),
    "statuses": lambda: RunsFilter(statuses=[TEXT]),
    "tags": lambda: RunsFilter(tags=WRONG),
    "tags, value": lambda: RunsFilter(tags={"a": WRONG}),
    "tags, values": lambda: RunsFilter(tags={"a": ["b", WRONG]}),
    "tags, key": lambda: RunsFilter(tags={WRONG: "a"}),
    "snapshot_id": lambda: RunsFilter(snapshot_id=WRONG),
    "updated_after": lambda: RunsFilter(updated_after=WRONG),
    "created_before": lambda: RunsFilter(created_before=WRONG),
    "event_type": lambda: EventRecordsFilter(TEXT),
    "asset_key": lambda: EventRecordsFilter(WRITTEN, asset_key=TEXT),
    "asset_partitions": lambda: EventRecordsFilter(WRITTEN, asset_partitions="mon"),
    "job_names": lambda: EventRecordsFilter(DagsterEventType.RUN_START, job_names="flights"),
}


@pytest.mark.parametrize("parameter", FILTERS)
def test_a_filter_of_a_wrong_field_is_refused(parameter: str) -> None:
    argument, _, _ = parameter.partition(",")
    with pytest.raises(ParameterCheckError, match=f"argument '{argument}' must be"):
        FILTERS[parameter]()


def test_a_field_of_a_filter_that_is_left_blank_permits_all() -> None:
    blank = RunsFilter(job_name="", statuses=[], tags={}, snapshot_id="")

    assert blank == RunsFilter()


def test_any_collection_serves_as_a_list() -> None:
    statuses: Any = {DagsterRunStatus.SUCCESS}
    RunsFilter(run_ids=("a",), statuses=statuses, created_before=datetime.now(UTC))
    EventRecordsFilter(WRITTEN, KEY, asset_partitions=("mon",))


QUESTIONS: dict[str, tuple[str, Callable[[DagsterInstance], object]]] = {
    "create_run, name": ("pipeline_name", lambda i: i.create_run("")),
    "create_run, status": ("status", lambda i: i.create_run("p", status=TEXT)),
    "create_run, tags": ("tags", lambda i: i.create_run("p", tags={"a": WRONG})),
    "add_run_tags": ("tags", lambda i: i.add_run_tags("r", {"a": WRONG})),
    "get_run_records": ("filters", lambda i: i.get_run_records(WRONG)),
    "get_runs": ("filters", lambda i: i.get_runs(WRONG)),
    "get_runs, limit": ("limit", lambda i: i.get_runs(limit=True)),
    "get_runs_count": ("filters", lambda i: i.get_runs_count(WRONG)),
    "get_event_records": ("event_records_filter", lambda i: i.get_event_records(WRONG)),
    "fetch_materializations": ("limit", lambda i: i.fetch_materializations(KEY, WRONG)),
    "fetch_observations": ("asset_partitions", lambda i: i.fetch_observations(of_text(), 1)),
    "get_asset_keys": ("prefix", lambda i: i.get_asset_keys(prefix="db")),
    "has_asset_key": ("asset_key", lambda i: i.has_asset_key(TEXT)),
    "get_asset_records": ("asset_keys", lambda i: i.get_asset_records([TEXT])),
    "get_asset_records, one": ("asset_keys", lambda i: i.get_asset_records(WRONG_KEYS)),
    "get_latest_materialization_event": (
        "asset_key",
        lambda i: i.get_latest_materialization_event(TEXT),
    ),
    "get_latest_materialization_code_versions": (
        "asset_keys",
        lambda i: i.get_latest_materialization_code_versions([TEXT]),
    ),
    "wipe_assets": ("asset_keys", lambda i: i.wipe_assets(WRONG_KEYS)),
    "get_status_by_partition, asset": (
        "asset_key",
        lambda i: i.get_status_by_partition(TEXT, ["mon"], DAYS),
    ),
    "get_status_by_partition, partitions": (
        "partitions_def",
        lambda i: i.get_status_by_partition(KEY, ["mon"], WRONG),
    ),
    "add_dynamic_partitions": (
        "partitions_def_name",
        lambda i: i.add_dynamic_partitions("", ["mon"]),
    ),
    "delete_run": ("run_id", lambda i: i.delete_run(WRONG)),
    "get_dynamic_partitions": ("partitions_def_name", lambda i: i.get_dynamic_partitions(WRONG)),
    "has_dynamic_partition": ("partition_key", lambda i: i.has_dynamic_partition("d", WRONG)),
    "delete_dynamic_partition": (
        "partition_key",
        lambda i: i.delete_dynamic_partition("d", WRONG),
    ),
}

#: One key where a list is asked for.
WRONG_KEYS: Any = KEY


def of_text() -> AssetRecordsFilter:
    return AssetRecordsFilter(KEY, asset_partitions="mon")


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_with_a_wrong_argument_is_refused(question: str) -> None:
    parameter, ask = QUESTIONS[question]
    with (
        DagsterInstance.ephemeral() as instance,
        pytest.raises(ParameterCheckError, match=f"argument '{parameter}' must be"),
    ):
        ask(instance)


def test_keys_may_come_from_any_iterable() -> None:
    with DagsterInstance.ephemeral() as instance:
        found = instance.get_latest_materialization_code_versions(iter([KEY]))
    assert found == {KEY: None}


def test_a_run_that_could_not_be_stored_is_refused_in_memory_too() -> None:
    with DagsterInstance.ephemeral() as instance:
        with pytest.raises(DagsterSerdesError):
            instance.create_run("p", run_id="r", run_config={"a": object()})
        assert not instance.has_run("r")


@pytest.mark.parametrize(
    "method", ["fetch_materializations", "fetch_observations", "fetch_run_status_changes"]
)
@pytest.mark.parametrize(
    ("argument", "given"),
    [
        ("records_filter", {"records_filter": WRONG, "limit": 1}),
        ("limit", {"limit": 0}),
        ("cursor", {"limit": 1, "cursor": "x"}),
    ],
)
def test_a_page_that_cannot_be_fetched_is_told_with_the_method(
    method: str, argument: str, given: dict[str, Any]
) -> None:
    usual = DagsterEventType.RUN_START if method == "fetch_run_status_changes" else KEY
    with (
        DagsterInstance.ephemeral() as instance,
        pytest.raises(ParameterCheckError, match=f"^{method}: argument '{argument}' must be"),
    ):
        getattr(instance, method)(**{"records_filter": usual, **given})


RUN = DagsterRun(pipeline_name="p", run_id="r")


@pytest.mark.parametrize(
    ("make", "given"),
    [
        (DagsterInstance.ephemeral, {"tempdir": 5}),
        (DagsterInstance.ephemeral, {"preload": 5}),
        (DagsterInstance.ephemeral, {"preload": [1]}),
        (DagsterInstance.ephemeral, {"preload": [(RUN,)]}),
        (DagsterInstance.ephemeral, {"preload": [(WRONG, [])]}),
        (DagsterInstance.ephemeral, {"preload": [(RUN, [WRONG])]}),
        (DagsterInstance.ephemeral, {"settings": 5}),
        (DagsterInstance.local_temp, {"tempdir": 5}),
        (DagsterInstance.local_temp, {"overrides": 5}),
    ],
)
def test_an_instance_is_not_made_of_wrong_arguments(
    make: Callable[..., object], given: dict[str, Any]
) -> None:
    (argument,) = given
    with pytest.raises(ParameterCheckError, match=rf"^{make.__name__}: argument '{argument}' must"):
        make(**given)


def test_an_instance_takes_runs_with_their_events_to_begin_with(tmp_path: Path) -> None:
    preloads: list[Any] = [[(RUN, [])], ([RUN, ()],)]
    for preload in preloads:
        with DagsterInstance.ephemeral(str(tmp_path), preload) as instance:
            assert instance.has_run("r")
