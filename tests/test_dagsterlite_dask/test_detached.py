"""Runs that are left to a cluster, whatever becomes of who began them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Nothing,
    attach_run,
    execute_pipeline_iterator,
    load_run_result,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterClusterError,
    DagsterHomeError,
    DagsterInvariantViolationError,
    DagsterNoWorkersError,
)
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.execution.heirs import TAKES_OVER_TAG
from dagsterlite.runs import DagsterRunStatus, RunsFilter
from dagsterlite_dask.keys import node_key
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted, wait_until


@solid(config_schema=CONFIG)
def waits_for_gate(context):
    folder = context.solid_config["folder"]
    note(folder, "began")
    while not os.path.exists(os.path.join(folder, "gate")):
        time.sleep(0.01)
    return 20


@solid(input_defs=[InputDefinition("number")])
def add_one(context, number):
    context.log.info("adding")
    return number + 1


@pipeline
def gated():
    add_one(waits_for_gate())


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")


@solid(config_schema=CONFIG)
def left_out(context):
    note(context.solid_config["folder"], "left_out")


@solid(config_schema=CONFIG, input_defs=[InputDefinition("after", Nothing)])
def waits(context):
    """Wait for the gate, and tell where this copy began and how it ended."""
    folder = context.solid_config["folder"]
    note(folder, "began")
    try:
        while not os.path.exists(os.path.join(folder, "gate")):
            time.sleep(0.01)
    except BaseException:
        note(folder, "was stopped")
        raise
    note(folder, "ended")
    return 20


@pipeline
def long_lived():
    add_one(waits(first()))
    left_out()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "home"
    place.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(place))
    return place


@pytest.fixture
def homely_cluster(home: Path, tmp_path: Path) -> Iterator[Cluster]:
    """One worker of one thread that has the home too: the driver and its steps share it."""
    with running_cluster(tmp_path / "cluster_folder_", 0) as cluster:
        cluster.add_worker(preload="")
        yield cluster


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "cluster_folder_").mkdir()
    (tmp_path / "side").mkdir()


def config(cluster: Cluster, tmp_path: Path) -> dict[str, Any]:
    return {**cluster.config(), **config_of(["waits_for_gate"], tmp_path / "side")}


SCRIPT = """
import os, sys
from dagsterlite import DagsterInstance, execute_pipeline_iterator
from tests.test_dagsterlite_dask.test_detached import gated

with DagsterInstance.get() as instance:
    run = execute_pipeline_iterator(gated, {config!r}, instance=instance, detach=True)
