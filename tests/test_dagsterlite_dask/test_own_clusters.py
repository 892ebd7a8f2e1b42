"""Clusters that a run starts, and the scripts that start them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest
from distributed import Client, LocalCluster

from dagsterlite import (
    DagsterInstance,
    DagsterInvalidConfigError,
    InputDefinition,
    execute_pipeline,
    pipeline,
    solid,
    validate_run_config,
)
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.side import wait_until

QUIET = {"console": {"config": {"log_level": "CRITICAL"}}}


@solid
def pid(_context):
    return os.getpid()


@solid(input_defs=[InputDefinition("number", int)])
def keep(_context, number):
    return number


@pipeline
def pids():
    keep(pid())


@pytest.mark.parametrize(
    "execution",
    [
        {"multiprocess": {"max_concurrent": 1}},
        {"multiprocess": {"config": {"max_concurrent": 1}}},
        {"dask": {"config": {"cluster": {"local": {"n_workers": 1}}}}},
    ],
)
def test_steps_run_in_other_processes_that_end_with_the_run(execution: dict[str, Any]) -> None:
    known = set(children())
    with DagsterInstance.ephemeral() as instance:
        config = {"execution": execution, "loggers": QUIET}
        result = execute_pipeline(pids, config, instance=instance)

        assert result.success
        worker = result.output_for_solid("pid")
        assert worker == result.output_for_solid("keep") != os.getpid()
        wait_until(lambda: is_gone(worker))
        assert_gap_free(logged(instance))
    assert not set(children()) - known


def test_a_negative_number_of_processes_is_refused_by_the_name_that_the_user_wrote() -> None:
    execution = {"multiprocess": {"config": {"max_concurrent": -1}}}
    with pytest.raises(
        DagsterInvalidConfigError,
        match=r"execution\.multiprocess\.config\.max_concurrent.* must be 0 or more, not -1",
    ):
        validate_run_config(pids, {"execution": execution})


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def children() -> list[int]:
    found = psutil.Process().children(recursive=True)
    return [child.pid for child in found if not is_gone(child.pid)]


def test_values_in_memory_of_an_own_cluster_are_saved_before_it_ends() -> None:
    cluster = {"local": {"n_workers": 1}}
    result = execute_pipeline(
        pids,
        {
            "execution": {"dask": {"config": {"cluster": cluster}}},
            "intermediate_storage": {"in_memory": {}},
            "loggers": QUIET,
        },
    )

    assert result.output_for_solid("keep") == result.output_for_solid("pid")


def test_a_run_that_names_no_cluster_uses_the_client_that_is_there() -> None:
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster) as client,
    ):
        result = execute_pipeline(pids, {"execution": {"dask": {}}, "loggers": QUIET})

        assert result.output_for_solid("pid") == os.getpid()
        assert client.status == "running"
        assert client.submit(lambda: 1).result() == 1


SCRIPT = """
import sys
from dagsterlite import DagsterInstance, InputDefinition, execute_pipeline, pipeline, solid
import beside

class Box:
    def __init__(self, of):
        self.of = of

def helper(number):
    return Box(number + beside.ONE)

@solid
def one(_context):
    print("a step prints", flush=True)
    return helper(0)

@solid(input_defs=[InputDefinition("box")])
def add_one(_context, box):
    assert isinstance(box, Box)
    return helper(box.of)

@pipeline
def boxes():
    add_one(one())

executors = {
    "in_process": {"in_process": {}},
    "multiprocess": {"multiprocess": {"max_concurrent": 1}},
    "dask": {"dask": {"config": {"cluster": {"local": {"n_workers": 1}}}}},
}
config = {
    "execution": executors[sys.argv[1]],
    "loggers": {"console": {"config": {"log_level": "ERROR"}}},
}
print("starting", flush=True)
result = execute_pipeline(boxes, config)
assert isinstance(result.output_for_solid("add_one"), Box)
print(result.success, result.output_for_solid("add_one").of)
"""


@pytest.mark.parametrize("executor", ["in_process", "multiprocess", "dask"])
def test_a_script_without_a_main_guard_runs(executor: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "beside.py").write_text("ONE = 1\n")
    done = subprocess.run(
        [sys.executable, "script.py", executor],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines.count("starting") == 1
    assert lines[-1] == "True 2"
    assert "a step prints" in lines


SLOW = """
import time
from dagsterlite import execute_pipeline, pipeline, solid

@solid
def slow(_context):
    print("running", flush=True)
    time.sleep(60)

@pipeline
def slowly():
    slow()

execute_pipeline(slowly, {"execution": {"multiprocess": {"max_concurrent": 1}},
    "loggers": {"console": {"config": {"log_level": "ERROR"}}}})
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_over_however_a_driver_ends(number: int, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SLOW)
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    driver = subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "TMPDIR": str(scratch)},
    )
    try:
        assert driver.stdout is not None
        assert driver.stdout.readline() == "running\n"
        started = psutil.Process(driver.pid).children(recursive=True)
        assert started
        driver.send_signal(number)
        driver.wait(60)
    finally:
        driver.kill()
        driver.communicate()
    wait_until(lambda: all(is_gone(process.pid) for process in started))
    if number == signal.SIGINT:
        assert [path.name for path in scratch.iterdir()] == []
