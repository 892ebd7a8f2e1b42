"""``dagsterlite pipeline launch``: a run that goes on when its command has ended."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from tests.test_cli.command import command, environment, invoke, run

PIPELINES = """
import os, time
from dagsterlite import pipeline, repository, solid


@solid(config_schema={"names": [str]})
def wait(context):
    print("began")
    while not os.path.exists("go"):
        time.sleep(0.01)
    return context.solid_config["names"]


@pipeline
def slow():
    wait()


@repository
def offered():
    return [slow]
"""
CONFIG = "solids: {wait: {config: {names: [a]}}}"


@pytest.fixture
def place(folder: Path) -> Path:
    (folder / "slow.py").write_text(PIPELINES, encoding="utf-8")
    (folder / "run.yaml").write_text(CONFIG, encoding="utf-8")
    return folder


def only_run(home: Path) -> DagsterRun | None:
    if not (home / "history" / "runs.db").exists():
        return None
    with DagsterInstance.local_temp(str(home)) as instance:
        runs = instance.get_runs()
    return runs[0] if runs else None


def wait_for(home: Path, *statuses: DagsterRunStatus) -> DagsterRun:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = only_run(home)
        if found is not None and found.status in statuses:
            return found
        time.sleep(0.05)
    raise AssertionError(f"the run is {found}")


def test_a_launched_run_goes_on_without_its_command(place: Path, home: Path) -> None:
    result = run("pipeline", "launch", "-f", "slow.py", "-c", "run.yaml", cwd=place, home=home)

    assert result.returncode == 0, result.stderr
    found = only_run(home)
    assert found is not None
    assert f"run logs --follow {found.run_id}" in result.stdout
    assert not found.is_finished
    (place / "go").touch()
    assert wait_for(home, DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE).is_success
    assert invoke("run", "logs", found.run_id, home=home).stdout.endswith("began\n")
    assert "began" in invoke("run", "logs", found.run_id, "--process", home=home).stdout


def test_a_launched_run_survives_a_command_that_is_killed(place: Path, home: Path) -> None:
    with subprocess.Popen(
        command("pipeline", "launch", "-f", "slow.py", "-c", "run.yaml"),
        cwd=place,
        env=environment(home),
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as launcher:
        assert launcher.stdout is not None
        launcher.stdout.readline()
        os.killpg(launcher.pid, signal.SIGKILL)
    wait_for(home, DagsterRunStatus.STARTED)
    (place / "go").touch()
    assert wait_for(home, DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE).is_success


def test_a_launched_run_is_canceled_from_anywhere(place: Path, home: Path) -> None:
    run("job", "launch", "-f", "slow.py", "-c", "run.yaml", "slow", cwd=place, home=home)
    found = wait_for(home, DagsterRunStatus.STARTED)

    assert invoke("run", "cancel", found.run_id, home=home).exit_code == 0
    wait_for(home, DagsterRunStatus.CANCELED)


def test_what_is_wrong_is_told_before_anything_is_recorded(place: Path, home: Path) -> None:
    without_home = invoke("pipeline", "launch", "-f", "slow.py", "-c", "run.yaml")
    assert without_home.exit_code == 2
    assert "DAGSTER_HOME" in without_home.stderr
    without_config = invoke("pipeline", "launch", "-f", "slow.py", home=home)
    assert without_config.exit_code == 2
    assert "wait" in without_config.stderr
    assert only_run(home) is None


def test_logs_of_a_step_or_of_the_process(place: Path, home: Path) -> None:
    result = invoke("run", "logs", "r", "--process", "--step", "wait", home=home)
    assert result.exit_code == 2
    assert "one of the two" in result.stderr
