"""What steps on workers cost, and where they ran."""

from __future__ import annotations

import threading
from pathlib import Path

from dask.sizeof import sizeof

from dagsterlite import InputDefinition, RetryRequested, execute_pipeline, pipeline, solid
from dagsterlite.events.fold import StepStats, fold
from dagsterlite.instance import DagsterInstance
from dagsterlite_dask.arrival import could_run, covered
from dagsterlite_dask.messages import StepResult
from tests.event_lists import logged
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster

MUCH = 300_000_000
FEW = 3_000_000


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
def makes_much(_context):
    return bytes(FEW)


@solid(input_defs=[InputDefinition("much")], tags={"dagsterlite/dask": {"resources": {"GPU": 1}}})
def takes_it(_context, much):
    return len(much)


@pipeline
def moving():
    takes_it(makes_much())


def test_bytes_between_workers_and_to_storage_are_told(cluster: Cluster) -> None:
    workers = cluster.facts()
    elsewhere = [address for address, facts in workers.items() if not facts["resources"]]
    config = cluster.config(placement={"makes_much": {"workers": elsewhere}})
    with DagsterInstance.ephemeral() as instance:
        assert execute_pipeline(moving, config, instance=instance).success
        steps = fold(logged(instance)).steps
    made, taken = steps["makes_much.compute"], steps["takes_it.compute"]
    assert made.bytes_in == 0
    assert made.bytes_out >= FEW
    assert taken.metrics[0].bytes_read == 0
    assert FEW <= taken.metrics[0].bytes_received < 2 * FEW
    assert taken.transfer_seconds > 0
    assert (made.queue_seconds or 0) > 0
    assert (taken.queue_seconds or 0) >= taken.transfer_seconds / 2


def test_only_the_first_attempt_of_the_first_step_of_a_task_waited(cluster: Cluster) -> None:
    steps = steps_of(cluster)

    much, nothing = steps["takes_much.compute"], steps["takes_nothing.compute"]
    assert [metrics.queue_seconds is not None for metrics in much.metrics] == [True]
    assert [metrics.queue_seconds for metrics in nothing.metrics] == [None, None]
    assert [metrics.attempt for metrics in nothing.metrics] == [1, 2]


def test_a_time_that_several_transfers_share_counts_once() -> None:
    assert covered([]) == 0
    assert covered([(5.0, 6.0), (1.0, 3.0), (2.0, 4.0), (2.5, 3.5)]) == 4.0


def test_a_task_could_run_when_the_last_of_what_it_needs_was_there() -> None:
    early, late = (StepResult(receipt=None, ended=ended) for ended in (3.0, 9.0))
    assert could_run(5.0, []) == 5.0
    assert could_run(5.0, ["{}", early]) == 5.0
    assert could_run(5.0, [late, early]) == 9.0


def test_dask_knows_how_much_the_result_of_a_task_holds() -> None:
    part = StepResult(receipt=None, values={("result", None): bytes(FEW)})
    whole = StepResult(receipt=None, values={("a", "x"): bytes(FEW)}, earlier=(part,))

    assert FEW <= sizeof(part) < FEW + 10_000
    assert 2 * FEW <= sizeof(whole) < 2 * FEW + 20_000


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
