"""From the steps of a run to a Dask graph. Pure.

Only texts, bytes and callables of the standard library and cloudpickle stand in the graph: the
scheduler unpickles it, and has neither dagsterlite nor the user's code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any, TypeAlias

import cloudpickle
from dask._task_spec import Task, TaskRef
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import ExecutionStep, StepOutput
from dagsterlite_dask.keys import TaskKey, node_key, output_key, task_key
from dagsterlite_dask.messages import chains_to_wire
from dagsterlite_dask.placement import Placement, placement_of

Again: TypeAlias = tuple[int, bool] | tuple[int, bool, str]
"""The number of retries before, and whether the task makes sure that its start is heard.

A third part says what became of a step that took its workers down: the task only tells that.
"""


def only_tells(again: Again | None) -> bool:
    """Return whether a task only tells what became of a step that took its workers down."""
    return again is not None and bool(again[2:])


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Steps as they are given to the cluster, as one task: a linear chain, or several alike."""

    chains: tuple[tuple[ExecutionStep, ...], ...]
    #: For each step that the first of each chain needs: its task's key, or its receipt as JSON.
    upstream: Mapping[str, TaskKey | str]
    again: Again | None = None
    #: Unix seconds of its submission.
    submitted: float = 0.0

    @property
    def steps(self) -> Iterator[ExecutionStep]:
        """All its steps, in topological order."""
        return chain.from_iterable(self.chains)


@dataclass(frozen=True, kw_only=True)
class Producers:
    """The steps that have, or will have, results on the cluster."""

    steps: Mapping[str, ExecutionStep]
    #: The workers that hold the results of those with dynamic outputs.
    workers: Mapping[str, str] = field(default_factory=dict)
    #: Those whose results stand among others in the result of one task.
    among_others: Collection[str] = ()


@dataclass(frozen=True, kw_only=True)
class Functions:
    """What the tasks call; importable where dagsterlite is."""

    #: Runs the steps of a task: ``((run_id, payload), chains, again, submitted, *upstream)``.
    run_steps: Callable[..., Any]
    #: Picks outputs of a step out of its task's result: ``(result, step_key, places)``.
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
        assignments: The steps, in topological order; those of a task are placed alike.
        submission: The number of this submission of the run.
        producers: The steps that these may need (default: those of this submission).
        place: Tells where and when Dask may run a step.
    """
    shared = node_key("run", run_id)
    call = cloudpickle.dumps(partial(functions.run_steps, (run_id, payload)))
    layers = {"run": MaterializedLayer({shared: Task(shared, cloudpickle.loads, call)})}
    select = cloudpickle.dumps(functions.select_outputs)
    producers = producers or Producers(
        steps={step.key: step for item in assignments for step in item.steps}
    )
    selectors = _Selectors(run_id, select, submission, producers)
    placed: dict[Placement, dict[TaskKey, Task]] = {}
    keys: dict[str, TaskKey] = {}
    for assignment in assignments:
        key = task_key(assignment.chains[-1][-1], run_id, submission)
        keys |= dict.fromkeys((step.key for step in assignment.steps), key)
        told = (chains_to_wire(assignment.chains), assignment.again, assignment.submitted)
        task = Task(key, operator.call, TaskRef(shared), *told, *selectors.of(assignment))
        placed.setdefault(place(assignment.chains[0][0]), {})[key] = task
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

    def of(self, assignment: Assignment) -> list[TaskRef | str]:
        """Return what a task takes of the steps that its own need, each once."""
        firsts = [steps[0] for steps in assignment.chains]
        found: dict[Any, TaskRef | str] = {}
        for source, at in assignment.upstream.items():
            if isinstance(at, str):
                found[at] = at
            else:
                taken = self._taken(firsts, source, at)
                found[taken.key] = taken
        return list(found.values())

    def _taken(self, steps: list[ExecutionStep], source: str, at: TaskKey) -> TaskRef:
        outputs = self._producers.steps[source].outputs
        is_alone = source not in self._producers.among_others
        if is_alone and len(outputs) == 1 and not outputs[0].is_dynamic:
            return TaskRef(at)
        wanted = {h for step in steps for h in step.upstream_outputs() if h.step_key == source}
        if is_alone and _is_all(wanted, outputs):
            return TaskRef(at)
        return TaskRef(self._selector(at, source, sorted(wanted, key=lambda h: h.label)))

    def _selector(self, at: TaskKey, source: str, wanted: list[StepOutputHandle]) -> TaskKey:
        key = output_key(self._run_id, self._producers.steps[source], wanted, self._submission)
        if key not in self._known:
            self._known.add(key)
            places = [(handle.output_name, handle.mapping_key) for handle in wanted]
            select = Task(None, cloudpickle.loads, self._select)
            task = Task(key, operator.call, select, TaskRef(at), source, places)
            self.tasks.setdefault(self._producers.workers.get(source), {})[key] = task
        return key


def _is_all(wanted: Collection[StepOutputHandle], outputs: Collection[StepOutput]) -> bool:
    """Return whether a step takes all outputs of another: who takes several values, collects."""
    if any(output.is_dynamic for output in outputs):
        return len(wanted) > 1
    return len(wanted) == len(outputs)
