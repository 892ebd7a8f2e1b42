"""What a step costs on Dask, beside the best raw graph of the same form on the same cluster."""

from __future__ import annotations

import logging
import pickle
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryDirectory, mkstemp
from typing import Any, Final

from distributed import Client, wait

from benchmarks.figures import Figure, best_seconds
from benchmarks.pipelines import QUIET, chain, count, start, wide
from benchmarks.raw_dask import (
    Raw,
    fused_chain,
    raw_array,
    raw_arrays,
    raw_chain,
    raw_doubled,
    raw_fan,
)
from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    PipelineDefinition,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.api import create_execution_plan
from dagsterlite_dask.clusters.local import open_cluster
from dagsterlite_dask.clusters.options import ClusterOptions
from dagsterlite_dask.graph import Assignment, build_graph
from dagsterlite_dask.keys import task_key
from dagsterlite_dask.submissions import FUNCTIONS

STORAGES: Final = {"in_memory": "in memory", "filesystem": "on files"}
WIDE_TARGETS: Final = {"in_memory": 1.25, "filesystem": 2.0}
CHAIN_TARGET: Final = 0.15
ARRAY_TARGET: Final = 1.1
GRAPH_TARGET: Final = 60.0

#: A run of fewer steps is mostly its beginning and its end: what they cost is no cost of steps.
SMALLEST_WITH_TARGET: Final = 1_000


@solid(input_defs=[InputDefinition("numbers")])
def add_up(_context: Any, numbers: list[int]) -> int:
    """Add numbers up."""
    return sum(numbers)


def fan(width: int) -> PipelineDefinition:
    """Return a pipeline of one step, ``width`` that need it, and one that needs them all."""

    @pipeline(name="fan")
    def definition() -> None:
        number = start()
        add_up([count.alias(f"count_{place}")(number) for place in range(width)])

    return definition


@solid
def array(_context: Any) -> Any:
    """Fill 200 MB."""
    return raw_array()


@solid(input_defs=[InputDefinition("values")])
def doubled(_context: Any, values: Any) -> Any:
    """Return as much."""
    return raw_doubled(values)


@pipeline
def arrays() -> None:
    """Hand 200 MB on twice."""
    doubled.alias("last")(doubled(array()))


class _Bench:
    """One cluster and one client of it; what is compared runs by turns, each at its best."""

    def __init__(self, client: Client, instance: DagsterInstance) -> None:
        self._client = client
        self._instance = instance
        assert client.scheduler is not None
        self._cluster = {"existing": {"address": client.scheduler.address}}

    def raw(self, make: Raw) -> float:
        """Return the seconds that a raw graph takes; its result stays on the cluster, as ours."""
        graph, last = make()
        with self._client.as_current():
            return _seconds(lambda: wait(self._client.get(graph, last, sync=False)))

    def ours(self, definition: PipelineDefinition, storage: str, **options: str) -> float:
        """Return the seconds that a pipeline takes, from its compilation to its record's end.

        Args:
            definition: The pipeline.
            storage: The intermediate storage.
            options: Those of the executor.
        """
        config = {
            **QUIET,
            "execution": {"dask": {"config": {"cluster": self._cluster, **options}}},
            "intermediate_storage": {storage: {}},
        }

        def run() -> None:
            assert execute_pipeline(definition, config, instance=self._instance).success

        return _seconds(run)

    def wide(self, width: int, turns: int) -> Iterator[Figure]:
        """Measure a wide pipeline, its values in memory and on files."""
        definition = fan(width)
        raw, ours, written = by_turns(
            turns,
            lambda: self.raw(lambda: raw_fan(width)),
            lambda: self.ours(definition, "in_memory"),
            lambda: self.ours(definition, "filesystem"),
        )
        for storage, seconds in (("in_memory", ours), ("filesystem", written)):
            target = WIDE_TARGETS[storage] if width >= SMALLEST_WITH_TARGET else None
            what = f"1 → {width:,} → 1, values {STORAGES[storage]}"
            yield _figure(what, seconds / raw, "x raw", target)

    def ungrouped(self, width: int, turns: int) -> Iterator[Figure]:
        """Measure a wide pipeline whose steps are a task each, as before its first success."""
        definition = fan(width)
        raw, ours, written = by_turns(
            turns,
            lambda: self.raw(lambda: raw_fan(width)),
            lambda: self.ours(definition, "in_memory", group="off"),
            lambda: self.ours(definition, "filesystem", group="off"),
        )
        for storage, seconds in (("in_memory", ours), ("filesystem", written)):
            what = f"the same a step a task, values {STORAGES[storage]}"
            yield _figure(what, seconds / raw, "x raw", WIDE_TARGETS[storage])

    def chain(self, length: int, turns: int) -> Iterator[Figure]:
        """Measure a chain, beside the raw one as it is and as Dask fuses it."""
        definition = chain(length)
        raw, fused, ours = by_turns(
            turns,
            lambda: self.raw(lambda: raw_chain(length)),
            lambda: self.raw(lambda: fused_chain(length)),
            lambda: self.ours(definition, "in_memory"),
        )
        what = f"chain of {length:,}"
        yield _figure(f"{what}, values in memory", ours / raw, "x raw unfused", CHAIN_TARGET)
        yield _figure(f"{what}, raw fused, for comparison", fused / raw, "x raw unfused")

    def arrays(self, folder: str, turns: int) -> Iterator[Figure]:
        """Measure big values, beside raw Dask and what it takes to write such a value once."""
        raw, ours, written, behind, write = by_turns(
            turns,
            lambda: self.raw(raw_arrays),
            lambda: self.ours(arrays, "in_memory"),
            lambda: self.ours(arrays, "filesystem"),
            lambda: self.ours(arrays, "filesystem", persist="behind", persist_buffer="1 GiB"),
            lambda: _write_array(folder),
        )
        what = "200 MB through a chain of 3"
        yield _figure(f"{what}, values in memory", ours / raw, "x raw", ARRAY_TARGET)
        unit = "x (raw + one write)"
        yield _figure(f"{what}, values on files", written / (raw + write), unit, 1)
        yield _figure(f"{what}, on files, persist: behind", behind / (raw + write), unit, 1)


