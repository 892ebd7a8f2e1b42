"""Where the values of a run on a cluster are, during the run and after it."""

from __future__ import annotations

import gc
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Output,
    OutputDefinition,
    PythonObjectDagsterType,
    SerializationStrategy,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterStepExecutionFailed, DagsterStorageError
from dagsterlite.events.engine import StorageChosen
from dagsterlite.execution.results import PipelineExecutionResult
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, in_background, note, wait_until

IN_MEMORY: dict[str, Any] = {"intermediate_storage": {"in_memory": {}}}


@solid
def one(_context):
    return [1]


@solid(input_defs=[InputDefinition("numbers")])
def grow(_context, numbers):
    return [*numbers, len(numbers) + 1]


@solid
def fails(_context):
    raise ValueError("no")


@pipeline
def growing():
    grow.alias("third")(grow.alias("second")(one()))


@pipeline
def half():
    one()
    fails()


def storage_events(result: PipelineExecutionResult) -> list[StorageChosen]:
    data: list[Any] = [event.event_specific_data for event in result.event_list]
    found = [getattr(d, "detail", None) for d in data]
    return [detail for detail in found if isinstance(detail, StorageChosen)]


def test_outputs_are_read_from_storage_after_the_run(cluster: Cluster) -> None:
    result = execute_pipeline(growing, cluster.config())
    gc.collect()

    assert result.output_for_solid("second") == [1, 2]
    assert result.output_for_solid("third") == [1, 2, 3]
    (chosen,) = storage_events(result)
    assert chosen.name == "filesystem"


