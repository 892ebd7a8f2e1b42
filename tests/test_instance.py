from __future__ import annotations

import gc
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterHomeError,
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterRun,
    DagsterRunNotFoundError,
    ExpectationResult,
    InstanceType,
    Output,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.compute_logs import NoOpComputeLogManager
from dagsterlite.errors import ParameterCheckError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.launching import DefaultRunCoordinator, DefaultRunLauncher
from dagsterlite.instance import LocalArtifactStorage
from dagsterlite.memory import InMemoryEventLogStorage, InMemoryRunStorage
from dagsterlite.runs import DagsterRunStatus, RunsFilter
from dagsterlite.stores import EventRecordsFilter
from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage


@lambda_solid
def one():
    return 1


@pipeline
def graph():
    one()


# --- where instances come from ---


def test_an_ephemeral_instance_keeps_all_in_memory_and_its_files_as_long_as_itself() -> None:
    instance = DagsterInstance.ephemeral()
    assert instance.is_ephemeral
    assert not instance.is_persistent
    assert instance.instance_type is InstanceType.EPHEMERAL
    folder = Path(instance.root_directory)
    assert folder.is_dir()
    assert Path(instance.storage_directory()) == folder / "storage"
    with pytest.raises(DagsterHomeError, match="lives in one process"):
        instance.get_ref()
    del instance
    gc.collect()
    assert not folder.exists()


def test_an_ephemeral_instance_takes_a_folder_runs_and_settings(tmp_path: Path) -> None:
    run = DagsterRun(pipeline_name="p", run_id="r")
    entry = EventLogEntry(run_id="r", attempt_id="a", seq=0, timestamp=1.0, job_name="p")
    instance = DagsterInstance.ephemeral(
        str(tmp_path), preload=[(run, [entry])], settings={"sensors": 3}
    )
    assert instance.root_directory == str(tmp_path)
    assert instance.get_run_by_id("r") == run
    assert instance.all_logs("r") == [entry]
    assert instance.get_settings("sensors") == 3
    assert instance.get_settings("schedules") is None


def test_a_temporary_instance_is_persistent_and_goes_with_its_folder() -> None:
    instance = DagsterInstance.local_temp()
    assert instance.is_persistent
    folder = Path(instance.root_directory)
    execute_pipeline(graph, instance=instance)
    assert folder.is_dir()
    instance.dispose()
    del instance
    gc.collect()
    assert not folder.exists()


def test_two_instances_of_one_folder_see_the_same_runs(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as first:
        run_id = execute_pipeline(graph, instance=first).run_id
        with DagsterInstance.from_ref(first.get_ref()) as second:
            assert second.get_run_by_id(run_id) == first.get_run_by_id(run_id)
            assert second.all_logs(run_id) == first.all_logs(run_id)


def test_the_instance_of_the_home_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new" / "home"
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    with DagsterInstance.get() as instance:
        assert instance.root_directory == str(home)
        run_id = execute_pipeline(graph, instance=instance).run_id
    with DagsterInstance.get() as instance:
        assert instance.has_run(run_id)


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_home_there_is_no_instance_to_get(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    if value is not None:
        monkeypatch.setenv("DAGSTER_HOME", value)
    with pytest.raises(DagsterHomeError, match=r"\$DAGSTER_HOME is not set"):
        DagsterInstance.get()
    with pytest.raises(DagsterInvariantViolationError):
        DagsterInstance.get()


def test_a_home_must_be_an_absolute_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "some/home")
    with pytest.raises(DagsterInvariantViolationError, match="absolute path, not 'some/home'"):
        DagsterInstance.get()


def test_a_home_that_is_a_file_is_told_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "home"
    file.write_text("mine")
    monkeypatch.setenv("DAGSTER_HOME", str(file))
    with pytest.raises(DagsterHomeError, match="cannot be used"):
        DagsterInstance.get()
    assert file.read_text() == "mine"


def test_the_constructor_takes_the_documented_parts(tmp_path: Path) -> None:
    runs, events = InMemoryRunStorage(), InMemoryEventLogStorage()
    schedules = SqliteScheduleStorage(str(tmp_path))
    launcher, coordinator = DefaultRunLauncher(), DefaultRunCoordinator()
    instance = DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=LocalArtifactStorage(str(tmp_path)),
        run_storage=runs,
        event_storage=events,
        compute_log_manager=NoOpComputeLogManager(),
        schedule_storage=schedules,
        scheduler=None,
        run_coordinator=coordinator,
        run_launcher=launcher,
        settings={"a": 1},
        ref="ref",
    )
    assert instance.run_storage is runs
    assert instance.event_log_storage is events
    assert instance.local_artifact_storage.file_manager_dir == str(
        tmp_path / "storage" / "file_manager"
    )
    assert instance.schedule_storage is schedules
    assert instance.get_ref() == "ref"
    assert (instance.run_launcher, instance.run_coordinator) == (launcher, coordinator)
    assert launcher.instance is coordinator.instance is instance