def by_turns(turns: int, *works: Callable[[], float]) -> list[float]:
    """Return the fewest seconds that each work took, when all were measured by turns."""
    found = [[work() for work in works] for _ in range(turns)]
    return [min(seconds) for seconds in zip(*found, strict=True)]


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _write_array(folder: str) -> float:
    values = raw_array()
    # Like those of runs it stays: memory of a file that went is at hand, and new memory is not.
    number, _path = mkstemp(dir=folder)

    def write() -> None:
        with open(number, "wb") as file:
            pickle.dump(values, file, protocol=5)

    return _seconds(write)


def _figure(what: str, value: float, unit: str, target: float | None = None) -> Figure:
    return Figure(what=f"Dask 2 x 1, {what}", value=value, unit=unit, target=target)


def _graph() -> Figure:
    definition, steps = wide(10_000), 10_000

    def build() -> None:
        plan = create_execution_plan(definition)
        keys = {step.key: task_key(step, "r", 0) for step in plan.steps}
        assignments = [
            Assignment(chains=((s,),), upstream={k: keys[k] for k in plan.upstream_keys[s.key]})
            for s in plan.steps
        ]
        build_graph("r", b"", FUNCTIONS, assignments)

    return Figure(
        what=f"compile and Dask graph, wide of {steps:,} steps, config included",
        value=best_seconds(build) / steps * 1e6,
        unit="µs a step",
        target=GRAPH_TARGET,
    )


def benchmark() -> Iterator[Figure]:
    """Measure on two workers of one thread, events in SQLite."""
    yield _graph()
    # A client that is closed says so.
    logging.getLogger("distributed.batched").setLevel(logging.WARNING)
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        instance = stack.enter_context(DagsterInstance.local_temp(folder))
        size = {"n_workers": 2, "threads_per_worker": 1}
        opened = stack.enter_context(open_cluster(size, ClusterOptions.from_config({})))
        bench = _Bench(opened.client, instance)
        list(bench.wide(20, 1))
        for width, turns in ((100, 5), (1_000, 3), (10_000, 2)):
            yield from bench.wide(width, turns)
            if width == SMALLEST_WITH_TARGET:
                yield from bench.ungrouped(width, turns)
        yield from bench.chain(1_000, 2)
        yield from bench.arrays(folder, 3)
