"""From the steps of a run to a Dask graph. Pure.

Only texts, bytes and callables of the standard library and cloudpickle stand in the graph: the
scheduler unpickles it, and has neither dagsterlite nor the user's code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import cloudpickle
from dask._task_spec import Task, TaskRef
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.keys import TaskKey, node_key, output_key, task_key
from dagsterlite_dask.placement import Placement, placement_of

Again: TypeAlias = tuple[int, bool] | tuple[int, bool, str]
"""The number of retries before, and whether the task makes sure that its start is heard.

A third part says what became of a step that took its workers down: the task only tells that.
"""


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """A step as it is given to the cluster."""

    step: ExecutionStep
    #: For each step that it needs: the key of its task, or its receipt as JSON.
    upstream: Mapping[str, TaskKey | str]
    again: Again | None = None


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What the tasks call; importable where dagsterlite is."""

    #: Runs a step: ``(step_key, again, *upstream)``.
    run_step: Callable[..., Any]
    #: Picks outputs out of a step's result: ``(result, names)``.
    select_outputs: Callable[..., Any]


@dataclass(frozen=True)
class RunGraph:
    """A graph, and the key of each step's task in it."""

    graph: HighLevelGraph
    keys: Mapping[str, TaskKey]


def build_graph(
    run_id: str,
    payload: bytes,
    functions: Functions,
    assignments: Sequence[Assignment],
    submission: int = 0,
) -> RunGraph:
    """Return the graph of a submission of a run.

    Args:
        run_id: The run.
        payload: What all steps share, sent once.
        functions: What the tasks call.
        assignments: The steps, in topological order.
        submission: The number of this submission of the run.
    """
    shared = node_key("run", run_id)
    call = cloudpickle.dumps(partial(functions.run_step, (run_id, payload)))
    layers = {"run": MaterializedLayer({shared: Task(shared, cloudpickle.loads, call)})}
    selectors = _Selectors(run_id, assignments, cloudpickle.dumps(functions.select_outputs))
    placed: dict[Placement, dict[TaskKey, Task]] = {}
    keys: dict[str, TaskKey] = {}
    for assignment in assignments:
        step = assignment.step
        key = keys[step.key] = task_key(step, run_id, submission)
        upstream = [selectors.of(step, source, at) for source, at in assignment.upstream.items()]
        task = Task(key, operator.call, TaskRef(shared), step.key, assignment.again, *upstream)
        placed.setdefault(placement_of(step), {})[key] = task
    if selectors.tasks:
        layers["outputs"] = MaterializedLayer(selectors.tasks)
    for number, (placement, tasks) in enumerate(placed.items()):
        layers[f"steps-{number}"] = MaterializedLayer(tasks, dict(placement.annotations))
    return RunGraph(HighLevelGraph(layers, {name: set() for name in layers}), keys)


def call_graph(key: str, function: Callable[..., Any], args: Sequence[Any]) -> dict[str, Task]:
    """Return the graph of one call of a function, importable where dagsterlite is.

    Args:
        key: The call's key.
        function: The function.
        args: Its arguments; keys of steps' tasks stand for their results.
    """
    call = Task(None, cloudpickle.loads, cloudpickle.dumps(function))
    found = [TaskRef(arg) if isinstance(arg, tuple) else arg for arg in args]
    return {key: Task(key, operator.call, call, *found)}


class _Selectors:
    """Tasks that pick the outputs a consumer needs, so that it does not pull the others."""

    def __init__(self, run_id: str, assignments: Sequence[Assignment], select: bytes) -> None:
        self._run_id = run_id
        self._select = select
        self._steps = {assignment.step.key: assignment.step for assignment in assignments}
        self.tasks: dict[TaskKey, Task] = {}

    def of(self, step: ExecutionStep, source: str, at: TaskKey | str) -> TaskRef | str:
        """Return what a step's task takes of a step that it needs."""
        if isinstance(at, str):
            return at
        producer = self._steps.get(source)
        if producer is None or len(producer.outputs) == 1:
            return TaskRef(at)
        names = {h.output_name for h in step.upstream_outputs() if h.step_key == source}
        if len(names) == len(producer.outputs):
            return TaskRef(at)
        return TaskRef(self._selector(at, sorted(names)))

    def _selector(self, at: TaskKey, names: list[str]) -> TaskKey:
        key = output_key(self._run_id, at, names)
        if key not in self.tasks:
            select = Task(None, cloudpickle.loads, self._select)
            self.tasks[key] = Task(key, operator.call, select, TaskRef(at), names)
        return key
