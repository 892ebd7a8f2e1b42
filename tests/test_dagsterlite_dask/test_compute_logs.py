"""What steps print on workers: kept by attempt, unmixed, and readable while they run."""

# ruff: noqa: T201 - printing is what is tested
from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, RetryRequested, execute_pipeline, pipeline, solid
from dagsterlite.compute_logs import ComputeIOType
from tests.object_stores import BUCKET, ObjectStore, s3_server, using
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, in_background, note, wait_until
from tests.test_execution.test_compute_logs import QUIET, logs_of, talk

SAY = "import sys; print('said'); print('cried', file=sys.stderr)"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as made:
        yield made


def test_workers_keep_what_one_process_keeps(cluster: Cluster, instance: DagsterInstance) -> None:
    on_cluster = execute_pipeline(talk, cluster.config(), instance=instance)
    here = execute_pipeline(talk, QUIET, instance=instance)
    assert logs_of(instance, on_cluster.run_id) == logs_of(instance, here.run_id)


@solid
def starts_processes(_context):
    print("first")
    subprocess.run([sys.executable, "-c", SAY], check=True)
    os.write(1, b"last\n")
    if _context.retry_number == 0:
        raise RetryRequested(max_retries=1)


@pipeline
def processes():
    starts_processes()


def test_what_subprocesses_print_is_kept_where_a_worker_runs_one_step(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    result = execute_pipeline(processes, cluster.config(), instance=instance)
    for out, err in logs_of(instance, result.run_id)["starts_processes.compute"]:
        assert out == "first\nsaid\nlast\n"
        assert err == "cried\n"


def test_multiprocess_keeps_the_same(instance: DagsterInstance) -> None:
    config = {**QUIET, "execution": {"multiprocess": {"config": {"max_concurrent": 1}}}}
    result = execute_pipeline(processes, config, instance=instance)
    assert (
        logs_of(instance, result.run_id)["starts_processes.compute"]
        == [("first\nsaid\nlast\n", "cried\n")] * 2
    )


@solid(config_schema={"folder": str, "other": str})
def speaks_in_turn(context):
    """Print, and let another step print, line by line."""
    folder, other = context.solid_config["folder"], context.solid_config["other"]
    for line in range(20):
        print(f"{context.solid.name} {line}")
        mine = note(folder, context.solid.name)
        until = time.monotonic() + 60
        while not _size(folder, other) >= mine and time.monotonic() < until:
            time.sleep(0.001)


def _size(folder: str, name: str) -> int:
    try:
        return os.path.getsize(os.path.join(folder, name))
    except FileNotFoundError:
        return 0


@pipeline
def duet():
    speaks_in_turn.alias("left")()
    speaks_in_turn.alias("right")()


def test_two_steps_that_print_at_once_on_one_worker_do_not_mix(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    notes, folder = tmp_path / "notes", tmp_path / "cluster"
    notes.mkdir()
    folder.mkdir()
    with running_cluster(folder, workers=1, threads=2) as cluster:
        config = cluster.config()
        config["solids"] = {
            name: {"config": {"folder": str(notes), "other": other}}
            for name, other in (("left", "right"), ("right", "left"))
        }
        result = execute_pipeline(duet, config, instance=instance)
    assert logs_of(instance, result.run_id) == {
        f"{name}.compute": [("".join(f"{name} {line}\n" for line in range(20)), "")]
        for name in ("left", "right")
    }


@solid(config_schema=CONFIG)
def waits_to_be_read(context):
    folder = context.solid_config["folder"]
    print("it began")
    until = time.monotonic() + 60
    while not os.path.exists(os.path.join(folder, "read")) and time.monotonic() < until:
        time.sleep(0.01)
    print("it ended")


@pipeline
def live():
    waits_to_be_read()


def test_what_a_step_prints_is_read_while_it_runs(
    cluster: Cluster, instance: DagsterInstance, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    config: dict[str, Any] = {**cluster.config(), **config_of(["waits_to_be_read"], notes)}
    with in_background(lambda: execute_pipeline(live, config, instance=instance), instance):
        manager = instance.compute_log_manager
        wait_until(lambda: _keys(instance))
        (key,) = _keys(instance)
        subscription = manager.subscribe(key)
        assert next(subscription).stdout == b"it began\n"
        assert not manager.is_capture_complete(key)
        note(str(notes), "read")
        assert b"".join(data.stdout or b"" for data in subscription) == b"it ended\n"


def _keys(instance: DagsterInstance) -> list[Any]:
    runs = instance.get_runs()
    if not runs:
        return []
    return instance.compute_log_manager.get_log_keys_for_log_key_prefix(
        [runs[0].run_id], ComputeIOType.STDOUT
    )


@pytest.fixture
def s3(tmp_path: Path) -> Iterator[ObjectStore]:
    with s3_server(tmp_path) as server, using(server) as store:
        yield store


def test_workers_that_share_no_folder_keep_logs_in_a_bucket(
    s3: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGS_BUCKET", BUCKET)
    logs = {
        "module": "dagster_aws.s3.compute_log_manager",
        "class": "S3ComputeLogManager",
        "config": {"bucket": {"env": "LOGS_BUCKET"}, "use_ssl": False},
    }
    folder = tmp_path / "cluster"
    folder.mkdir()
    home = str(tmp_path / "home")
    with (
        running_cluster(folder, workers=1) as cluster,
        DagsterInstance.local_temp(home, {"compute_logs": logs}) as instance,
    ):
        result = execute_pipeline(talk, cluster.config(), instance=instance)
        assert logs_of(instance, result.run_id)["loud.compute"] == [
            ("out\nfrom a thread\n", "err\n")
        ]
        assert all(f"/{result.run_id}/compute_logs/" in path for path in s3.objects())


def test_workers_leave_no_thread_of_logs_behind(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    execute_pipeline(talk, cluster.config(), instance=instance)
    names = cluster.client.run(lambda: [thread.name for thread in threading.enumerate()])
    assert not any("compute-logs" in name for found in names.values() for name in found)
