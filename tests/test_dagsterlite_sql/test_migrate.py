from __future__ import annotations

import dataclasses
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from sqlalchemy import Column, Text

from dagsterlite.errors import DagsterHomeError, DagsterInstanceMigrationRequired
from dagsterlite_sql import migrate
from dagsterlite_sql.migrate import NOTHING, steps, upgrade
from dagsterlite_sql.schema import EVENT_INDEX, EVENT_LOGS, EVENTS, RUNS, SCHEDULES, Schema
from dagsterlite_sql.sqlite_admission import APPLICATION_ID, create
from dagsterlite_sql.sqlite_connection import connect
from dagsterlite_sql.sqlite_consolidated import ConsolidatedSqliteEventLogStorage
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
from tests.contracts.entries import step
from tests.contracts.run_storage import ids, run
from tests.test_dagsterlite_sql.older_versions import check, make, older

SCHEMAS = [RUNS, EVENT_LOGS, EVENT_INDEX, EVENTS, SCHEDULES]


def tables(path: Path) -> set[tuple[object, ...]]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(query).fetchall()
    # A column that is added stands on the line of the one before it.
    return {(*row[:-1], " ".join(row[-1].split())) if row[-1] else row for row in found}


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_migrating_from_nothing_gives_what_creating_gives(tmp_path: Path, schema: Schema) -> None:
    create(str(tmp_path / "created.db"), schema)
    connection = connect(str(tmp_path / "migrated.db"), "rwc")
    upgrade(connection, schema, NOTHING)
    connection.commit()
    connection.close()

    assert tables(tmp_path / "migrated.db") == tables(tmp_path / "created.db")


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_steps_are_numbered_without_gaps_up_to_the_schemas_version(schema: Schema) -> None:
    numbers = list(steps(f"dagsterlite_sql.migrations.{schema.name}"))

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert numbers[-1] == schema.version


class NextStep:
    """A step that a later version may bring."""

    @staticmethod
    def upgrade() -> None:
        op.add_column("runs", Column("owner", Text(), server_default="nobody"))


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this version one whose runs have a schema 9999."""
    monkeypatch.setattr(SqliteRunStorage, "SCHEMA", dataclasses.replace(RUNS, version="9999"))
    known = steps("dagsterlite_sql.migrations.runs")
    monkeypatch.setattr(migrate, "steps", lambda package: {**known, "9999": NextStep})


def test_an_older_home_is_migrated_with_all_that_it_holds(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = SqliteRunStorage(str(tmp_path))
    old.add_run(run("one"))
    old.close()
    request.getfixturevalue("newer")
    with pytest.raises(DagsterInstanceMigrationRequired, match="dagsterlite instance migrate"):
        SqliteRunStorage(str(tmp_path))

    first = SqliteRunStorage.migrate({"base_dir": str(tmp_path)})
    second = SqliteRunStorage.migrate({"base_dir": str(tmp_path)})

    assert (first, second) == ([str(tmp_path / "runs.db")], [])
    assert ids(SqliteRunStorage(str(tmp_path)).get_run_records()) == ["one"]
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection:
        assert connection.execute("SELECT owner FROM runs").fetchall() == [("nobody",)]


@pytest.mark.parametrize(("schema", "version"), older(RUNS, EVENT_INDEX, EVENTS))
def test_a_home_of_each_older_version_is_migrated_with_all_that_it_holds(
    tmp_path: Path, schema: Schema, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cls: Any
    cls, file = {
        RUNS.name: (SqliteRunStorage, "runs.db"),
        EVENT_INDEX.name: (SqliteEventLogStorage, "index.db"),
        EVENTS.name: (ConsolidatedSqliteEventLogStorage, "event_log.db"),
    }[schema.name]
    connection = connect(str(tmp_path / file), "rwc")
    connection.exec_driver_sql(f"PRAGMA application_id={APPLICATION_ID}")
    make(connection, schema, version, monkeypatch)
    connection.commit()
    connection.close()
    with pytest.raises(DagsterInstanceMigrationRequired, match=f"its schema is {version}"):
        cls(str(tmp_path))

    assert cls.migrate({"base_dir": str(tmp_path)}) == [str(tmp_path / file)]

    with closing(cls(str(tmp_path))) as store:
        check(store)


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = SqliteRunStorage(str(tmp_path))
    old.add_run(run("one"))
    old.close()
    before = tables(tmp_path / "runs.db")
    request.getfixturevalue("newer")

    def fail() -> None:
        op.add_column("runs", Column("owner", Text()))
        raise RuntimeError("power cut")

    monkeypatch.setattr(NextStep, "upgrade", fail)
    with pytest.raises(RuntimeError, match="power cut"):
        SqliteRunStorage.migrate({"base_dir": str(tmp_path)})

    assert tables(tmp_path / "runs.db") == before


def test_each_runs_file_and_the_index_are_looked_at(tmp_path: Path) -> None:
    config = {"base_dir": str(tmp_path)}
    assert SqliteEventLogStorage.migrate(config) == []
    store = SqliteEventLogStorage(str(tmp_path))
    store.store_entries([*step("r", 0), *step("q", 0)])
    store.close()
    assert SqliteEventLogStorage.migrate(config) == []

    (tmp_path / "runs" / "z.db").write_text("a stranger", encoding="utf-8")
    with pytest.raises(DagsterHomeError, match=r"z\.db is not a SQLite database"):
        SqliteEventLogStorage.migrate(config)


def test_alembic_stays_out_until_something_is_migrated(tmp_path: Path) -> None:
    code = f"""
import sys
from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
from dagsterlite_sql.sqlite_runs import SqliteRunStorage
SqliteRunStorage({str(tmp_path)!r}).get_run_records()
SqliteEventLogStorage({str(tmp_path)!r}).get_asset_keys()
assert "sqlalchemy" in sys.modules
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