# --- runs ---


def test_a_run_has_the_documented_fields() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run(
        pipeline_name="p",
        run_id="r",
        run_config={"a": 1},
        mode="m",
        solids_to_execute=["x"],
        step_keys_to_execute=["x.compute"],
        status=DagsterRunStatus.QUEUED,
        tags={"t": "1"},
        root_run_id="root",
        parent_run_id="parent",
        pipeline_snapshot='{"name":"p"}',
        execution_plan_snapshot='{"steps":{}}',
        parent_pipeline_snapshot='{"name":"parent"}',
        solid_selection=["*x"],
        external_pipeline_origin={"module": "m"},
    )
    assert instance.get_run_by_id("r") == run
    assert run.pipeline_name == run.job_name == "p"
    assert run.run_config == {"a": 1}
    assert run.mode == "m"
    assert run.solids_to_execute == frozenset({"x"})
    assert run.step_keys_to_execute == ("x.compute",)
    assert run.status is DagsterRunStatus.QUEUED
    assert run.tags == {"t": "1"}
    assert (run.root_run_id, run.parent_run_id) == ("root", "parent")
    assert run.solid_selection == ("*x",)
    assert run.external_pipeline_origin == {"module": "m"}
    bodies = [
        instance.run_storage.get_snapshot(str(snapshot_id))
        for snapshot_id in (run.pipeline_snapshot_id, run.execution_plan_snapshot_id)
    ]
    assert bodies == ['{"name":"p"}', '{"steps":{}}']


def test_a_run_may_be_made_of_its_pipelines_name_alone() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run("p")
    assert run.status is DagsterRunStatus.NOT_STARTED
    assert run.mode == "default"
    assert run.run_id != instance.create_run("p").run_id
    assert instance.get_runs_count() == 2
    assert instance.has_run(run.run_id)
    assert not instance.has_run("other")
    assert instance.get_run_by_id("other") is None
    assert instance.get_run_record_by_id("other") is None
    with pytest.raises(DagsterRunNotFoundError, match="no run 'other'"):
        instance.require_run("other")


def test_runs_are_found_newest_first_filtered_and_by_pages() -> None:
    instance = DagsterInstance.ephemeral()
    runs = [instance.create_run("p", tags={"n": str(n)}) for n in range(5)]
    ids = [run.run_id for run in runs]
    assert [run.run_id for run in instance.get_runs()] == ids[::-1]
    assert [run.run_id for run in instance.get_runs(limit=2)] == ids[:2:-1]
    assert [run.run_id for run in instance.get_runs(cursor=ids[2])] == ids[1::-1]
    assert instance.get_runs_count(RunsFilter(tags={"n": ["1", "3"]})) == 2
    records = instance.get_run_records(ascending=True, order_by="create_timestamp")
    assert [record.pipeline_run.run_id for record in records] == ids


def test_tags_are_added_and_runs_deleted_with_their_events() -> None:
    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(graph, instance=instance).run_id
    instance.add_run_tags(run_id, {"x": "y"})
    run = instance.get_run_by_id(run_id)
    assert run is not None
    assert run.tags == {"x": "y"}
    instance.delete_run(run_id)
    assert not instance.has_run(run_id)
    assert instance.all_logs(run_id) == []


# --- events ---


def status_entry(seq: int, kind: DagsterEventType) -> EventLogEntry:
    return EventLogEntry(
        run_id="r",
        attempt_id="driver",
        seq=seq,
        timestamp=time.time(),
        job_name="p",
        dagster_event=DagsterEvent(event_type=kind, pipeline_name="p"),
    )


def test_a_run_level_event_sets_the_status_and_is_refused_once_the_run_has_ended() -> None:
    instance = DagsterInstance.ephemeral()
    instance.add_run(DagsterRun(pipeline_name="p", run_id="r"))
    assert instance.record_status(status_entry(0, DagsterEventType.PIPELINE_START))
    record = instance.require_run("r")
    assert record.dagster_run.status is DagsterRunStatus.STARTED
    assert record.start_time is not None
    assert instance.record_status(status_entry(1, DagsterEventType.PIPELINE_CANCELED))
    assert not instance.record_status(status_entry(2, DagsterEventType.PIPELINE_SUCCESS))
    assert [e.seq for e in instance.all_logs("r")] == [0, 1]
    assert instance.require_run("r").end_time is not None


