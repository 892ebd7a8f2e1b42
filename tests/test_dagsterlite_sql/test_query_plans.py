"""Each question is answered from an index, in the order asked for: SQLite tells its plan."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.tick import TickStatus
from dagsterlite.instigators import InstigatorType
from dagsterlite.runs import DagsterRunStatus, RunsFilter
from dagsterlite.stores import EventLogStorage, EventRecordsFilter, RunStorage, ScheduleStorage
from dagsterlite_sql import sqlite_connection
from dagsterlite_sql.sqlite_consolidated import ConsolidatedSqliteEventLogStorage
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage
from tests.contracts.entries import materialization, step
from tests.contracts.run_storage import run
from tests.contracts.schedule_storage import state, tick

WRITTEN = DagsterEventType.ASSET_MATERIALIZATION
KEY = AssetKey(["table", "1"])
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def asked() -> Iterator[list[tuple[str, Any]]]:
    """The queries that stores ask while a test runs."""
    queries: list[tuple[str, Any]] = []

    def note(*call: Any) -> None:
        statement, parameters = call[2], call[3]
        if statement.lstrip().startswith(("SELECT", "WITH")):
            queries.append((statement, parameters))

    engine = sqlite_connection._ENGINE
    event.listen(engine, "before_cursor_execute", note)
    yield queries
    event.remove(engine, "before_cursor_execute", note)


def plans(file: Path, queries: list[tuple[str, Any]]) -> Iterator[str]:
    """The steps of the plans of queries, as SQLite tells them."""
    with closing(sqlite3.connect(file)) as connection:
        for statement, parameters in queries:
            if "_version" not in statement:
                for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    yield row[3]


def is_slow(step_of_plan: str, tables: tuple[str, ...]) -> bool:
    """Whether a step reads a whole table, or sorts what it found."""
    is_scan = step_of_plan.startswith("SCAN") and step_of_plan.split()[1] in tables
    return (is_scan and "USING" not in step_of_plan) or "TEMP B-TREE FOR ORDER BY" in step_of_plan


def records(**wanted: Any) -> Callable[[EventLogStorage], object]:
    records_filter = EventRecordsFilter(event_type=WRITTEN, **wanted)
    return lambda store: [
        store.get_event_records(records_filter, 10, ascending=ascending)
        for ascending in (True, False)
    ]


def begun(**wanted: Any) -> Callable[[EventLogStorage], object]:
    records_filter = EventRecordsFilter(event_type=DagsterEventType.RUN_START, **wanted)
    return lambda store: store.get_event_records(records_filter, 10)


EVENT_QUESTIONS: dict[str, Callable[[EventLogStorage], object]] = {
    "by type": records(),
    "by asset": records(asset_key=KEY),
    "by partition": records(asset_key=KEY, asset_partitions=["mon"]),
    "by partitions": records(asset_key=KEY, asset_partitions=["mon", "tue"]),
    "by cursors": records(after_cursor=3, before_cursor=9),
    "by times": records(after_timestamp=3.0, before_timestamp=9.0),
    "by all": records(asset_key=KEY, after_cursor=3, after_timestamp=3.0),
    "by job": begun(job_names=["p1"]),
    "by jobs": begun(job_names=["p1", "p2"], after_cursor=3, after_timestamp=3.0),
    "a run's log": lambda store: store.get_records_for_run("r", after=3, limit=10),
    "asset keys": lambda store: store.get_asset_keys(limit=10),
    "asset keys by prefix": lambda store: store.get_asset_keys(["table"], 10, KEY.to_string()),
    "an asset": lambda store: store.has_asset_key(KEY),
    "last records": lambda store: store.get_latest_records(WRITTEN, [KEY, AssetKey("b")]),
    "written partitions": lambda store: store.get_materialized_partitions(KEY),
    "a partition": lambda store: store.has_dynamic_partition("days", "mon"),
}


@pytest.mark.parametrize("question", EVENT_QUESTIONS)
@pytest.mark.parametrize("is_consolidated", [True, False], ids=["consolidated", "by run"])
def test_questions_about_events_are_answered_from_an_index(
    tmp_path: Path, asked: list[tuple[str, Any]], question: str, is_consolidated: bool
) -> None:
    kind = ConsolidatedSqliteEventLogStorage if is_consolidated else SqliteEventLogStorage
    with closing(kind(str(tmp_path))) as store:
        store.store_entries([*step("r", 0), materialization("r", 9, "table", "1")])
        store.add_dynamic_partitions("days", ["mon"])
        asked.clear()

        EVENT_QUESTIONS[question](store)

    is_log = question == "a run's log"
    file = "event_log.db" if is_consolidated else "runs/r.db" if is_log else "index.db"
    # A file that holds one run is read as it lies.
    logs = ("event_logs",) if is_consolidated else ()
    tables = ("event_index", "of_asset", "dynamic_partitions", *logs)
    steps = list(plans(tmp_path / file, asked))
    assert steps
    assert [told for told in steps if is_slow(told, tables)] == []


@pytest.mark.parametrize("question", ["by job", "by jobs"])
def test_events_of_jobs_are_looked_up(
    tmp_path: Path, asked: list[tuple[str, Any]], question: str
) -> None:
    with closing(SqliteEventLogStorage(str(tmp_path))) as store:
        store.store_entries(step("r", 0))
        asked.clear()

        EVENT_QUESTIONS[question](store)

    for told in plans(tmp_path / "index.db", asked):
        assert "event_index_by_pipeline (event_type=? AND pipeline_name=?" in told


RUN_QUESTIONS: dict[str, Callable[[RunStorage], object]] = {
    "by id": lambda store: store.get_run_record_by_id("one"),
    "by ids": lambda store: store.get_run_records(RunsFilter(run_ids=["one"])),
    "by job": lambda store: store.get_run_records(RunsFilter(job_name="p"), 10),
    "by snapshot": lambda store: store.get_run_records(RunsFilter(snapshot_id="s"), 10),
    "by status": lambda store: store.get_run_records(
        RunsFilter(statuses=[DagsterRunStatus.STARTED]), 10
    ),
    "newest": lambda store: store.get_run_records(limit=10),
    "by creation": lambda store: store.get_run_records(limit=10, order_by="create_timestamp"),
    "by update": lambda store: store.get_run_records(limit=10, order_by="update_timestamp"),
    "by start": lambda store: store.get_run_records(limit=10, order_by="start_time"),
    "by end": lambda store: store.get_run_records(limit=10, order_by="end_time"),
    "updated": lambda store: store.get_run_records(
        RunsFilter(updated_after=MOMENT), 10, "update_timestamp"
    ),
    "created": lambda store: store.get_run_records(
        RunsFilter(created_before=MOMENT), 10, "create_timestamp"
    ),
    "how many": lambda store: store.get_runs_count(RunsFilter(job_name="p")),
}


@pytest.mark.parametrize("question", RUN_QUESTIONS)
def test_questions_about_runs_are_answered_from_an_index(
    tmp_path: Path, asked: list[tuple[str, Any]], question: str
) -> None:
    with closing(SqliteRunStorage(str(tmp_path))) as store:
        store.add_run(run("one", tags={"a": "1"}))
        asked.clear()

        RUN_QUESTIONS[question](store)

    steps = list(plans(tmp_path / "runs.db", asked))
    assert steps
    # The newest come in the order in which the table lies.
    slow = [told for told in steps if is_slow(told, ("runs", "run_tags"))]
    assert slow == (["SCAN runs"] if question == "newest" else [])


def test_a_question_by_tag_looks_the_tag_up(tmp_path: Path, asked: list[tuple[str, Any]]) -> None:
    with closing(SqliteRunStorage(str(tmp_path))) as store:
        store.add_run(run("one", tags={"a": "1"}))
        asked.clear()

        store.get_run_records(RunsFilter(tags={"a": "1"}), 10)

    steps = " ".join(plans(tmp_path / "runs.db", asked))
    assert "run_tags_by_value (key=? AND value=?)" in steps


SCHEDULE_QUESTIONS: dict[str, Callable[[ScheduleStorage], object]] = {
    "a state": lambda store: store.get_instigator_state("hourly"),
    "by repository": lambda store: store.all_instigator_state("repo"),
    "by type": lambda store: store.all_instigator_state(instigator_type=InstigatorType.SENSOR),
    "by repository and type": lambda store: store.all_instigator_state(
        "repo", InstigatorType.SENSOR
    ),
    "ticks": lambda store: store.get_ticks("hourly", limit=10),
    "ticks by time": lambda store: store.get_ticks("hourly", before=3.0, after=1.0, limit=10),
    "ticks by status": lambda store: store.get_ticks("hourly", statuses=[TickStatus.FAILURE]),
}


@pytest.mark.parametrize("question", SCHEDULE_QUESTIONS)
def test_questions_about_schedules_are_answered_from_an_index(
    tmp_path: Path, asked: list[tuple[str, Any]], question: str
) -> None:
    with closing(SqliteScheduleStorage(str(tmp_path))) as store:
        store.add_instigator_state(state("hourly"))
        store.create_tick(tick(1.0))
        asked.clear()

        SCHEDULE_QUESTIONS[question](store)

    steps = list(plans(tmp_path / "schedules.db", asked))
    assert steps
    assert [told for told in steps if is_slow(told, ("instigators", "ticks"))] == []
