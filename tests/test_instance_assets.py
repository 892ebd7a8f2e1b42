"""What an instance tells of assets and their partitions, in memory and in SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from dagsterlite import (
    AssetKey,
    AssetMaterialization,
    AssetObservation,
    AssetPartitionStatus,
    AssetRecordsFilter,
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    DynamicPartitionsDefinition,
    EventRecordsFilter,
    ExpectationResult,
    Output,
    RunStatusChangeRecordsFilter,
    StaticPartitionsDefinition,
    execute_pipeline,
    op,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    ParameterCheckError,
)
from dagsterlite.events.log_entry import RUNLESS
from tests.contracts.entries import materialization, message, observation, status_event

A, B, C = (AssetKey(name) for name in "abc")
WRITTEN = DagsterEventType.ASSET_MATERIALIZATION


@pytest.fixture(params=["memory", "sqlite"])
def instance(request: pytest.FixtureRequest) -> Iterator[DagsterInstance]:
    is_memory = request.param == "memory"
    with DagsterInstance.ephemeral() if is_memory else DagsterInstance.local_temp() as instance:
        yield instance


# --- pages ---


def test_materializations_are_fetched_in_pages_both_ways(instance: DagsterInstance) -> None:
    instance.record_entries([materialization("r", n, "a") for n in range(5)])
    instance.record_entries([materialization("r", 9, "b"), observation("r", 10, "a")])

    for ascending in (True, False):
        seqs: list[int] = []
        cursor, has_more = None, True
        while has_more:
            page = instance.fetch_materializations(A, 2, cursor, ascending)
            seqs += [record.event_log_entry.seq for record in page.records]
            cursor, has_more = page.cursor, page.has_more
        assert seqs == (list(range(5)) if ascending else [4, 3, 2, 1, 0])


def test_the_cursor_of_an_empty_page_leads_to_what_comes_later(instance: DagsterInstance) -> None:
    empty = instance.fetch_materializations(A, 2, ascending=True)
    instance.record_entries([materialization("r", 0, "a")])

    page = instance.fetch_materializations(A, 2, empty.cursor, ascending=True)
    end = instance.fetch_materializations(A, 2, page.cursor, ascending=True)

    assert (list(empty.records), empty.has_more) == ([], False)
    assert [record.run_id for record in page.records] == ["r"]
    assert (list(end.records), end.cursor) == ([], page.cursor)


def test_observations_and_materializations_are_told_apart(instance: DagsterInstance) -> None:
    instance.record_entries([materialization("r", 0, "a"), observation("r", 1, "a")])

    (seen,) = instance.fetch_observations(A, 10).records
    (written,) = instance.fetch_materializations(A, 10).records

    assert (seen.event_log_entry.seq, written.event_log_entry.seq) == (1, 0)
    assert (seen.asset_observation, seen.asset_materialization) == (AssetObservation("a"), None)
    assert written.asset_materialization == AssetMaterialization("a", metadata={"rows": 5})
    assert written.event_log_entry.asset_observation is None
    assert message("r", 2).asset_materialization is None


def test_records_of_an_asset_are_filtered(instance: DagsterInstance) -> None:
    for seq, day in enumerate(["mon", "tue", "mon"]):
        entry = materialization("r", seq, "a", partition=day, timestamp=10.0 * seq)
        instance.record_entries([entry])
    ids = [r.storage_id for r in instance.fetch_materializations(A, 9, ascending=True).records]

    def found(cursor: str | None = None, **wanted: Any) -> list[int]:
        wanted_records = AssetRecordsFilter(asset_key=A, **wanted)
        page = instance.fetch_materializations(wanted_records, 9, cursor, ascending=True)
        return [record.event_log_entry.seq for record in page.records]

    assert found() == [0, 1, 2]
    assert found(asset_partitions=["mon"]) == [0, 2]
    assert found(after_timestamp=0.0, before_timestamp=20.0) == [1]
    assert found(after_storage_id=ids[0], before_storage_id=ids[2]) == [1]
    assert found(cursor=str(ids[1]), after_storage_id=ids[0]) == [2]
    assert found(cursor=str(ids[0]), after_storage_id=ids[1]) == [2]


def test_changes_of_status_are_fetched(instance: DagsterInstance) -> None:
    for run_id in ("r", "q"):
        start = status_event(run_id, 0, DagsterEventType.RUN_START, timestamp=5.0)
        instance.record_entries([start, status_event(run_id, 1, DagsterEventType.RUN_SUCCESS)])

    started = instance.fetch_run_status_changes(DagsterEventType.RUN_START, 1)
    rest = instance.fetch_run_status_changes(DagsterEventType.RUN_START, 9, started.cursor)
    late = RunStatusChangeRecordsFilter(event_type=DagsterEventType.RUN_START, after_timestamp=5.0)

    assert [record.run_id for record in started.records] == ["q"]
    assert [record.run_id for record in rest.records] == ["r"]
    assert list(instance.fetch_run_status_changes(late, 9).records) == []


def test_without_a_filter_all_changes_of_status_are_fetched_page_by_page(
    instance: DagsterInstance,
) -> None:
    kinds = [
        DagsterEventType.RUN_ENQUEUED,
        DagsterEventType.RUN_STARTING,
        DagsterEventType.RUN_START,
        DagsterEventType.RUN_SUCCESS,
    ]
    instance.record_entries([materialization("r", 0, "a")])
    instance.record_entries([status_event("r", n, kind) for n, kind in enumerate(kinds, 1)])

    def pages(ascending: bool) -> list[DagsterEventType]:
        found, cursor, has_more = [], None, True
        while has_more:
            page = instance.fetch_run_status_changes(None, 3, cursor, ascending)
            events = [r.event_log_entry.get_dagster_event() for r in page.records]
            found += [event.event_type for event in events]
            cursor, has_more = page.cursor, page.has_more
        return found

    assert pages(ascending=True) == kinds
    assert pages(ascending=False) == kinds[::-1]


def test_without_a_filter_the_observations_of_all_assets_are_fetched(
    instance: DagsterInstance,
) -> None:
    instance.record_entries([observation("r", 0, "a"), observation("r", 1, "b")])

    (last,) = instance.fetch_observations(None, limit=1).records

    assert last.asset_key == AssetKey("b")


def test_changes_of_status_of_some_jobs_are_found_page_by_page(instance: DagsterInstance) -> None:
    begun = DagsterEventType.RUN_START
    names = {"a": "flights", "b": "trains", "c": "flights", "d": "ships", "e": "flights"}
    for run_id, name in names.items():
        entry = status_event(run_id, 0, begun)
        instance.record_entries([replace(entry, job_name=name)])
    flights = RunStatusChangeRecordsFilter(event_type=begun, job_names=["flights"])
    nothing = RunStatusChangeRecordsFilter(event_type=begun, job_names=[])
    several = RunStatusChangeRecordsFilter(
        event_type=begun, job_names=["ships", "flights", "flights"]
    )

    first = instance.fetch_run_status_changes(flights, 2)
    rest = instance.fetch_run_status_changes(flights, 2, first.cursor)
    upwards = instance.fetch_run_status_changes(flights, 9, ascending=True)
    of_several = instance.fetch_run_status_changes(several, 3)
    the_last = instance.fetch_run_status_changes(several, 3, of_several.cursor)

    assert [record.run_id for record in first.records] == ["e", "c"]
    assert [record.run_id for record in rest.records] == ["a"]
    assert [record.run_id for record in upwards.records] == ["a", "c", "e"]
    assert (first.has_more, rest.has_more) == (True, False)
    assert [record.run_id for record in of_several.records] == ["e", "d", "c"]
    assert [record.run_id for record in the_last.records] == ["a"]
    assert (of_several.has_more, the_last.has_more) == (True, False)
    assert list(instance.fetch_run_status_changes(nothing, 9).records) == []


def test_wrong_arguments_of_pages_are_refused() -> None:
    instance = DagsterInstance.ephemeral()
    given: Any = "a"

    with pytest.raises(ParameterCheckError, match="a run status event"):
        instance.fetch_run_status_changes(WRITTEN, 1)
    with pytest.raises(ParameterCheckError, match="RunStatusChangeRecordsFilter"):
        instance.fetch_run_status_changes(given, 1)
    with pytest.raises(ParameterCheckError, match="an AssetKey or an AssetRecordsFilter"):
        instance.fetch_materializations(given, 1)
    with pytest.raises(ParameterCheckError, match="limit"):
        instance.fetch_materializations(A, 0)
    for cursor in ("x", "-1", "", "٣"):
        with pytest.raises(ParameterCheckError, match="cursor"):
            instance.fetch_materializations(A, 1, cursor)


# --- records ---


def test_records_of_assets_hold_what_was_told_last(instance: DagsterInstance) -> None:
    instance.record_entries([materialization("r", 0, "a"), materialization("q", 0, "a")])
    instance.record_entries([observation("q", 1, "a"), observation("q", 2, "b")])

    a, b = instance.get_asset_records()

    assert a.asset_entry.asset_key == A
    assert a.asset_entry.last_run_id == "q"
    assert a.asset_entry.last_materialization == materialization("q", 0, "a")
    assert a.asset_entry.last_observation == observation("q", 1, "a")
    assert a.asset_entry.last_materialization_storage_id == a.storage_id - 1
    assert b.asset_entry.last_run_id is None
    assert b.asset_entry.last_materialization is None
    assert b.asset_entry.last_materialization_storage_id is None
    assert instance.get_asset_records([B, C]) == [b]
    assert instance.get_asset_records([]) == []


def test_the_latest_materialization_is_found(instance: DagsterInstance) -> None:
    instance.record_entries([materialization("r", 0, "a"), materialization("r", 1, "a")])
    instance.record_entries([observation("r", 2, "b")])

    assert instance.get_latest_materialization_event(A) == materialization("r", 1, "a")
    assert instance.get_latest_materialization_event(B) is None


def test_an_event_of_no_run_is_recorded(instance: DagsterInstance) -> None:
    instance.report_runless_asset_event(AssetMaterialization(A, partition="mon"))
    instance.report_runless_asset_event(AssetMaterialization(A))
    instance.report_runless_asset_event(AssetObservation(B))

    records = instance.get_event_records(EventRecordsFilter(event_type=WRITTEN))
    assert [(r.run_id, r.partition_key) for r in records] == [(RUNLESS, None), (RUNLESS, "mon")]
    assert instance.has_asset_key(B)
    assert not instance.has_run(RUNLESS)
    wrong: Any = ExpectationResult(True)
    with pytest.raises(ParameterCheckError, match="AssetMaterialization or an AssetObservation"):
        instance.report_runless_asset_event(wrong)


def test_wiped_assets_are_forgotten_all_or_none(instance: DagsterInstance) -> None:
    instance.record_entries([materialization("r", n, name) for n, name in enumerate("abc")])
    wrong: Any = [A, "b"]

    with pytest.raises(ParameterCheckError, match="asset_keys"):
        instance.wipe_assets(wrong)
    assert instance.get_asset_keys() == [A, B, C]
    instance.wipe_assets([A, C])

    assert instance.get_asset_keys() == [B]
    assert instance.get_latest_materialization_event(A) is None
    assert len(instance.all_logs("r")) == 3


# --- code versions ---


@solid(version="1.4")
def versioned(_):
    yield AssetMaterialization("a")
    yield Output(1)


@solid
def unversioned(_):
    yield AssetMaterialization("b")
    yield Output(1)


@op(code_version="7")
def logging_op(context) -> None:
    context.log_event(AssetMaterialization("c"))


@pipeline
def writes() -> None:
    versioned()
    unversioned()
    logging_op()


def test_code_versions_are_those_of_the_solids_that_wrote(instance: DagsterInstance) -> None:
    run_id = execute_pipeline(writes, instance=instance).run_id
    instance.report_runless_asset_event(
        AssetMaterialization("d", tags={"dagster/code_version": "tagged"})
    )

    found = instance.get_latest_materialization_code_versions(
        AssetKey(name) for name in ("a", "b", "c", "d", "e")
    )

    versions = {key.to_user_string(): version for key, version in found.items()}
    assert versions == {"a": "1.4", "b": run_id, "c": "7", "d": "tagged", "e": None}


# --- partitions ---

DAYS = StaticPartitionsDefinition(["mon", "tue", "wed", "thu", "fri"])


def test_the_status_of_partitions_is_folded_from_events_and_runs(
    instance: DagsterInstance,
) -> None:
    def run(run_id: str, day: str, status: DagsterRunStatus, job: str = "flights") -> None:
        tags = {"dagster/partition": day}
        instance.create_run(job, run_id=run_id, tags=tags, status=status)

    run("old", "mon", DagsterRunStatus.FAILURE)
    instance.record_entries(
        [
            materialization("r", 0, "a", partition="mon", timestamp=9e9),
            materialization("r", 1, "a", partition="tue"),
            materialization("r", 2, "a", partition="wed"),
        ]
    )
    run("failed", "tue", DagsterRunStatus.FAILURE)
    run("under way", "wed", DagsterRunStatus.STARTED)
    run("never wrote", "thu", DagsterRunStatus.FAILURE)
    run("of another job", "fri", DagsterRunStatus.FAILURE, "others")

    found = instance.get_status_by_partition(A, DAYS.get_partition_keys(), DAYS)

    assert found == {
        "mon": AssetPartitionStatus.MATERIALIZED,
        "tue": AssetPartitionStatus.FAILED,
        "wed": AssetPartitionStatus.IN_PROGRESS,
        "thu": AssetPartitionStatus.FAILED,
        "fri": None,
    }
    assert instance.get_status_by_partition(B, ["mon"], DAYS) == {"mon": None}
    with pytest.raises(DagsterInvalidInvocationError, match="Did you mean 'mon'"):
        instance.get_status_by_partition(A, ["mom"], DAYS)


def test_dynamic_partitions_are_kept_by_the_instance(instance: DagsterInstance) -> None:
    cities = DynamicPartitionsDefinition("cities")
    instance.add_dynamic_partitions("cities", ["ulm", "bonn"])
    instance.add_dynamic_partitions("cities", ["ulm", "jena"])
    instance.delete_dynamic_partition("cities", "bonn")

    assert instance.get_dynamic_partitions("cities") == ["ulm", "jena"]
    assert cities.get_partition_keys(dynamic_partitions_store=instance) == ["ulm", "jena"]
    assert instance.has_dynamic_partition("cities", "jena")
    assert not instance.has_dynamic_partition("cities", "bonn")
    assert instance.get_status_by_partition(A, ["ulm"], cities) == {"ulm": None}
    with pytest.raises(DagsterInvalidInvocationError, match="dynamic_partitions_store"):
        cities.get_partition_keys()


@pytest.mark.parametrize("keys", ["ulm", ["ulm", ""], ["ulm", 3]])
def test_wrong_partition_keys_are_refused(keys: Any) -> None:
    instance = DagsterInstance.ephemeral()

    with pytest.raises(DagsterInvalidDefinitionError, match="a list of texts"):
        instance.add_dynamic_partitions("cities", keys)
    with pytest.raises(DagsterInvalidDefinitionError, match="a list of texts"):
        StaticPartitionsDefinition(keys)

    assert instance.get_dynamic_partitions("cities") == []


def test_wrong_sets_of_partitions_are_refused() -> None:
    nothing: Any = None

    with pytest.raises(DagsterInvalidDefinitionError, match="'mon' is given twice"):
        StaticPartitionsDefinition(["mon", "tue", "mon"])
    for name in ("", nothing):
        with pytest.raises(DagsterInvalidDefinitionError, match="name must be a text"):
            DynamicPartitionsDefinition(name)
