"""Faults for real: processes that are killed, and many that write into one home at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance, DagsterRunConflict, execute_run, lambda_solid, pipeline
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.runs import LEASE_SECONDS, DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, recorded

ENDLESS = """
import sys
from dagsterlite import DagsterInstance, InputDefinition, execute_pipeline, pipeline, solid

@solid(input_defs=[InputDefinition("n", int, default_value=0)])
def count(context, n):
    context.log.info(f"count {n}")
    return n + 1

@solid(input_defs=[InputDefinition("n", int)])
def hang(context, n):
    print(context.run_id, flush=True)
    while True:
        context.log.info("still here")

@pipeline
def graph():
    n = count()
    for _ in range(50):
        n = count(n)
    hang(n)

storage = {"intermediate_storage": {"filesystem": None}}
logs = {"loggers": {"console": {"log_level": "CRITICAL"}}}
execute_pipeline(graph, {**storage, **logs}, instance=DagsterInstance.local_temp(sys.argv[1]))
"""


def killed_in_mid_run(home: Path, seconds: float) -> str:
    """Return the id of a run whose process was killed some time after its last step began."""
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(home)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    run_id = process.stdout.readline().strip()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return run_id


@pytest.mark.parametrize("seconds", [0.0, 0.06, 0.3])
def test_a_killed_run_shows_as_lost_and_its_log_is_a_beginning_without_gaps(
    tmp_path: Path, seconds: float
) -> None:
    run_id = killed_in_mid_run(tmp_path, seconds)
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        record = instance.require_run(run_id)
        assert record.dagster_run.status is DagsterRunStatus.STARTED
        now = time.time()
        assert not record.is_lost(now)
        assert record.is_lost(now + LEASE_SECONDS)
        entries = logged(instance, run_id)
        assert_gap_free(entries)
        told = recorded(instance, run_id)
        assert told[0] == "PIPELINE_START"
        assert not [line for line in told if line.startswith("PIPELINE_") and "START" not in line]
        # A step's first entry comes after the last one of the step before it.
        keys = [e.step_key for e in entries if e.step_key]
        order = list(dict.fromkeys(keys))
        assert keys == [key for key in order for _ in range(keys.count(key))]


def test_a_home_goes_on_after_a_run_in_it_was_killed(tmp_path: Path) -> None:
    @lambda_solid
    def one():
        return 1

    @pipeline
    def graph():
        one()

    run_id = killed_in_mid_run(tmp_path, 0.1)
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        run = instance.require_run(run_id).dagster_run
        with pytest.raises(DagsterRunConflict, match="it is STARTED"):
            execute_run(graph, run, instance)
        assert execute_run(graph, instance.create_run("graph"), instance).success
        driver = str(instance.require_run(run_id).driver_id)
        assert instance.run_storage.renew_lease(run_id, driver, seconds=-1, now=time.time()).held
        assert cancel_run(run_id, instance) is CancelOutcome.CANCELED
        assert instance.require_run(run_id).dagster_run.is_canceled


MANY = """
import sys
from dagsterlite import AssetMaterialization, DagsterInstance, InputDefinition, Output
from dagsterlite import execute_pipeline, pipeline, solid

@solid(input_defs=[InputDefinition("n", int, default_value=0)])
def step(context, n):
    context.log.info("hello")
    yield AssetMaterialization(["asset", str(n)])
    yield Output(n + 1)

@pipeline
def graph():
    n = step()
    for _ in range(9):
        n = step(n)

logs = {"loggers": {"console": {"log_level": "CRITICAL"}}}
with DagsterInstance.local_temp(sys.argv[1]) as instance:
    for _ in range(int(sys.argv[2])):
        assert execute_pipeline(graph, logs, instance=instance).success
"""


def test_sixteen_processes_write_their_runs_into_one_home_at_once(tmp_path: Path) -> None:
    runs_each = 2
    command = [sys.executable, "-c", MANY, str(tmp_path), str(runs_each)]
    processes = [
        subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
        for _ in range(16)
    ]
    for process in processes:
        _, err = process.communicate(timeout=100)
        assert process.returncode == 0, err
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = instance.get_runs()
        assert len(runs) == 16 * runs_each
        assert {run.status for run in runs} == {DagsterRunStatus.SUCCESS}
        for run in runs:
            entries = logged(instance, run.run_id)
            assert_gap_free(entries)
            # A step: start, input, message, materialization, output, store, success.
            assert len(entries) == 2 + 10 * 7
        assert len(instance.get_asset_keys()) == 10
