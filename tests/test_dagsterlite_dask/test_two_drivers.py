"""Two processes that drive one run on one cluster: one does, and the other stands back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance, InputDefinition, pipeline, reexecute_pipeline, solid
from dagsterlite.api import create_run_for_pipeline, execute_run
from dagsterlite.errors import DagsterRunConflict
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)

RESUME = {"dagster/is_resume_retry": "true"}

SCRIPT = """
import os, sys
from dagsterlite import DagsterInstance
from dagsterlite.api import execute_run
from dagsterlite.errors import DagsterLeaseLostError, DagsterRunConflict
from tests.test_dagsterlite_dask import test_two_drivers

with DagsterInstance.local_temp({home!r}) as instance:
    run = instance.require_run({run_id!r}).dagster_run
    made = getattr(test_two_drivers, run.pipeline_name)
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        sys.exit(0 if execute_run(made, run, instance).success else 1)
    except DagsterLeaseLostError:
        sys.exit(8)
    except DagsterRunConflict:
        sys.exit(7)
"""

Start = Callable[[DagsterRun], "subprocess.Popen[str]"]


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return 1


def waits_in(folder):
    note(folder, "began")
    try:
        while not os.path.exists(os.path.join(folder, "go")):
            time.sleep(0.01)
    except BaseException:
        note(folder, "was stopped")
        raise
    return 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def waits(context, number):
    return number + waits_in(context.solid_config["folder"])


@pipeline
def two_steps():
    waits(first())


@solid(config_schema=CONFIG)
def waits_alone(context):
    return waits_in(context.solid_config["folder"])


@pipeline
def four_steps():
    for name in ("a", "b", "c", "d"):
        waits_alone.alias(name)()


@pytest.fixture
def side(tmp_path: Path) -> Path:
    folder = tmp_path / "side"
    folder.mkdir()
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "logs").mkdir()
    with running_cluster(tmp_path / "logs", 2) as made:
        yield made


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as made:
        yield made


@pytest.fixture
def run(cluster: Cluster, side: Path, instance: DagsterInstance) -> DagsterRun:
    config = {**cluster.config(), **config_of(["first", "waits"], side)}
    return create_run_for_pipeline(two_steps, run_config=config, instance=instance)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start drivers, each a process that waits for a line before it begins."""
    started: list[subprocess.Popen[str]] = []

    def begin(run: DagsterRun) -> subprocess.Popen[str]:
        code = SCRIPT.format(home=str(tmp_path / "home"), run_id=run.run_id)
        command = [sys.executable, "-c", code]
        pipe = subprocess.PIPE
        started.append(
            subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        )
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def let_go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def test_of_two_drivers_that_begin_a_run_at_once_one_is_refused(
    run: DagsterRun, cluster: Cluster, instance: DagsterInstance, side: Path, start: Start
) -> None:
    drivers = [start(run), start(run)]
    let_go(*drivers)
    wait_until(lambda: any(driver.poll() == 7 for driver in drivers))
    wait_until(lambda: "began" in noted(side))
    with pytest.raises(DagsterRunConflict):
        execute_run(two_steps, run, instance)
    (side / "go").touch()

    assert sorted(driver.wait(60) for driver in drivers) == [0, 7]
    assert noted(side) == {"first": 1, "began": 1, "go": 0}
    assert instance.require_run(run.run_id).dagster_run.status is DagsterRunStatus.SUCCESS
    assert_gap_free(logged(instance))
    wait_until(lambda: left_behind(cluster) == {})


def test_what_a_driver_that_is_held_still_has_on_the_cluster_ends_when_its_run_is_taken_over(
    cluster: Cluster, instance: DagsterInstance, side: Path, start: Start
) -> None:
    config = {**cluster.config(), **config_of(["a", "b", "c", "d"], side)}
    run = create_run_for_pipeline(four_steps, run_config=config, instance=instance)
    slow = start(run)
    let_go(slow)
    wait_until(lambda: noted(side).get("began") == 2)
    os.kill(slow.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not instance.require_run(run.run_id).is_driven(time.time()))
        with in_background(
            lambda: reexecute_pipeline(
                four_steps, run.run_id, config, tags=RESUME, instance=instance
            ),
            instance,
        ) as found:
            wait_until(lambda: noted(side).get("was stopped") == 2)
            wait_until(lambda: noted(side)["began"] == 4)
            (side / "go").touch()
        (resumed,) = found
        assert resumed.success
        # Two steps of the first run, which were stopped, and the four of the second.
        assert noted(side)["began"] == 6
        assert noted(side)["was stopped"] == 2
    finally:
        os.kill(slow.pid, signal.SIGCONT)
    assert slow.wait(60) == 8
    wait_until(lambda: left_behind(cluster) == {})


def test_a_driver_that_was_held_still_stands_back_when_its_run_was_taken_over(
    run: DagsterRun, cluster: Cluster, instance: DagsterInstance, side: Path, start: Start
) -> None:
    slow = start(run)
    let_go(slow)
    wait_until(lambda: "began" in noted(side))
    wait_until(lambda: "STEP_SUCCESS first.compute" in recorded(instance, run.run_id))
    os.kill(slow.pid, signal.SIGSTOP)
    try:
        wait_until(lambda: not instance.require_run(run.run_id).is_driven(time.time()))
        with in_background(
            lambda: reexecute_pipeline(
                two_steps, run.run_id, run.run_config, tags=RESUME, instance=instance
            ),
            instance,
        ) as found:
            wait_until(lambda: noted(side)["began"] == 2)
            (side / "go").touch()
        (resumed,) = found
        assert resumed.output_for_solid("waits") == 2
        told = recorded(instance, run.run_id)
        assert told[-1] == "PIPELINE_FAILURE"
    finally:
        os.kill(slow.pid, signal.SIGCONT)

    assert slow.wait(60) == 8
    assert recorded(instance, run.run_id) == told
    assert instance.require_run(run.run_id).dagster_run.status is DagsterRunStatus.FAILURE
    assert noted(side)["first"] == 1
    assert_gap_free(logged(instance, run.run_id))
    assert_gap_free(logged(instance, resumed.run_id))
    wait_until(lambda: left_behind(cluster) == {})
