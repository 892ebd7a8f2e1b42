"""What steps on workers cost, and where they ran."""

from __future__ import annotations

import threading
from pathlib import Path

from dagsterlite import InputDefinition, RetryRequested, execute_pipeline, pipeline, solid
from dagsterlite.events.fold import StepStats, fold
from dagsterlite.instance import DagsterInstance
from tests.event_lists import logged
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster

MUCH = 300_000_000


@solid
def takes_much(_context):
    return len(bytearray(MUCH))


@solid(input_defs=[InputDefinition("value")])
def takes_nothing(context, value):
    if context.retry_number == 0:
        raise RetryRequested(max_retries=1)
    return value


@pipeline
def hungry():
    takes_nothing(takes_much())


def steps_of(cluster: Cluster) -> dict[str, StepStats]:
    with DagsterInstance.ephemeral() as instance:
        assert execute_pipeline(hungry, cluster.config(), instance=instance).success
        return fold(logged(instance)).steps


def test_a_step_s_cost_and_its_worker_are_told(cluster: Cluster) -> None:
    steps = steps_of(cluster)

    much, nothing = steps["takes_much.compute"], steps["takes_nothing.compute"]
    assert much.most_memory is not None
    assert nothing.most_memory is not None
    assert (much.most_memory.peak_memory or 0) >= MUCH
    assert (nothing.most_memory.peak_memory or 0) < MUCH
    assert len(nothing.metrics) == 2
    assert set(much.workers + nothing.workers) <= set(cluster.worker_pids())


@solid
def meets(_context):
    # A module of Python's own is one for all steps of a process.
    threading.__dict__.setdefault("_met", threading.Barrier(2)).wait(30)


@pipeline
def meeting():
    meets.alias("one")()
    meets.alias("other")()


def test_steps_that_share_a_process_say_so(tmp_path: Path) -> None:
    with running_cluster(tmp_path, 1, threads=2) as own:
        result = execute_pipeline(meeting, own.config())

    told = [e.step_success_data.metrics for e in result.event_list if e.is_step_success]
    assert [metrics is not None and metrics.shared for metrics in told] == [True, True]