print(run.run_id, flush=True)
os._exit(9)
"""


def test_a_run_goes_on_when_who_began_it_is_gone(
    homely_cluster: Cluster, home: Path, tmp_path: Path
) -> None:
    script = SCRIPT.format(config=config(homely_cluster, tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9, done.stderr
    run_id = done.stdout.strip()
    side = tmp_path / "side"
    with DagsterInstance.get() as instance:
        events = attach_run(run_id, instance)
        assert set(events.step_keys) == {"waits_for_gate.compute", "add_one.compute"}
        seen = []
        for event in events:
            seen.append(event.event_type_value)
            if event.is_step_start and not (side / "gate").exists():
                wait_until(lambda: "began" in noted(side))
                (side / "gate").touch()

        assert seen[0] == "PIPELINE_START"
        assert seen[-1] == "PIPELINE_SUCCESS"
        run = instance.require_run(run_id).dagster_run
        assert run.status is DagsterRunStatus.SUCCESS
        assert_gap_free(logged(instance, run_id))
        assert load_run_result(gated, run_id, instance).output_for_solid("add_one") == 21
        # Who comes late reads the same.
        assert [e.event_type_value for e in attach_run(run_id, instance)] == seen
    wait_until(lambda: left_behind(homely_cluster) == {})


def driver_of(cluster: Cluster, run_id: str) -> str | None:
    """Return the address of the worker that drives a run."""

    def find(key: str, dask_scheduler: Any) -> str | None:
        task = dask_scheduler.tasks.get(key)
        worker = None if task is None else task.processing_on
        return None if worker is None else str(worker.address)

    found: str | None = cluster.client.run_on_scheduler(find, node_key("driver", run_id))
    return found


def leave_long_lived(cluster: Cluster, instance: DagsterInstance, side: Path) -> str:
    """Leave a run to the cluster; return its id when it is driven."""
    placement = {"waits": {"resources": {"STEPS": 1}}}
    names = ["first", "waits", "left_out"]
    run = execute_pipeline_iterator(
        long_lived,
        {**cluster.config(placement=placement), **config_of(names, side)},
        instance=instance,
        solid_selection=["*add_one"],
        tags={"team": "a"},
        detach=True,
    )
    wait_until(lambda: driver_of(cluster, run.run_id))
    return run.run_id


def kill_driver(cluster: Cluster, instance: DagsterInstance, run_id: str, side: Path) -> None:
    """End the worker that drives a run, once the first step has its end and the second runs."""
    wait_until(lambda: "began" in noted(side))
    wait_until(lambda: "STEP_SUCCESS first.compute" in recorded(instance, run_id))
    place = driver_of(cluster, run_id)
    assert place is not None
    os.kill(cluster.worker_pids()[place], signal.SIGKILL)


def assert_it_went_on(instance: DagsterInstance, run_id: str, side: Path) -> None:
    """Open the gate once a new run has taken over, and look what became of both."""
    wait_until(lambda: noted(side)["began"] == 2)
    (heir,) = instance.get_runs(RunsFilter(tags={TAKES_OVER_TAG: run_id}))
    (side / "gate").touch()
    seen = [event.event_type_value for event in attach_run(heir.run_id, instance)]
    assert seen[-1] == "PIPELINE_SUCCESS"
    assert load_run_result(long_lived, heir.run_id, instance).output_for_solid("add_one") == 21
    assert (heir.parent_run_id, heir.tags["team"]) == (run_id, "a")
    assert instance.require_run(run_id).dagster_run.status is DagsterRunStatus.FAILURE
    assert recorded(instance, run_id)[-1] == "PIPELINE_FAILURE"
    for run in instance.get_runs():
        assert_gap_free(logged(instance, run.run_id))
    ran = noted(side)
    assert (ran["first"], ran["began"], ran["ended"]) == (1, 2, 1)
    assert "left_out" not in ran


def test_a_run_whose_driver_dies_goes_on_as_a_new_run_on_another_worker(
    homely_cluster: Cluster, home: Path, tmp_path: Path
) -> None:
    def wait_for(path: str) -> None:
        import time
        from pathlib import Path

        while not Path(path).exists():
            time.sleep(0.01)

    cluster, side, is_free = homely_cluster, tmp_path / "side", tmp_path / "free"
    (alone,) = cluster.worker_pids()
    cluster.add_worker(preload="", resources={"STEPS": 1})
    (other,) = cluster.worker_pids().keys() - {alone}
    # The driver goes where there is room, and its second step elsewhere.
    held = cluster.client.submit(wait_for, str(is_free), workers=[other])
    with DagsterInstance.get() as instance:
        run_id = leave_long_lived(cluster, instance, side)
        assert driver_of(cluster, run_id) == alone
        is_free.touch()
        held.result()
        del held
        kill_driver(cluster, instance, run_id, side)
        # Nobody is left who would take what the step returns.
        wait_until(lambda: "was stopped" in noted(side))
        assert_it_went_on(instance, run_id, side)
    wait_until(lambda: left_behind(cluster) == {})


def test_a_run_whose_driver_dies_with_all_workers_goes_on_when_there_is_one(
    home: Path, tmp_path: Path
) -> None:
    side = tmp_path / "side"
    with (
        running_cluster(tmp_path / "cluster_folder_") as cluster,
        DagsterInstance.get() as instance,
    ):
        cluster.add_worker(preload="", resources={"STEPS": 1})
        run_id = leave_long_lived(cluster, instance, side)
        kill_driver(cluster, instance, run_id, side)
        cluster.add_worker(preload="", resources={"STEPS": 1})

        assert_it_went_on(instance, run_id, side)
        wait_until(lambda: left_behind(cluster) == {})


def test_a_detached_run_is_canceled_from_anywhere(
    homely_cluster: Cluster, home: Path, tmp_path: Path
) -> None:
    with DagsterInstance.get() as instance:
        run = execute_pipeline_iterator(
            gated, config(homely_cluster, tmp_path), instance=instance, detach=True
        )
        wait_until(lambda: "began" in noted(tmp_path / "side"))

        assert cancel_run(run.run_id, instance) is CancelOutcome.ASKED

        assert [e.event_type_value for e in attach_run(run.run_id, instance)][-1] == (
            "PIPELINE_CANCELED"
        )
        assert recorded(instance, run.run_id)[-1] == "PIPELINE_CANCELED"
    wait_until(lambda: left_behind(homely_cluster) == {})


def test_a_run_is_followed_until_its_driver_falls_silent(home: Path) -> None:
    with DagsterInstance.get() as instance:
        run = instance.create_run(pipeline_name="lost", status=DagsterRunStatus.STARTED)

        assert list(attach_run(run.run_id, instance)) == []


def test_workers_must_have_the_instance(cluster: Cluster, home: Path, tmp_path: Path) -> None:
    """Those of the shared cluster were started without."""
    with DagsterInstance.get() as instance:
        with pytest.raises(DagsterHomeError, match="cannot drive run"):
            execute_pipeline_iterator(
                gated, config(cluster, tmp_path), instance=instance, detach=True
            )
        assert instance.get_runs() == []


def test_a_cluster_without_workers_takes_no_run(home: Path, tmp_path: Path) -> None:
    with (
        running_cluster(tmp_path / "cluster_folder_") as cluster,
        DagsterInstance.get() as instance,
        pytest.raises(DagsterNoWorkersError, match="could drive the run"),
    ):
        execute_pipeline_iterator(gated, config(cluster, tmp_path), instance=instance, detach=True)


@pytest.mark.parametrize(
    "execution", [{}, {"execution": {"multiprocess": {}}}, {"execution": {"in_process": {}}}]
)
def test_only_the_dask_executor_detaches(
    execution: dict[str, Any], home: Path, tmp_path: Path
) -> None:
    given = {**execution, **config_of(["waits_for_gate"], tmp_path)}
    with (
        DagsterInstance.get() as instance,
        pytest.raises(DagsterInvariantViolationError, match="Select the dask executor"),
    ):
        execute_pipeline_iterator(gated, given, instance=instance, detach=True)


def test_an_instance_of_this_process_alone_cannot_follow_a_run(tmp_path: Path) -> None:
    given = {"execution": {"dask": {}}, **config_of(["waits_for_gate"], tmp_path)}
    with pytest.raises(DagsterInvariantViolationError, match="outlives this process"):
        execute_pipeline_iterator(gated, given, detach=True)


def test_a_cluster_of_this_process_alone_takes_no_run(home: Path, tmp_path: Path) -> None:
    local = {"local": {"n_workers": 1, "processes": False}}
    given = {
        "execution": {"dask": {"cluster": local}},
        **config_of(["waits_for_gate"], tmp_path),
    }
    with (
        DagsterInstance.get() as instance,
        pytest.raises(DagsterClusterError, match="makes one of its own"),
    ):
        execute_pipeline_iterator(gated, given, instance=instance, detach=True)


def test_the_command_line_leaves_a_run_and_follows_it(
    homely_cluster: Cluster, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "side" / "gate").touch()
    file = tmp_path / "run.yaml"
    file.write_text(json.dumps(config(homely_cluster, tmp_path)))
    place = ["-m", "tests.test_dagsterlite_dask.test_detached", "-c", str(file)]

    left = dagsterlite("pipeline", "execute", *place, "--detach", "gated")
    assert left.returncode == 0, left.stderr
    command = left.stdout.split("dagsterlite ")[1].split()
    followed = dagsterlite(*command, "--plain")

    assert followed.returncode == 0, followed.stderr
    assert "add_one" in followed.stdout


def dagsterlite(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dagsterlite", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