def test_storage_that_was_selected_is_not_told_of(cluster: Cluster, tmp_path: Path) -> None:
    storage = {"filesystem": {"config": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(growing, {**cluster.config(), "intermediate_storage": storage})

    assert storage_events(result) == []
    assert result.output_for_solid("third") == [1, 2, 3]
    assert (tmp_path / result.run_id).is_dir()


def test_values_in_memory_are_read_from_the_cluster_while_the_result_lives(
    cluster: Cluster,
) -> None:
    result = execute_pipeline(growing, {**cluster.config(), **IN_MEMORY})

    assert result.output_for_solid("second") == [1, 2]
    assert result.output_for_solid("third") == [1, 2, 3]
    (chosen,) = storage_events(result)
    assert (chosen.name, chosen.address) == ("in_memory", None)
    assert "OBJECT_STORE_OPERATION" not in {
        e.event_type_value for e in result.event_list if "filesystem" in e.message
    }
    del result
    gc.collect()
    wait_until(lambda: left_behind(cluster) == {})


def test_values_in_memory_of_a_failed_run_can_be_read(cluster: Cluster) -> None:
    result = execute_pipeline(half, {**cluster.config(), **IN_MEMORY}, raise_on_error=False)

    assert not result.success
    assert result.output_for_solid("one") == [1]
    del result
    gc.collect()


def test_values_in_memory_are_gone_with_their_cluster(tmp_path: Path) -> None:
    with running_cluster(tmp_path, 1) as own:
        result = execute_pipeline(growing, {**own.config(), **IN_MEMORY})
        assert result.output_for_solid("third") == [1, 2, 3]
    with pytest.raises(DagsterStorageError, match="kept in the cluster's memory only"):
        result.output_for_solid("third")


def test_a_value_that_cannot_travel_fails_its_step(cluster: Cluster) -> None:
    @solid
    def locks(_context):
        return threading.Lock()

    @pipeline
    def locked():
        locks()

    for storage in ({}, IN_MEMORY):
        with pytest.raises(DagsterStepExecutionFailed, match="cannot pickle"):
            execute_pipeline(locked, {**cluster.config(), **storage})


@solid(output_defs=[OutputDefinition(name="big"), OutputDefinition(name="small")])
def both(_context):
    yield Output(b"x" * 30_000_000, "big")
    yield Output(1, "small")


@solid(input_defs=[InputDefinition("value")])
def kind_of(_context, value):
    # What a worker holds of others' values shows what it was sent.
    from distributed import get_worker

    worker = get_worker()
    sizes = [ts.nbytes for key, ts in worker.state.tasks.items() if key in worker.data]
    return type(value).__name__, max(size or 0 for size in sizes)


@pipeline
def parting():
    big, small = both()
    kind_of.alias("of_big")(big)
    for i in range(4):
        kind_of.alias(f"of_small_{i}")(small)


def test_a_consumer_of_one_output_is_not_sent_the_others(cluster: Cluster) -> None:
    result = execute_pipeline(parting, {**cluster.config(), **IN_MEMORY})

    assert result.output_for_solid("of_big")[0] == "bytes"
    assert {result.output_for_solid(f"of_small_{i}")[0] for i in range(4)} == {"int"}
    del result
    gc.collect()


@solid
def array(_context):
    import numpy as np

    return np.ones(25_000_000)


@solid(input_defs=[InputDefinition("values")])
def doubled(_context, values):
    return values * 2


@pipeline
def big_chain():
    doubled.alias("last")(doubled(array()))


@pytest.fixture
def peak() -> Iterator[list[int]]:
    """The most memory that this process had, in bytes above what it had before."""
    process = psutil.Process()
    before = process.memory_info().rss
    found = [0]
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.005):
            found[0] = max(found[0], process.memory_info().rss - before)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield found
    finally:
        is_over.set()
        thread.join()


@pytest.mark.parametrize(
    ("storage", "persist"),
    [({}, "through"), ({}, "behind"), (IN_MEMORY, "through")],
    ids=["files", "files behind", "memory"],
)
def test_big_values_pass_the_driver_by(
    storage: dict[str, Any], persist: str, cluster: Cluster, peak: list[int]
) -> None:
    result = execute_pipeline(big_chain, {**cluster.config(persist=persist), **storage})

    assert result.success
    assert peak[0] < 50_000_000
    del result
    gc.collect()


@solid
def ten_megabytes(_context):
    return b"x" * 10_000_000


@solid(input_defs=[InputDefinition("value")])
def length(_context, value):
    return len(value)


@solid(config_schema=CONFIG, input_defs=[InputDefinition("value"), InputDefinition("after")])
def waits(context, value, after):
    folder = context.solid_config["folder"]
    note(folder, context.solid.name)
    while not os.path.exists(os.path.join(folder, f"go on {context.solid.name}")):
        time.sleep(0.01)
    return after


@pipeline
def releasing():
    value = ten_megabytes()
    size = length(value)
    waits.alias("last")(size, waits.alias("first")(value, size))


def bytes_held(cluster: Cluster) -> int:
    """Return the bytes of the results that lie in the workers' memory."""

    def look(dask_scheduler: Any) -> int:
        found = (task.nbytes for task in dask_scheduler.tasks.values() if task.who_has)
        return sum(nbytes for nbytes in found if nbytes > 0)

    return int(cluster.client.run_on_scheduler(look))


@pytest.mark.parametrize("persist", ["through", "behind"])
def test_a_value_is_freed_with_the_last_step_that_needs_it(
    persist: str, cluster: Cluster, tmp_path: Path
) -> None:
    names = ["first", "last"]
    config = {**cluster.config(fuse="none", persist=persist), **config_of(names, tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(releasing, config, instance=instance), instance
        ) as found:
            wait_until((tmp_path / "first").exists)
            assert bytes_held(cluster) > 10_000_000
            (tmp_path / "go on first").touch()
            wait_until((tmp_path / "last").exists)
            wait_until(lambda: bytes_held(cluster) < 1_000_000)
            (tmp_path / "go on last").touch()
        (result,) = found
        assert result.success


class Lines(SerializationStrategy):
    def __init__(self):
        super().__init__("lines", "w", "r")

    def serialize(self, value, write_file_obj):
        write_file_obj.write("\n".join(value))

    def deserialize(self, read_file_obj):
        return read_file_obj.read().split("\n")


LinesType = PythonObjectDagsterType(list, name="LinesType", serialization_strategy=Lines())


@solid(output_defs=[OutputDefinition(LinesType)])
def lines(_context):
    return ["a", "b"]


class Guarded:
    """A value that only its strategy can write."""

    def __init__(self, of):
        self.of = of
        self.lock = threading.Lock()


class ByNumber(SerializationStrategy):
    def __init__(self):
        super().__init__("number", "w", "r")

    def serialize(self, value, write_file_obj):
        write_file_obj.write(str(value.of))

    def deserialize(self, read_file_obj):
        return Guarded(int(read_file_obj.read()))


GuardedType = PythonObjectDagsterType(Guarded, serialization_strategy=ByNumber())


@solid(output_defs=[OutputDefinition(GuardedType)])
def guarded(_context):
    return Guarded(5)


@solid(
    input_defs=[InputDefinition("value", GuardedType)], output_defs=[OutputDefinition(GuardedType)]
)
def one_more(_context, value):
    return Guarded(value.of + 1)


@pipeline
def guarding():
    value = guarded()
    for number in range(6):
        one_more.alias(f"more_{number}")(value)


def test_a_value_that_cannot_be_pickled_travels_by_its_strategy(cluster: Cluster) -> None:
    result = execute_pipeline(guarding, cluster.config())

    assert {result.output_for_solid(f"more_{number}").of for number in range(6)} == {6}


@pipeline
def lined():
    kind_of(lines())


def test_a_strategy_writes_on_a_worker_and_reads_on_the_driver(
    cluster: Cluster, tmp_path: Path
) -> None:
    files = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(lined, {**cluster.config(), **files})

    (path,) = tmp_path.rglob("lines.compute/*/result")
    assert path.read_text() == "a\nb"
    assert result.output_for_solid("lines") == ["a", "b"]
    assert result.output_for_solid("kind_of")[0] == "list"
