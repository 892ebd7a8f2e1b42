"""Homes whose ``dagster.yaml`` keeps runs and events in Postgres."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

import pytest
import yaml

from dagsterlite import (
    EventLogEntry,
    InputDefinition,
    Nothing,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.execution import away
from dagsterlite.settings import check_home, instance_from_home, instance_from_ref, migrate_home
from dagsterlite_sql import server_engine
from dagsterlite_sql.postgres_address import PostgresAddress
from tests.contracts.entries import step
from tests.test_cli.command import invoke
from tests.test_dagsterlite_sql.postgres_server import running


@solid
def one(_) -> int:
    return 1


@pipeline
def ones() -> None:
    one()


def unified(place: PostgresAddress) -> str:
    """The section of seed 003."""
    database = {
        "username": {"env": "PG_USER"},
        "password": {"env": "PG_PASSWORD"},
        "hostname": place.parameters["host"],
        "db_name": place.parameters["dbname"],
        "port": 5432,
    }
    return yaml.safe_dump({"storage": {"postgres": {"postgres_db": database}}})


def separate(place: PostgresAddress) -> str:
    """The sections of seed 002."""
    name, host = place.parameters["dbname"], place.parameters["host"]
    config = {"postgres_url": f"postgresql://postgres:hunter2@/{name}?host={host}"}
    sections = {
        "run_storage": ("dagster_postgres.run_storage", "PostgresRunStorage"),
        "event_log_storage": ("dagster_postgres.event_log", "PostgresEventLogStorage"),
        "schedule_storage": ("dagster_postgres.schedule_storage", "PostgresScheduleStorage"),
    }
    return yaml.safe_dump(
        {
            section: {"module": module, "class": name, "config": config}
            for section, (module, name) in sections.items()
        }
    )


@pytest.fixture(params=[unified, separate], ids=["unified", "separate"])
def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    database: PostgresAddress,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setenv("PG_USER", "postgres")
    monkeypatch.setenv("PG_PASSWORD", "hunter2")
    (tmp_path / "dagster.yaml").write_text(request.param(database), encoding="utf-8")
    return tmp_path


def test_a_run_is_recorded_in_postgres_and_found_by_other_processes(home: Path) -> None:
    with instance_from_home(str(home)) as instance:
        result = execute_pipeline(ones, instance=instance)
        ref = instance.get_ref()

    with instance_from_ref(ref) as again:
        (run,) = again.get_runs()
        assert (run.run_id, run.status.value) == (result.run_id, "SUCCESS")
        assert len(again.all_logs(result.run_id)) == len(result.event_list)
    assert list(home.rglob("*.db")) == []


def test_such_a_home_is_shown_checked_and_migrated(home: Path) -> None:
    info = invoke("instance", "info", home=home)

    assert info.exit_code == 0
    assert "PostgresRunStorage" in info.stdout
    assert "hunter2" not in info.output
    assert [fault for _, _, fault in check_home(str(home))] == [None] * 5
    assert migrate_home(str(home)) == []


def test_a_server_that_is_gone_is_told_of_each_part_without_the_password(home: Path) -> None:
    file = home / "dagster.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    elsewhere = yaml.safe_dump(document).replace("/pg", "/gone")
    file.write_text(elsewhere, encoding="utf-8")

    result = invoke("instance", "check", home=home)

    assert result.exit_code == 1
    assert result.output.count("see that the server is up") == 3
    assert "local_artifact_storage: " in result.stdout
    assert "hunter2" not in result.output


def test_watchers_are_called_with_what_other_processes_record(home: Path) -> None:
    entries: queue.Queue[EventLogEntry] = queue.Queue()
    with instance_from_home(str(home)) as watching, instance_from_home(str(home)) as writing:
        watching.watch_event_logs("r", None, lambda entry, _cursor: entries.put(entry))
        writing.record_entries(step("r", 0))

        assert [entries.get(timeout=30) for _ in range(4)] == step("r", 0)


def test_a_run_goes_on_while_its_database_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that it is the driver that waits, and not its store.
    monkeypatch.setattr(server_engine, "RESTART_SECONDS", 0.0)
    monkeypatch.setenv("PG_USER", "postgres")
    monkeypatch.setenv("PG_PASSWORD", "hunter2")
    home, data = tmp_path / "home", tmp_path / "data"
    for folder in (home, data):
        folder.mkdir()
    is_missed = threading.Event()
    monkeypatch.setattr(away._logger, "warning", lambda *_: is_missed.set())
    with running(data) as server:

        @lambda_solid
        def stop() -> None:
            server.stop()

        @lambda_solid(input_defs=[InputDefinition("_stopped", Nothing)])
        def outlast() -> None:
            assert is_missed.wait(60)
            server.start()

        @pipeline
        def restarting() -> None:
            outlast(stop())

        (home / "dagster.yaml").write_text(unified(server.address("postgres")), encoding="utf-8")
        with instance_from_home(str(home)) as instance:
            result = execute_pipeline(restarting, instance=instance)

            (run,) = instance.get_runs()
            assert (run.run_id, run.status.value) == (result.run_id, "SUCCESS")
            assert len(instance.all_logs(result.run_id)) == len(result.event_list)
