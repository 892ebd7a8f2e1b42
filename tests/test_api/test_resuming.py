"""Runs whose driver is taken away: they go on as new runs, and no step's code runs twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, load_run_result, reconstructable
from dagsterlite.api import create_run_for_pipeline, reexecution
from dagsterlite.api.resuming import drive_resumable
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.execution.heirs import INTERRUPTED_TAG, TAKES_OVER_TAG, launched_as
from dagsterlite.execution.undriven import leave_to_heir
from dagsterlite.runs import DagsterRun, DagsterRunStatus, make_driver_id
from tests.test_api.resumed import in_two_steps

COMMAND = (sys.executable, "-m", "dagsterlite", "run", "drive", "--home", "--resume")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    with DagsterInstance.get() as made:
        yield made


@pytest.fixture
def start() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def begin(run_id: str) -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([*COMMAND, run_id], stderr=subprocess.DEVNULL))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def recorded(instance: DagsterInstance, folder: Path) -> DagsterRun:
    config: Mapping[str, Any] = {
        "solids": {name: {"config": {"folder": str(folder)}} for name in ("first", "second")},
        "intermediate_storage": {"filesystem": {}},
    }
    return create_run_for_pipeline(
        reconstructable(in_two_steps), run_config=config, tags={"team": "a"}, instance=instance
    )


def wait_until(is_so: Callable[[], Any]) -> None:
    until = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < until, "it did not come"
        time.sleep(0.02)


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    return instance.require_run(run_id).dagster_run.status


def heir_of(instance: DagsterInstance, run_id: str) -> DagsterRun:
    (heir,) = [run for run in instance.get_runs() if run.tags.get(TAKES_OVER_TAG) == run_id]
    return heir


def lapse(instance: DagsterInstance, run_id: str) -> None:
    """Let the lease of a driver that is gone run out at once."""
    driver = instance.require_run(run_id).driver_id
    assert driver is not None
    instance.run_storage.renew_lease(run_id, driver, seconds=-1.0, now=time.time())


def killed_in_the_midst(
    instance: DagsterInstance, folder: Path, start: Any, number: signal.Signals
) -> tuple[str, int]:
    run_id = recorded(instance, folder).run_id
    process = start(run_id)
    wait_until((folder / "second.begun").exists)
    process.send_signal(number)
    return run_id, process.wait(60)


def test_a_run_that_was_not_begun_is_driven_to_its_end(
    instance: DagsterInstance, tmp_path: Path
) -> None:
    run_id = recorded(instance, tmp_path).run_id
    (tmp_path / "go").touch()
    assert drive_resumable(run_id, instance)
    assert status(instance, run_id) is DagsterRunStatus.SUCCESS
    assert drive_resumable(run_id, instance)
    assert instance.get_runs_count() == 1


def test_what_a_killed_driver_left_goes_on_as_a_new_run(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id, _ = killed_in_the_midst(instance, tmp_path, start, signal.SIGKILL)
    assert status(instance, run_id) is DagsterRunStatus.STARTED
    lapse(instance, run_id)
    (tmp_path / "go").touch()
    assert start(run_id).wait(60) == 0

    heir = heir_of(instance, run_id)
    assert status(instance, run_id) is DagsterRunStatus.FAILURE
    (entry,) = instance.all_logs(run_id, DagsterEventType.PIPELINE_FAILURE)
    assert f"Run {heir.run_id} takes over" in (entry.get_dagster_event().message or "")
    assert heir.status is DagsterRunStatus.SUCCESS
    assert heir.parent_run_id == heir.root_run_id == run_id
    assert heir.is_resume_retry
    assert heir.tags["team"] == "a"
    assert (tmp_path / "log").read_text().split() == ["first", "second", "second"]
    assert load_run_result(in_two_steps, heir.run_id, instance).output_for_solid("second") == 2


def test_a_driver_that_is_told_to_end_has_its_run_canceled_and_resumed(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id, code = killed_in_the_midst(instance, tmp_path, start, signal.SIGTERM)
    assert code == 128 + signal.SIGTERM
    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    assert INTERRUPTED_TAG in instance.require_run(run_id).dagster_run.tags
    (tmp_path / "go").touch()
    assert drive_resumable(run_id, instance)

    heir = heir_of(instance, run_id)
    assert heir.status is DagsterRunStatus.SUCCESS
    assert INTERRUPTED_TAG not in heir.tags
    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    assert drive_resumable(run_id, instance)
    assert instance.get_runs_count() == 2


def test_a_driver_that_is_taken_away_twice_leaves_a_line_of_three_runs(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id, _ = killed_in_the_midst(instance, tmp_path, start, signal.SIGTERM)
    (tmp_path / "second.begun").unlink()
    again = start(run_id)
    wait_until((tmp_path / "second.begun").exists)
    again.kill()
    again.wait(60)
    middle = heir_of(instance, run_id).run_id
    lapse(instance, middle)
    (tmp_path / "go").touch()
    assert drive_resumable(run_id, instance)
    assert status(instance, middle) is DagsterRunStatus.FAILURE
    last = heir_of(instance, middle)
    assert last.status is DagsterRunStatus.SUCCESS
    assert last.root_run_id == launched_as(last.run_id, instance) == run_id
    assert (tmp_path / "log").read_text().split().count("first") == 1


def test_a_run_that_was_canceled_is_not_resumed(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id, _ = killed_in_the_midst(instance, tmp_path, start, signal.SIGKILL)
    instance.request_cancel(run_id)
    lapse(instance, run_id)
    assert not drive_resumable(run_id, instance)
    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    assert instance.get_runs_count() == 1


def test_of_a_driver_that_died_after_the_last_step_nothing_is_left_to_do(
    instance: DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = recorded(instance, tmp_path)
    (tmp_path / "go").touch()
    pid = os.fork()
    if pid == 0:
        # The driver's own child: it ends at the moment at which it would record the end.
        os.execv(sys.executable, [sys.executable, "-m", "tests.test_api.resumed", run.run_id])
    os.waitpid(pid, 0)
    assert status(instance, run.run_id) is DagsterRunStatus.STARTED
    lapse(instance, run.run_id)
    assert drive_resumable(run.run_id, instance)
    assert status(instance, run.run_id) is DagsterRunStatus.SUCCESS
    assert instance.get_runs_count() == 1


def test_a_run_whose_driver_lives_is_waited_for(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id = recorded(instance, tmp_path).run_id
    first = start(run_id)
    wait_until((tmp_path / "second.begun").exists)
    second = start(run_id)
    (tmp_path / "go").touch()
    assert first.wait(60) == second.wait(60) == 0
    assert instance.get_runs_count() == 1
    assert (tmp_path / "log").read_text().split() == ["first", "second"]


def test_of_several_processes_that_resume_a_run_at_once_one_drives_what_is_left(
    instance: DagsterInstance, tmp_path: Path, start: Any
) -> None:
    run_id, _ = killed_in_the_midst(instance, tmp_path, start, signal.SIGKILL)
    (tmp_path / "second.begun").unlink()
    lapse(instance, run_id)
    racers = [start(run_id) for _ in range(3)]
    wait_until((tmp_path / "second.begun").exists)
    (tmp_path / "go").touch()

    assert [racer.wait(60) for racer in racers] == [0, 0, 0]
    assert instance.get_runs_count() == 2
    assert heir_of(instance, run_id).status is DagsterRunStatus.SUCCESS
    assert (tmp_path / "log").read_text().split() == ["first", "second", "second"]


def test_a_run_that_another_process_takes_over_in_the_midst_is_waited_for(
    instance: DagsterInstance, tmp_path: Path, start: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have found that nobody drives it; the other is faster."""
    run_id, _ = killed_in_the_midst(instance, tmp_path, start, signal.SIGKILL)
    (tmp_path / "second.begun").unlink()
    lapse(instance, run_id)
    (tmp_path / "go").touch()
    others: list[subprocess.Popen[bytes]] = []

    def be_slower(earlier: DagsterRun, *given: Any) -> bool:
        if not others:
            others.append(start(run_id))
            wait_until((tmp_path / "second.begun").exists)
        return leave_to_heir(earlier, *given)

    monkeypatch.setattr(reexecution, "leave_to_heir", be_slower)
    assert drive_resumable(run_id, instance)
    assert others[0].wait(60) == 0
    assert instance.get_runs_count() == 2
    assert (tmp_path / "log").read_text().split() == ["first", "second", "second"]


def test_a_run_that_cannot_be_resumed_has_failed_with_the_reason(
    instance: DagsterInstance,
) -> None:
    run = instance.create_run("gone")
    owner = make_driver_id()
    assert instance.run_storage.acquire_lease(run.run_id, owner, seconds=-1, now=time.time())
    assert instance.run_storage.change_status(
        run.run_id,
        DagsterRunStatus.STARTED,
        expected=[DagsterRunStatus.NOT_STARTED],
        timestamp=time.time(),
    )
    with pytest.raises(Exception, match="does not say how its pipeline is made"):
        drive_resumable(run.run_id, instance)
    assert status(instance, run.run_id) is DagsterRunStatus.FAILURE
