"""Homes whose ``dagster.yaml`` keeps runs and events in MySQL."""

from __future__ import annotations

import queue
from pathlib import Path

import pytest
import yaml

from dagsterlite import EventLogEntry, execute_pipeline, pipeline, solid
from dagsterlite.settings import check_home, instance_from_home, instance_from_ref, migrate_home
from dagsterlite_sql.mysql_address import MySQLAddress
from tests.contracts.entries import step
from tests.test_cli.command import invoke


@solid
def one(_) -> int:
    return 1


@pipeline
def ones() -> None:
    one()


def unified(place: MySQLAddress) -> str:
    """Runs and events in one section."""
    database = {
        "username": {"env": "MYSQL_USER"},
        "password": {"env": "MYSQL_PASSWORD"},
        "hostname": place.parameters["unix_socket"],
        "db_name": place.parameters["database"],
        "port": 3306,
    }
    return yaml.safe_dump({"storage": {"mysql": {"mysql_db": database}}})


def separate(place: MySQLAddress) -> str:
    """A section for each."""
    name, socket = place.parameters["database"], place.parameters["unix_socket"]
    config = {"mysql_url": f"mysql+mysqlconnector://me:hunter2@/{name}?unix_socket={socket}"}
    sections = {
        "run_storage": ("dagster_mysql.run_storage", "MySQLRunStorage"),
        "event_log_storage": ("dagster_mysql.event_log", "MySQLEventLogStorage"),
        "schedule_storage": ("dagster_mysql.schedule_storage", "MySQLScheduleStorage"),
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
    mysql_database: MySQLAddress,
    mysql_user: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.setenv("MYSQL_USER", mysql_user)
    monkeypatch.setenv("MYSQL_PASSWORD", "hunter2")
    (tmp_path / "dagster.yaml").write_text(request.param(mysql_database), encoding="utf-8")
    return tmp_path


def test_a_run_is_recorded_in_mysql_and_found_by_other_processes(home: Path) -> None:
    with instance_from_home(str(home)) as instance:
        result = execute_pipeline(ones, instance=instance)
        ref = instance.get_ref()

    with instance_from_ref(ref) as again:
        (run,) = again.get_runs()
        assert (run.run_id, run.status.value) == (result.run_id, "SUCCESS")
        assert len(again.all_logs(result.run_id)) == len(result.event_list)
    assert list(home.rglob("*.db")) == []


def test_the_home_is_shown_checked_and_migrated_without_its_password(home: Path) -> None:
    info = invoke("instance", "info", home=home)

    assert info.exit_code == 0
    assert "MySQLRunStorage" in info.stdout
    assert "hunter2" not in info.output
    assert [fault for _, _, fault in check_home(str(home))] == [None] * 5
    assert migrate_home(str(home)) == []


def test_a_user_who_is_not_let_in_is_told_of_each_part_without_the_password(home: Path) -> None:
    file = home / "dagster.yaml"
    text = file.read_text(encoding="utf-8")
    wrong = text.replace("env: MYSQL_PASSWORD", "env: MYSQL_USER").replace(":hunter2@", ":hunter3@")
    file.write_text(wrong, encoding="utf-8")

    result = invoke("instance", "check", home=home)

    assert result.exit_code == 1
    assert result.output.count("username or password") == 3
    assert "local_artifact_storage: " in result.stdout
    assert "hunter" not in result.output


def test_watchers_are_called_with_what_other_processes_record(home: Path) -> None:
    entries: queue.Queue[EventLogEntry] = queue.Queue()
    with instance_from_home(str(home)) as watching, instance_from_home(str(home)) as writing:
        watching.watch_event_logs("r", None, lambda entry, _cursor: entries.put(entry))
        writing.record_entries(step("r", 0))

        assert [entries.get(timeout=30) for _ in range(4)] == step("r", 0)
