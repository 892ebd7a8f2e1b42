"""Runs as processes of their own: signals, pipes, exit codes."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import PipelineCanceledData
from dagsterlite.runs import DagsterRunStatus
from tests.test_cli.command import command, environment, run

ENDLESS = """
import time
from dagsterlite import pipeline, solid

@solid
def endless(_context):
    try:
        print("begun", flush=True)
        while True:
            time.sleep(0.01)
    finally:
        print("cleaned up", flush=True)

@solid
def after(_context, value):
    return value

@pipeline
def forever():
    after(endless())
"""


@pytest.fixture
def endless(folder: Path, home: Path) -> Iterator[subprocess.Popen[str]]:
    """A run in the midst of a step that never ends."""
    (folder / "endless.py").write_text(ENDLESS, encoding="utf-8")
    with subprocess.Popen(
        command("pipeline", "execute", "-f", "endless.py"),
        cwd=folder,
        env=environment(home),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        while "begun" not in process.stdout.readline():
            assert process.poll() is None
        yield process
        process.kill()


def status(home: Path) -> DagsterRunStatus:
    with DagsterInstance.local_temp(str(home)) as instance:
        (run,) = instance.get_runs()
        return run.status


@pytest.mark.parametrize(
    ("number", "code", "reason"),
    [(signal.SIGINT, 130, "KeyboardInterrupt"), (signal.SIGTERM, 143, "DagsterTerminatedError")],
)
def test_a_signal_cancels_the_run_in_good_order(
    endless: subprocess.Popen[str], home: Path, number: signal.Signals, code: int, reason: str
) -> None:
    endless.send_signal(number)

    out, err = endless.communicate(timeout=30)
    assert endless.returncode == code
    assert "cleaned up" in out
    assert "CANCELED  forever  0 of 2 steps succeeded, 1 interrupted, 1 not run" in out
    assert "Traceback" not in out + err
    with DagsterInstance.local_temp(str(home)) as instance:
        (run,) = instance.get_runs()
        (entry,) = instance.all_logs(run.run_id, DagsterEventType.PIPELINE_CANCELED)
    assert run.status is DagsterRunStatus.CANCELED
    event = entry.dagster_event
    assert event is not None
    assert isinstance(event.event_specific_data, PipelineCanceledData)
    assert event.event_specific_data.error is not None
    assert event.event_specific_data.error.cls_name == reason


def test_a_background_job_that_ignores_ctrl_c_hears_sigterm(folder: Path, home: Path) -> None:
    (folder / "endless.py").write_text(ENDLESS, encoding="utf-8")
    words = shlex.join(command("pipeline", "execute", "-f", "endless.py"))
    # A shell without job control starts such jobs with SIGINT ignored.
    script = f"""
        {words} > out.txt 2>&1 &
        until grep -q begun out.txt; do :; done
        kill -TERM $!
        wait $!
    """

    result = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=environment(home), timeout=60, check=False
    )

    assert result.returncode == 143
    assert status(home) is DagsterRunStatus.CANCELED


def test_a_cancel_from_another_process_ends_the_run(
    endless: subprocess.Popen[str], home: Path, folder: Path
) -> None:
    with DagsterInstance.local_temp(str(home)) as instance:
        (record,) = instance.get_run_records()

    asked = run("run", "cancel", record.dagster_run.run_id[:8], cwd=folder, home=home)

    out, _ = endless.communicate(timeout=30)
    assert asked.returncode == 0
    assert endless.returncode == 1
    assert "CANCELED  forever" in out
    assert status(home) is DagsterRunStatus.CANCELED


def test_a_killed_run_shows_as_lost(endless: subprocess.Popen[str], home: Path) -> None:
    endless.kill()
    endless.communicate(timeout=30)

    with DagsterInstance.local_temp(str(home)) as instance:
        (record,) = instance.get_run_records()
    assert record.dagster_run.status is DagsterRunStatus.STARTED
    assert record.lease_until is not None
    assert record.is_lost(record.lease_until + 1)


@pytest.mark.parametrize(("name", "code"), [("counting", 0), ("breaking", 1), ("nothing", 2)])
def test_the_process_exits_with_the_code(folder: Path, name: str, code: int) -> None:
    result = run("pipeline", "execute", "-f", "pipelines.py", name, cwd=folder)

    assert result.returncode == code
    assert "\x1b" not in result.stdout + result.stderr


def test_a_reader_that_goes_away_cancels_the_run(folder: Path, home: Path) -> None:
    (folder / "endless.py").write_text(ENDLESS.replace("while True:", "for _ in range(100):"))
    reading, writing = os.pipe()
    os.close(reading)

    process = subprocess.run(
        command("pipeline", "execute", "-f", "endless.py"),
        cwd=folder,
        env=environment(home),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)

    assert process.returncode == 1
    assert status(home) is DagsterRunStatus.CANCELED


def test_output_that_its_file_cannot_encode_ends_no_run(folder: Path) -> None:
    (folder / "odd.py").write_text(
        "from dagsterlite import solid, pipeline\n"
        "@solid\ndef odd(_context): raise ValueError('caf\\u00e9 \\udc80')\n"
        "@pipeline\ndef oddly(): odd()\n"
    )

    result = run(
        "pipeline", "execute", "-f", "odd.py", cwd=folder, PYTHONIOENCODING="ascii", LC_ALL="C"
    )

    assert result.returncode == 1
    assert "caf\\xe9" in result.stdout
    assert "UnicodeEncodeError" not in result.stderr
