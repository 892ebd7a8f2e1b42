"""``dagsterlite run logs``: what steps printed, after the run and while it goes on."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance
from tests.test_cli.command import command, environment, invoke

PIPELINES = """
import os, sys, time
from dagsterlite import RetryRequested, pipeline, solid


@solid
def talk(context):
    print(f"out {context.retry_number}")
    print("err", file=sys.stderr)
    if context.retry_number == 0:
        raise RetryRequested(max_retries=1)


@solid
def listen(_context, _nothing):
    print("heard\\033[1m")


@pipeline
def chatter():
    listen(talk())


@solid
def wait(_context):
    print("began")
    while not os.path.exists("go"):
        time.sleep(0.01)
    print("ended")


@pipeline
def slow():
    wait()


@solid
def mute(_context):
    pass


@pipeline
def silence():
    mute()
"""


@pytest.fixture
def place(folder: Path) -> Path:
    (folder / "talking.py").write_text(PIPELINES, encoding="utf-8")
    return folder


def execute(name: str, home: Path) -> str:
    invoke("pipeline", "execute", "-f", "talking.py", name, home=home)
    with DagsterInstance.local_temp(str(home)) as instance:
        return instance.get_runs(limit=1)[0].run_id


def test_each_attempt_has_a_heading_and_its_own_text(place: Path, home: Path) -> None:
    result = invoke("run", "logs", execute("chatter", home), home=home)

    assert result.exit_code == 0
    assert result.stdout == (
        "==> talk.compute, stdout <==\nout 0\n==> talk.compute, stderr <==\n"
        "==> talk.compute, attempt 2, stdout <==\nout 1\n"
        "==> talk.compute, attempt 2, stderr <==\n"
        "==> listen.compute, stdout <==\nheard\033[1m\n"
    )
    assert result.stderr == "err\nerr\n"


@pytest.mark.parametrize("step", ["listen", "listen.compute"])
def test_one_step_stands_without_headings(place: Path, home: Path, step: str) -> None:
    result = invoke("run", "logs", execute("chatter", home)[:8], "--step", step, home=home)

    assert (result.stdout, result.stderr) == ("heard\033[1m\n", "")


def test_a_run_that_printed_nothing_is_told_so(place: Path, home: Path) -> None:
    run_id = execute("silence", home)

    assert f"Run {run_id} has printed nothing." in invoke("run", "logs", run_id, home=home).stderr
    one = invoke("run", "logs", run_id, "--step", "mute", home=home)
    assert f"Step mute.compute of run {run_id} has printed nothing." in one.stderr


def test_a_step_that_the_run_does_not_have_is_refused(place: Path, home: Path) -> None:
    result = invoke("run", "logs", execute("silence", home), "--step", "mut", home=home)

    assert result.exit_code == 2
    assert (
        "has no step 'mut.compute'. Did you mean 'mute.compute'? Its steps: 'mute" in result.stderr
    )


def test_a_run_is_followed_to_its_end(place: Path, home: Path) -> None:
    execution = subprocess.Popen(
        command("pipeline", "execute", "-f", "talking.py", "slow"),
        cwd=place,
        env=environment(home),
        stdout=subprocess.DEVNULL,
    )
    try:
        run_id = _run_of(home)
        follower = subprocess.Popen(
            command("run", "logs", "--follow", run_id),
            cwd=place,
            env=environment(home),
            stdout=subprocess.PIPE,
            text=True,
        )
        with follower:
            assert follower.stdout is not None
            assert [follower.stdout.readline() for _ in range(2)] == [
                "==> wait.compute, stdout <==\n",
                "began\n",
            ]
            assert follower.poll() is None
            (place / "go").touch()
            assert follower.stdout.read() == "ended\n"
        assert follower.returncode == 0
    finally:
        (place / "go").touch()
        assert execution.wait(60) == 0


def _run_of(home: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if os.path.exists(home / "history" / "runs.db"):
            with DagsterInstance.local_temp(str(home)) as instance:
                runs = instance.get_runs()
            if runs:
                return runs[0].run_id
        time.sleep(0.05)
    raise AssertionError("no run came")


def test_a_home_that_keeps_no_logs_is_told_so(place: Path, home: Path) -> None:
    run_id = execute("chatter", home)
    (home / "dagster.yaml").write_text(
        "compute_logs: {module: dagsterlite.compute_logs, class: NoOpComputeLogManager}"
    )

    result = invoke("run", "logs", run_id, home=home)

    assert result.exit_code == 2
    assert "NoOpComputeLogManager" in result.stderr


def test_an_unknown_run_is_told(place: Path, home: Path) -> None:
    assert invoke("run", "logs", "nobody", home=home).exit_code == 2
