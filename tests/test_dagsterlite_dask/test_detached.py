"""Runs that are left to a cluster, whatever becomes of who began them."""

from __future__ import annotations

import json
import os
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
from dagsterlite.runs import DagsterRunStatus
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
