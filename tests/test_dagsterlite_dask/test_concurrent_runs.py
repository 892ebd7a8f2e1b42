"""Many runs of one pipeline on one cluster at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, InputDefinition, execute_pipeline, pipeline, solid
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask.keys import run_hex
from tests.event_lists import assert_gap_free
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, in_background, note, noted, wait_until

RUNS = 20


@solid(config_schema={"number": int})
def begins(context):
    return context.solid_config["number"]


@solid(input_defs=[InputDefinition("number", int)])
def doubles(_context, number):
    return 2 * number


@solid(input_defs=[InputDefinition("one", int), InputDefinition("other", int)])
def tells(context, one, other):
    return {"run": context.run_id, "sum": one + other}


@pipeline
def shared():
    number = begins()
    tells(doubles.alias("one")(number), doubles.alias("other")(number))


def config_for(cluster: Cluster, number: int) -> dict[str, Any]:
    return {**cluster.config(), "solids": {"begins": {"config": {"number": number}}}}


def test_twenty_runs_at_once_in_one_process_succeed_apart(cluster: Cluster, tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:

        def run(number: int) -> Any:
            return execute_pipeline(shared, config_for(cluster, number), instance=instance)

        with ThreadPoolExecutor(RUNS) as pool:
            results = list(pool.map(run, range(RUNS)))

        assert all(result.success for result in results)
        told = [result.output_for_solid("tells") for result in results]
        assert told == [{"run": r.run_id, "sum": 4 * n} for n, r in enumerate(results)]
        for result in results:
            entries = instance.all_logs(result.run_id)
            assert_gap_free(entries)
            ends = [e for e in entries if e.dagster_event and e.dagster_event.is_step_success]
            assert len(ends) == 4


SCRIPT = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from dagsterlite import DagsterInstance, execute_pipeline
from tests.test_dagsterlite_dask.test_concurrent_runs import shared

home, configs = sys.argv[1], json.loads(sys.argv[2])
with DagsterInstance.local_temp(home) as instance, ThreadPoolExecutor(len(configs)) as pool:
    run = lambda config: execute_pipeline(shared, config, instance=instance)
    print(json.dumps([result.output_for_solid("tells") for result in pool.map(run, configs)]))
"""


def test_runs_of_several_processes_on_one_home_succeed_apart(
    cluster: Cluster, tmp_path: Path
) -> None:
    shares = [[config_for(cluster, number) for number in range(k, 6, 3)] for k in range(3)]
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path), json.dumps(share)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for share in shares
    ]
    told = [json.loads(process.communicate(timeout=200)[0]) for process in processes]

    assert [[one["sum"] for one in of] for of in told] == [[0, 12], [4, 16], [8, 20]]
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        runs = instance.get_runs()
        assert {run.run_id for run in runs} == {one["run"] for of in told for one in of}
        assert {run.status for run in runs} == {DagsterRunStatus.SUCCESS}


@solid(config_schema={**CONFIG, "name": str})
def waits_to_go(context):
    folder = context.solid_config["folder"]
    note(folder, f"began {context.solid_config['name']}")
    while not os.path.exists(os.path.join(folder, "go")):
        time.sleep(0.02)


@pipeline
def several():
    for number in range(12):
        waits_to_go.alias(f"step_{number}")()


@pytest.mark.parametrize("order", ["fair", "strict"])
def test_of_two_runs_the_second_waits_for_the_end_of_the_first_only_if_asked(
    order: str, tmp_path: Path
) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1) as cluster, DagsterInstance.local_temp(str(tmp_path)) as instance:

        def run(name: str) -> Any:
            own = {"config": {"folder": str(side), "name": name}}
            config = {
                **cluster.config(order=order),
                "solids": {f"step_{number}": own for number in range(12)},
            }
            return execute_pipeline(several, config, instance=instance)

        with in_background(lambda: run("first"), instance) as first:
            wait_until(lambda: "began first" in noted(side))
            (known,) = instance.get_runs()
            with in_background(lambda: run("second"), instance) as second:
                wait_until(lambda: len(submitted(cluster, instance)) == 2)
                (side / "go").touch()
        assert first[0].run_id == known.run_id
        starts = {
            result.run_id: [
                entry.timestamp
                for entry in instance.all_logs(result.run_id)
                if entry.dagster_event and entry.dagster_event.is_step_start
            ]
            for result in (first[0], second[0])
        }
        end = max(starts[first[0].run_id])
        ahead = sum(start < end for start in starts[second[0].run_id])
        # Where a worker's next step is already chosen, one or another slips in.
        assert ahead > 6 if order == "fair" else ahead <= 3


def submitted(cluster: Cluster, instance: DagsterInstance) -> set[str]:
    """Return the runs whose steps are all on the scheduler."""
    hexes = [run_hex(run.run_id) for run in instance.get_runs()]

    def on_scheduler(dask_scheduler: Any) -> list[str]:
        return [str(key[0]) for key in dask_scheduler.tasks if isinstance(key, tuple)]

    groups = cluster.client.run_on_scheduler(on_scheduler)
    return {one for one in hexes if sum(group.endswith(one) for group in groups) >= 10}
