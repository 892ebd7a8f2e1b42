"""What a step costs on Dask, beside the best raw graph of the same form on the same cluster."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from tempfile import TemporaryDirectory
from typing import Any, Final

from dask._task_spec import List, Task, TaskRef, fuse_linear_task_spec
from distributed import Client

from benchmarks.figures import Figure
from benchmarks.pipelines import QUIET, chain, count, start
from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    PipelineDefinition,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite_dask.clusters.local import open_client

MEMORY_TARGET: Final = 1.25
FILES_TARGET: Final = 2.0

Graph = dict[Any, Any]


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


# --- the same without us: functions that workers import, one key prefix each ---------------------


def raw_start() -> int:
    """Begin to count."""
    return 0


def raw_count(number: int) -> int:
    """Count on."""
    return number + 1


def raw_fan(width: int) -> tuple[Graph, Any]:
    """Return the graph of :func:`fan`, and the key of its end."""
    run = uuid.uuid4().hex
    first, last = (f"start-{run}", 0), (f"add_up-{run}", 0)
    keys = [(f"count-{run}", place) for place in range(width)]
    graph: Graph = {first: Task(first, raw_start)}
    graph |= {key: Task(key, raw_count, TaskRef(first)) for key in keys}
    graph[last] = Task(last, sum, List(*map(TaskRef, keys)))
    return graph, last


def raw_chain(length: int) -> tuple[Graph, Any]:
    """Return the graph of a chain, and the key of its end."""
    run = uuid.uuid4().hex
    before = (f"start-{run}", 0)
    graph: Graph = {before: Task(before, raw_start)}
    for place in range(1, length):
        key = (f"count-{run}", place)
        graph[key] = Task(key, raw_count, TaskRef(before))
        before = key
    return graph, before


def fused_chain(length: int) -> tuple[Graph, Any]:
    """Return the graph of a chain as Dask fuses it."""
    graph, last = raw_chain(length)
    return fuse_linear_task_spec(graph, {last}), last


# --- measured ------------------------------------------------------------------------------------


class _Bench:
    def __init__(self, client: Client, instance: DagsterInstance) -> None:
        self._client = client
        self._instance = instance
        assert client.scheduler is not None
        self._cluster = {"existing": {"address": client.scheduler.address}}

    def raw(self, graph: tuple[Graph, Any]) -> float:
        """Return the seconds that a raw graph takes."""
        return _seconds(lambda: self._client.get(*graph))

    def ours(self, definition: PipelineDefinition, storage: str) -> float:
        """Return the seconds that a pipeline takes."""
        config = {
            **QUIET,
            "execution": {"dask": {"config": {"cluster": self._cluster}}},
            "intermediate_storage": {storage: {}},
        }

        def run() -> None:
            assert execute_pipeline(definition, config, instance=self._instance).success

        return _seconds(run)

    def ratio(
        self,
        definition: PipelineDefinition,
        make_raw: Callable[[], tuple[Graph, Any]],
        storage: str,
        times: int,
    ) -> float:
        """Return ours over raw, by turns, each at its best."""
        pairs = [(self.raw(make_raw()), self.ours(definition, storage)) for _ in range(times)]
        return min(ours for _, ours in pairs) / min(raw for raw, _ in pairs)


def _seconds(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def benchmark() -> Iterator[Figure]:
    """Measure wide pipelines and a chain on two workers of one thread, events in SQLite."""
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory())
        instance = stack.enter_context(DagsterInstance.local_temp(folder))
        client = stack.enter_context(open_client({"n_workers": 2, "threads_per_worker": 1}))
        bench = _Bench(client, instance)
        bench.ratio(fan(20), lambda: raw_fan(20), "filesystem", 1)
        for width, times in ((100, 5), (1_000, 3), (10_000, 1)):
            yield from _wide(bench, width, times)
        yield from _chain(bench, 1_000)


def _wide(bench: _Bench, width: int, times: int) -> Iterator[Figure]:
    definition = fan(width)
    for storage, target in (("in_memory", MEMORY_TARGET), ("filesystem", FILES_TARGET)):
        yield Figure(
            what=f"Dask 2 x 1, 1 → {width:,} → 1, values {_where(storage)}",
            value=bench.ratio(definition, lambda: raw_fan(width), storage, times),
            unit="x raw",
            # A small run is its beginning and its end: what they cost is no cost of steps.
            target=target if width >= 1_000 else None,  # noqa: PLR2004 - said above
        )


def _where(storage: str) -> str:
    return "in memory" if storage == "in_memory" else "on files"


def _chain(bench: _Bench, length: int) -> Iterator[Figure]:
    what = f"Dask 2 x 1, chain of {length:,}"
    raw = bench.raw(raw_chain(length))
    fused = bench.raw(fused_chain(length))
    ours = bench.ours(chain(length), "in_memory")
    yield Figure(what=f"{what}, values in memory", value=ours / raw, unit="x raw unfused")
    yield Figure(what=f"{what}, raw fused, for comparison", value=fused / raw, unit="x raw unfused")
