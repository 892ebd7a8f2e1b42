"""Clusters that lose, stop and retire workers at random while a plan of many steps runs."""

from __future__ import annotations

import gc
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, PipelineDefinition, execute_pipeline, pipeline, solid
from dagsterlite.execution.results import PipelineExecutionResult
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, kill, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of

pytestmark = pytest.mark.timeout(300)

STEPS = 200
LAYER = 20


@solid(config_schema=CONFIG)
def works(context, numbers: list[int]) -> int:
    """Note when it begins, and take its time."""
    name = context.solid.name
    with open(os.path.join(context.solid_config["folder"], name), "a", encoding="utf-8") as file:
        file.write(f"{time.time()}\n")
    time.sleep(0.05)
    return 1 + max(numbers, default=0)


def plan_of_many(seed: int) -> tuple[PipelineDefinition, dict[str, int]]:
    """Return a pipeline of layers, each step needing some of the layer above, and all values."""
    chance = random.Random(seed)
    needs: dict[str, list[str]] = {}
    for number in range(STEPS):
        layer = number // LAYER
        above = [f"s{n}" for n in range((layer - 1) * LAYER, layer * LAYER)] if layer else []
        needs[f"s{number}"] = chance.sample(above, min(len(above), chance.choice([1, 1, 2, 3])))
    expected: dict[str, int] = {}
    for name, sources in needs.items():
        expected[name] = 1 + max((expected[source] for source in sources), default=0)

    @pipeline(name="many")
    def made():
        handles: dict[str, Any] = {}
        for name, sources in needs.items():
            handles[name] = works.alias(name)([handles[source] for source in sources])

    return made, expected


@contextmanager
def trouble(make: Callable[[], None], seconds: float) -> Iterator[None]:
    """Make trouble again and again while the block lasts."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.wait(seconds):
            make()

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def assert_all_is_well(
    result: PipelineExecutionResult, instance: DagsterInstance, expected: dict[str, int]
) -> None:
    assert [event for event in result.event_list if event.is_failure] == []
    assert result.success
    assert {name: result.output_for_solid(name) for name in expected} == expected
    assert_gap_free(logged(instance))


def assert_nothing_was_lost_or_done_twice(
    result: PipelineExecutionResult,
    instance: DagsterInstance,
    expected: dict[str, int],
    side: Path,
) -> None:
    assert_all_is_well(result, instance, expected)
    told = Counter(recorded(instance))
    assert all(told[f"STEP_SUCCESS {name}.compute"] == 1 for name in expected)
    ends = {
        entry.step_key: entry.timestamp
        for entry in logged(instance)
        if entry.dagster_event is not None and entry.dagster_event.is_step_success
    }
    for name in expected:
        begins = [float(line) for line in (side / name).read_text().split()]
        # What was committed does not run again; a copy that began before may run still.
        assert max(begins) <= ends[f"{name}.compute"], name


@pytest.fixture
def side(tmp_path: Path) -> Path:
    folder = tmp_path / "side"
    folder.mkdir()
    return folder


@pytest.fixture
def chaotic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """Run a cluster that gives a silent worker up soon."""
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL", "3s")
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "10")
    logs = tmp_path / "logs"
    logs.mkdir()
    with running_cluster(logs, 3) as cluster:
        yield cluster


def killing_at_random(chaotic: Cluster, seed: int) -> Callable[[], None]:
    chance = random.Random(seed)

    def kill_one() -> None:
        living = [worker for worker in chaotic.workers if worker.poll() is None]
        kill(chance.choice(living))
        chaotic.add_worker()

    return kill_one


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_workers_killed_at_random_cost_no_step(fuse: str, chaotic: Cluster, side: Path) -> None:
    definition, expected = plan_of_many(1)
    config = {**chaotic.config(fuse=fuse), **config_of(list(expected), side)}
    killing = trouble(killing_at_random(chaotic, 1), 0.5)
    with DagsterInstance.ephemeral() as instance, killing:
        result = execute_pipeline(definition, config, instance=instance, raise_on_error=False)
        assert_nothing_was_lost_or_done_twice(result, instance, expected, side)
    assert len(chaotic.workers) > 5


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_workers_killed_before_all_is_stored_cost_no_step(
    fuse: str, chaotic: Cluster, side: Path
) -> None:
    definition, expected = plan_of_many(5)
    config = {**chaotic.config(fuse=fuse, persist="behind"), **config_of(list(expected), side)}
    killing = trouble(killing_at_random(chaotic, 5), 0.5)
    with DagsterInstance.ephemeral() as instance, killing:
        result = execute_pipeline(definition, config, instance=instance, raise_on_error=False)
        assert_all_is_well(result, instance, expected)
        told = Counter(recorded(instance))
        assert all(told[f"STEP_SUCCESS {name}.compute"] == 1 for name in expected)
    assert len(chaotic.workers) > 5


def test_what_lay_in_the_memory_of_killed_workers_is_made_again(
    chaotic: Cluster, side: Path
) -> None:
    definition, expected = plan_of_many(4)

    def kill_one() -> None:
        if len(chaotic.workers) < 6:
            kill(chaotic.workers[-3])
            chaotic.add_worker()

    config = {**chaotic.config(), **config_of(list(expected), side)}
    memory: dict[str, Any] = {"intermediate_storage": {"in_memory": {}}}
    with DagsterInstance.ephemeral() as instance, trouble(kill_one, 0.5):
        result = execute_pipeline(
            definition, {**config, **memory}, instance=instance, raise_on_error=False
        )
        assert_all_is_well(result, instance, expected)
        del result
        gc.collect()
    assert len(chaotic.workers) > 4


def test_workers_retired_at_random_cost_no_step(chaotic: Cluster, side: Path) -> None:
    definition, expected = plan_of_many(2)
    chance = random.Random(2)

    def retire_one() -> None:
        addresses = sorted(chaotic.facts())
        chaotic.client.retire_workers([chance.choice(addresses)])
        chaotic.add_worker()

    config = {**chaotic.config(), **config_of(list(expected), side)}
    with DagsterInstance.ephemeral() as instance, trouble(retire_one, 0.5):
        result = execute_pipeline(definition, config, instance=instance, raise_on_error=False)
        assert_nothing_was_lost_or_done_twice(result, instance, expected, side)


def test_a_worker_that_is_cut_off_and_comes_back_does_no_harm(chaotic: Cluster, side: Path) -> None:
    definition, expected = plan_of_many(3)
    stopped: list[int] = []

    def stop_one() -> None:
        if not stopped:
            stopped.append(chaotic.workers[0].pid)
            os.kill(stopped[0], signal.SIGSTOP)
            # Longer than the scheduler waits for it.
            time.sleep(5)
            os.kill(stopped[0], signal.SIGCONT)

    config = {**chaotic.config(), **config_of(list(expected), side)}
    with DagsterInstance.ephemeral() as instance, trouble(stop_one, 1.0):
        result = execute_pipeline(definition, config, instance=instance, raise_on_error=False)
        assert stopped
        assert_nothing_was_lost_or_done_twice(result, instance, expected, side)
