"""From a plan to one Dask graph. Pure.

Only texts, bytes and callables of the standard library and cloudpickle stand in the graph: the
scheduler unpickles it, and has neither dagsterlite nor the user's code.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cloudpickle
from dask._task_spec import DataNode, Task, TaskRef
from dask.highlevelgraph import HighLevelGraph, MaterializedLayer

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.ready import priority_of
from dagsterlite.plan.step import ExecutionStep
from dagsterlite_dask.keys import TaskKey, node_key, task_key

RESOURCES_TAG: Final = "dagster-dask/resource_requirements"


@dataclass(frozen=True)
class Placement:
    """Where and when Dask may run a step, as Dask's own annotations say it."""

    priority: int = 0
    #: Pairs of worker resource and amount.
    resources: tuple[tuple[str, float], ...] = ()

    def annotations(self) -> dict[str, Any]:
        """Return Dask's annotations; empty for a step without wishes."""
        found: dict[str, Any] = {}
        if self.priority:
            found["priority"] = self.priority
        if self.resources:
            found["resources"] = dict(self.resources)
        return found


def placement_of(step: ExecutionStep) -> Placement:
    """Return a step's placement, from its tags.

    Raises:
        DagsterInvariantViolationError: a tag is wrong; the message names solid and tag.
    """
    text = step.tags.get(RESOURCES_TAG)
    if text is None:
        return Placement(priority_of(step))
    try:
        resources = {str(name): float(amount) for name, amount in json.loads(text).items()}
    except (ValueError, TypeError, AttributeError):
        message = (
            f"Tag '{RESOURCES_TAG}' of solid '{step.solid_handle}' must be a JSON object from "
            f'resource to amount, e.g. {{"GPU": 1}}, not {text!r:.80}.'
        )
        raise DagsterInvariantViolationError(message) from None
    return Placement(priority_of(step), tuple(sorted(resources.items())))


def build_graph(
    plan: ExecutionPlan,
    run_id: str,
    payload: bytes,
    run_step: Callable[..., Any],
    submission: int = 0,
) -> tuple[HighLevelGraph, dict[str, TaskKey]]:
    """Return the graph of a plan, and the key of each step's task.

    Args:
        plan: The plan.
        run_id: The run.
        payload: What all steps share, sent once.
        run_step: What runs a step; importable where dagsterlite is.
        submission: The number of this submission of the run.
    """
    function, shared = node_key("step", run_id), node_key("payload", run_id)
    keys = {step.key: task_key(step, run_id, submission) for step in plan.steps}
    common = {
        function: Task(function, cloudpickle.loads, cloudpickle.dumps(run_step)),
        shared: DataNode(shared, (run_id, payload)),
    }
    layers: dict[str, MaterializedLayer] = {"run": MaterializedLayer(common)}
    tasks: dict[Placement, dict[TaskKey, Task]] = {}
    for step in plan.steps:
        upstream = _refs(plan.upstream_keys[step.key], keys)
        key = keys[step.key]
        task = Task(key, operator.call, TaskRef(function), TaskRef(shared), step.key, *upstream)
        tasks.setdefault(placement_of(step), {})[key] = task
    for number, (placement, found) in enumerate(tasks.items()):
        layers[f"steps-{number}"] = MaterializedLayer(found, placement.annotations())
    names = set(layers)
    dependencies = {name: names - {name} if name != "run" else set() for name in layers}
    return HighLevelGraph(layers, dependencies), keys


def _refs(upstream: Iterable[str], keys: Mapping[str, TaskKey]) -> list[TaskRef]:
    return [TaskRef(keys[key]) for key in sorted(upstream) if key in keys]