def test_logs_are_read_by_type_and_from_a_place_on() -> None:
    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(graph, instance=instance).run_id
    start, success = DagsterEventType.STEP_START, DagsterEventType.STEP_SUCCESS
    assert len(instance.all_logs(run_id, start)) == 1
    assert len(instance.all_logs(run_id, {start, success})) == 2
    records = instance.get_records_for_run(run_id)
    rest = instance.get_records_for_run(run_id, after=records[1].storage_id, limit=2)
    assert rest == records[2:4]


def test_assets_are_known_once_a_run_told_of_them() -> None:
    instance = DagsterInstance.ephemeral()
    assert instance.get_asset_keys() == []
    assert not instance.has_asset_key(AssetKey("table"))


def test_what_cannot_be_meant_by_a_question_is_refused() -> None:
    instance = DagsterInstance.ephemeral()
    column: Any = "created"

    with pytest.raises(ParameterCheckError, match=r"order_by.*'update_timestamp'"):
        instance.get_run_records(order_by=column)
    for ask in (
        instance.get_run_records,
        instance.get_asset_keys,
        lambda limit: instance.get_records_for_run("r", limit=limit),
        lambda limit: instance.get_event_records(
            EventRecordsFilter(event_type=DagsterEventType.RUN_START), limit
        ),
    ):
        with pytest.raises(ParameterCheckError, match="limit"):
            ask(limit=-1)
    for cursor in ("x", "-1", -1, ""):
        with pytest.raises(ParameterCheckError, match="cursor"):
            instance.watch_event_logs("r", cursor, print)


def test_snapshots_are_kept_by_the_hash_of_their_content() -> None:
    instance = DagsterInstance.ephemeral()

    one, two = (instance.create_run("p", pipeline_snapshot='{"a": 1}') for _ in range(2))

    assert one.pipeline_snapshot_id is not None
    assert one.pipeline_snapshot_id == two.pipeline_snapshot_id
    assert instance.get_snapshot(one.pipeline_snapshot_id) == '{"a": 1}'
    assert instance.get_snapshot("nothing") is None


def test_an_instance_tells_what_a_runs_steps_came_to() -> None:
    @solid
    def told(_context):
        yield AssetMaterialization("table")
        yield ExpectationResult(success=False)
        yield Output(1)

    @solid
    def broken(_context, _number):
        raise ValueError

    @pipeline
    def half():
        broken(told())

    instance = DagsterInstance.ephemeral()
    run_id = execute_pipeline(half, instance=instance, raise_on_error=False).run_id
    stats = instance.get_run_stats(run_id)
    assert (stats.steps_succeeded, stats.steps_failed) == (1, 1)
    assert (stats.materializations, stats.expectations) == (1, 1)
    assert stats.start_time is not None
    assert stats.end_time is not None
    assert stats.start_time <= stats.end_time
    steps = instance.get_run_step_stats(run_id)
    assert [(s.step_key, s.status.value) for s in steps] == [
        ("told.compute", "SUCCESS"),
        ("broken.compute", "FAILURE"),
    ]
    assert instance.get_run_step_stats(run_id, ["broken.compute", "other"]) == steps[1:]
    assert instance.get_run_step_stats("no such run") == []
    assert instance.all_asset_keys() == [AssetKey("table")]


def test_fields_of_filters_come_in_the_documents_order() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    by_place = RunsFilter(["r"], "job", [], {"a": "1"}, "s", moment, moment, True)
    by_name = RunsFilter(
        run_ids=["r"],
        job_name="job",
        statuses=[],
        tags={"a": "1"},
        snapshot_id="s",
        updated_after=moment,
        created_before=moment,
        exclude_subruns=True,
    )
    assert by_place == by_name
    kind, key = DagsterEventType.ASSET_MATERIALIZATION, AssetKey("a")
    assert EventRecordsFilter(kind, key, ["p"], 1, 9, 1.0, 9.0) == EventRecordsFilter(
        event_type=kind,
        asset_key=key,
        asset_partitions=["p"],
        after_cursor=1,
        before_cursor=9,
        after_timestamp=1.0,
        before_timestamp=9.0,
    )
