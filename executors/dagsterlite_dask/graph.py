"""From the steps of a run to a Dask graph. Pure.

Only texts, bytes and callables of the standard library and cloudpickle stand in the graph: the
scheduler unpickles it, and has neither dagsterlite nor the user's code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import cloudpickle
from dask._task_spec import Task, TaskRef
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import ExecutionStep, StepOutput
from dagsterlite_dask.keys import TaskKey, node_key, output_key, task_key
from dagsterlite_dask.messages import keys_to_wire
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
class Producers:
    """The steps that have, or will have, results on the cluster."""

    steps: Mapping[str, ExecutionStep]
    #: The workers that hold the results of those with dynamic outputs.
    workers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What the tasks call; importable where dagsterlite is."""

    #: Runs a step: ``(step_key, again, mapping_keys, *upstream)``.
    run_step: Callable[..., Any]
    #: Picks outputs out of a step's result: ``(result, places)``.
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
    producers: Producers | None = None,
    place: Callable[[ExecutionStep], Placement] = placement_of,
) -> RunGraph:
    """Return the graph of a submission of a run.

    Args:
        run_id: The run.
        payload: What all steps share, sent once.
        functions: What the tasks call.
        assignments: The steps, in topological order.
        submission: The number of this submission of the run.
        producers: The steps that these may need (default: those of this submission).
        place: Tells where and when Dask may run a step.
    """
    shared = node_key("run", run_id)
    call = cloudpickle.dumps(partial(functions.run_step, (run_id, payload)))
    layers = {"run": MaterializedLayer({shared: Task(shared, cloudpickle.loads, call)})}
    select = cloudpickle.dumps(functions.select_outputs)
    producers = producers or Producers(steps={item.step.key: item.step for item in assignments})
    selectors = _Selectors(run_id, select, submission, producers)
    placed: dict[Placement, dict[TaskKey, Task]] = {}
    keys: dict[str, TaskKey] = {}
    for assignment in assignments:
        step = assignment.step
        key = keys[step.key] = task_key(step, run_id, submission)
        upstream = [selectors.of(step, source, at) for source, at in assignment.upstream.items()]
        told = (step.key, assignment.again, keys_to_wire(step))
        task = Task(key, operator.call, TaskRef(shared), *told, *upstream)
        placed.setdefault(place(step), {})[key] = task
    for number, (worker, selected) in enumerate(selectors.tasks.items()):
        # Elsewhere, Dask would send the whole result to each worker that is free.
        near = {"workers": [worker], "allow_other_workers": True} if worker else {}
        layers[f"outputs-{number}"] = MaterializedLayer(selected, near)
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

    def __init__(
        self,
        run_id: str,
        select: bytes,
        submission: int,
        producers: Producers,
    ) -> None:
        self._run_id = run_id
        self._select = select
        self._submission = submission
        self._producers = producers
        self._known: set[TaskKey] = set()
        #: By the worker that they are to run on, where one is known.
        self.tasks: dict[str | None, dict[TaskKey, Task]] = {}

    def of(self, step: ExecutionStep, source: str, at: TaskKey | str) -> TaskRef | str:
        """Return what a step's task takes of a step that it needs."""
        if isinstance(at, str):
            return at
        outputs = self._producers.steps[source].outputs
        if len(outputs) == 1 and not outputs[0].is_dynamic:
            return TaskRef(at)
        wanted = {h for h in step.upstream_outputs() if h.step_key == source}
        if _is_all(wanted, outputs):
            return TaskRef(at)
        return TaskRef(self._selector(at, source, sorted(wanted, key=lambda h: h.label)))

    def _selector(self, at: TaskKey, source: str, wanted: list[StepOutputHandle]) -> TaskKey:
        key = output_key(self._run_id, at, wanted, self._submission)
        if key not in self._known:
            self._known.add(key)
            places = [(handle.output_name, handle.mapping_key) for handle in wanted]
            select = Task(None, cloudpickle.loads, self._select)
            task = Task(key, operator.call, select, TaskRef(at), places)
            self.tasks.setdefault(self._producers.workers.get(source), {})[key] = task
        return key


def _is_all(wanted: Collection[StepOutputHandle], outputs: Collection[StepOutput]) -> bool:
    """Return whether a step takes all outputs of another: who takes several values, collects."""
    if any(output.is_dynamic for output in outputs):
        return len(wanted) > 1
    return len(wanted) == len(outputs)
