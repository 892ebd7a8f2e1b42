"""What steps read from storage is read once a worker, and kept no longer than the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, execute_pipeline, pipeline, reexecute_pipeline, solid
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.execution.results import PipelineExecutionResult
from tests.test_dagsterlite_dask.cluster import running_cluster


@solid
def table(_context):
    return list(range(1000))


@solid
def total(_context, rows):
    return sum(rows)


NAMES = [f"total_{number}" for number in range(6)]


@pipeline
def fanning():
    rows = table()
    for name in NAMES:
        total.alias(name)(rows)


def reads(result: PipelineExecutionResult) -> int:
    operations = (e for e in result.event_list if e.event_type_value == "OBJECT_STORE_OPERATION")
    data = (event.object_store_operation_result_data for event in operations)
    return sum(one.op is ObjectStoreOperationType.GET_OBJECT for one in data)


@pytest.mark.parametrize(("more", "expected"), [({}, 1), ({"input_cache": "0"}, 6)])
def test_steps_of_a_worker_read_an_output_once(
    more: dict[str, Any], expected: int, tmp_path: Path
) -> None:
    def runs_there() -> list[str]:
        from dagsterlite_dask.admission import _doors

        return list(_doors)

    with running_cluster(tmp_path, 1, threads=3) as own, DagsterInstance.ephemeral() as instance:
        config = own.config(group="off", **more)
        first = execute_pipeline(fanning, config, instance=instance)
        again = reexecute_pipeline(
            fanning, first.run_id, config, step_selection=NAMES, instance=instance
        )
        assert again.success
        assert {again.output_for_solid(name) for name in NAMES} == {499500}
        assert (reads(first), reads(again)) == (0, expected)
        assert own.client.run(runs_there) == {worker: [] for worker in own.worker_pids()}
