"""What the benchmarks on Dask do, without us: the best raw graphs of the same form.

Their functions are ones that workers import, and each graph has one key prefix a function.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
from dask._task_spec import List, Task, TaskRef, fuse_linear_task_spec

Graph: TypeAlias = dict[Any, Any]
Raw: TypeAlias = Callable[[], tuple[Graph, Any]]

ARRAY_NUMBERS: Final = 25_000_000
"""200 MB."""


def raw_start() -> int:
    """Begin to count."""
    return 0


def raw_count(number: int) -> int:
    """Count on."""
    return number + 1


def raw_array() -> Any:
    """Fill 200 MB."""
    return np.ones(ARRAY_NUMBERS)


def raw_doubled(values: Any) -> Any:
    """Return as much."""
    return values * 2


def raw_arrays() -> tuple[Graph, Any]:
    """Return the graph of :data:`benchmarks.on_dask.arrays`, and the key of its end."""
    run = uuid.uuid4().hex
    first, second, last = (f"array-{run}", 0), (f"doubled-{run}", 0), (f"doubled-{run}", 1)
    tasks = [Task(first, raw_array)]
    tasks += [Task(key, raw_doubled, TaskRef(at)) for key, at in ((second, first), (last, second))]
    return {task.key: task for task in tasks}, last


def raw_fan(width: int) -> tuple[Graph, Any]:
    """Return the graph of :func:`benchmarks.on_dask.fan`, and the key of its end."""
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
