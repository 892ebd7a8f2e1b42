"""A run tells at its start on which cluster its steps run, and where that can be watched."""

from __future__ import annotations

from typing import Any

from dagsterlite import PipelineExecutionResult, execute_pipeline, pipeline, solid
from dagsterlite.events.engine import ClusterJoined
from tests.test_dagsterlite_dask.cluster import Cluster


@solid
def one(_context):
    return 1


@pipeline
def small():
    one()


def joined(result: PipelineExecutionResult) -> ClusterJoined:
    details: list[Any] = [getattr(e.event_specific_data, "detail", 0) for e in result.event_list]
    (found,) = (detail for detail in details if isinstance(detail, ClusterJoined))
    return found


def test_a_cluster_that_is_joined_is_told_of_by_its_addresses(cluster: Cluster) -> None:
    told = joined(execute_pipeline(small, cluster.config()))

    assert told.scheduler == cluster.address
    assert list(told.workers) == sorted(cluster.worker_pids())
    host = cluster.address.removeprefix("tcp://").partition(":")[0]
    assert told.dashboard is not None
    assert told.dashboard.startswith(f"http://{host}:")


def test_a_cluster_of_the_runs_own_tells_its_dashboard() -> None:
    workers = {"max_concurrent": 1}
    told = joined(execute_pipeline(small, {"execution": {"multiprocess": {"config": workers}}}))

    assert len(told.workers) == 1
    assert told.dashboard is not None
    assert told.dashboard.startswith("http://127.0.0.1:")
