"""From plans to graphs: keys, annotations, and what a scheduler must know."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import pytest
from dask._task_spec import Task
from dask.utils import key_split
from distributed.utils import key_split_group

from dagsterlite import (
    InputDefinition,
    Output,
    OutputDefinition,
    composite_solid,
    create_execution_plan,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite_dask.graph import Assignment, RunGraph, build_graph, call_graph
from dagsterlite_dask.keys import run_hex, task_key, topic_of
from dagsterlite_dask.messages import StepResult
from dagsterlite_dask.placement import Offer, Placement, placement_of
from dagsterlite_dask.submissions import FUNCTIONS

RUN_ID = "0f5c6e0a-2f63-4c8e-9a53-6a1d3b6a3c11"


@solid
def load(_context):
    return 1


@solid(tags={"dagster/priority": "3"}, input_defs=[InputDefinition("number")])
def train(_context, number):
    return number


@solid(
    tags={"dagster-dask/resource_requirements": '{"GPU": 1, "MEM": 2.5}'},
    input_defs=[InputDefinition("number")],
)
def on_gpu(_context, number):
    return number


@solid(output_defs=[OutputDefinition(name=name) for name in ("a", "b", "c")])
def splits(_context):
    yield Output(1, "a")
    yield Output(2, "b")
    yield Output(3, "c")


@solid(input_defs=[InputDefinition("x"), InputDefinition("y")])
def two(_context, x, y):
    return x + y


@composite_solid
def inner():
    return train.alias("again")(load())


@pipeline
def models():
    number = load()
    train(number)
    on_gpu(number)
    inner.alias("outer")()


@pipeline
def parting():
    a, b, c = splits()
    train.alias("of_a")(a)
    train.alias("also_of_a")(a)
    two.alias("of_ab")(a, b)
    two.alias("of_cc")(c, c)


def assignments(plan: ExecutionPlan, submission: int = 0) -> list[Assignment]:
    keys = {step.key: task_key(step, RUN_ID, submission) for step in plan.steps}
    return [
        Assignment(
            chains=((step,),),
            upstream={key: keys[key] for key in sorted(plan.upstream_keys[step.key])},
        )
        for step in plan.steps
    ]


def built(plan: ExecutionPlan) -> RunGraph:
    return build_graph(RUN_ID, b"payload", FUNCTIONS, assignments(plan))


def tasks_of(graph: RunGraph) -> Mapping[Any, Task]:
    return dict(graph.graph)


# --- keys ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run_id",
    [
        RUN_ID,
        "2b34841a-4226-448c-a72f-1f9ed1fb60d2",
        "nightly",
        "",
        "ein-Lauf/ü",
        "a" * 300,
        "deadbeef",
    ],
)
def test_dask_takes_the_solid_for_a_keys_prefix_and_the_run_for_its_group(run_id: str) -> None:
    plan = create_execution_plan(models)
    for step in plan.steps:
        key = task_key(step, run_id)
        assert key_split(key) == step.solid_def.name
        assert key_split_group(key) == f"{step.solid_def.name}-{run_hex(run_id)}"


def test_runs_never_share_a_key() -> None:
    ids = [RUN_ID, RUN_ID.upper(), RUN_ID.replace("-", ""), f"{{{RUN_ID}}}", "nightly", "Nightly"]
    assert len({run_hex(run_id) for run_id in ids}) == len(ids)
    assert len({topic_of(run_id) for run_id in ids}) == len(ids)


def test_steps_of_one_solid_and_submissions_of_one_step_have_keys_of_their_own() -> None:
    plan = create_execution_plan(parting)
    keys = {task_key(step, RUN_ID, number) for step in plan.steps for number in range(3)}

    assert len(keys) == 3 * len(plan.steps)


# --- annotations ---------------------------------------------------------------------------------


def test_tags_become_the_annotations_of_their_steps_tasks() -> None:
    graph = built(create_execution_plan(models))
    found: dict[Any, Any] = {}
    for layer in graph.graph.layers.values():
        found |= dict.fromkeys(layer.get_output_keys(), layer.annotations or {})

    assert found[graph.keys["load.compute"]] == {}
    assert found[graph.keys["train.compute"]] == {"priority": 3}
    assert found[graph.keys["outer.again.compute"]] == {"priority": 3}
    assert found[graph.keys["on_gpu.compute"]] == {"resources": {"GPU": 1.0, "MEM": 2.5}}


@pytest.mark.parametrize(
    "text", ["", "GPU", "[]", "1", '"GPU"', '{"GPU": "many"}', '{"GPU": 0}', '{"GPU": -1}',
             '{"GPU": NaN}', '{"GPU": Infinity}', '{"GPU": null}']
)  # fmt: skip
def test_a_tag_for_resources_that_is_wrong_is_told_with_its_solid(text: str) -> None:
    @solid(tags={"dagster-dask/resource_requirements": text})
    def tagged(_context):
        return 1

    @pipeline
    def of_tagged():
        tagged()

    (step,) = create_execution_plan(of_tagged).steps
    with pytest.raises(DagsterInvariantViolationError, match="of solid 'tagged' must be a JSON"):
        placement_of(step)


def test_a_placement_needs_all_of_its_resources_on_one_worker() -> None:
    wish = Placement(0, (("GPU", 1.0), ("MEM", 2.0)))

    assert wish.is_offered_by({"v": Offer({}), "w": Offer({"GPU": 2.0, "MEM": 2.0})})
    assert not wish.is_offered_by({"v": Offer({"GPU": 2.0}), "w": Offer({"MEM": 2.0})})
    assert not wish.is_offered_by({})
    assert Placement().is_offered_by({"w": Offer({})})


# --- the graph -----------------------------------------------------------------------------------


def test_a_step_depends_on_the_steps_that_it_needs_and_on_what_all_share() -> None:
    plan = create_execution_plan(models)
    graph = built(plan)
    tasks = tasks_of(graph)
    shared = f"dagsterlite_run-{run_hex(RUN_ID)}"

    assert tasks[graph.keys["load.compute"]].dependencies == {shared}
    assert tasks[graph.keys["train.compute"]].dependencies == {
        shared,
        graph.keys["load.compute"],
    }
    assert len(tasks) == len(plan.steps) + 1


def test_a_consumer_depends_on_no_more_outputs_than_it_takes() -> None:
    graph = built(create_execution_plan(parting))
    tasks = tasks_of(graph)

    def sources(step: str) -> list[str]:
        found = [key for key in tasks[graph.keys[step]].dependencies if isinstance(key, tuple)]
        return [key[1] for key in found]

    assert sources("of_a.compute") == ["splits:a"]
    assert sources("also_of_a.compute") == ["splits:a"]
    assert sources("of_ab.compute") == ["splits:a,b"]
    assert sources("of_cc.compute") == ["splits:c"]


def test_a_step_may_take_receipts_in_place_of_tasks() -> None:
    plan = create_execution_plan(models)
    step = plan.get_step_by_key("train")
    assignment = Assignment(
        chains=((step,),), upstream={"load.compute": "receipt"}, again=(2, True), submitted=7.5
    )
    graph = build_graph(RUN_ID, b"", FUNCTIONS, [assignment], 4)
    ((_, key),) = graph.keys.items()

    task = tasks_of(graph)[key]
    assert key[2] == 4
    assert task.args[1:] == ('[[["train.compute", null]]]', (2, True), 7.5, "receipt")


def only_for_workers(*_args: Any) -> None:
    raise AssertionError("this is of the tests, and no scheduler has it")


READ = """
import pickle, sys
sys.modules["dagsterlite"] = sys.modules["dagsterlite_dask"] = sys.modules["tests"] = None
layers, call = pickle.load(sys.stdin.buffer)
print(sum(len(dict(layer)) for layer in layers), len(call))
names = ("dagsterlite", "dagsterlite_dask", "tests")
print(sorted(name for name in sys.modules if name.startswith(names)))
"""


def test_a_process_without_dagsterlite_can_read_the_graph() -> None:
    graph = built(create_execution_plan(parting))
    call = call_graph("call", only_for_workers, [graph.keys["of_a.compute"], "text"])
    sent = pickle.dumps((list(graph.graph.layers.values()), call))

    done = subprocess.run(
        [sys.executable, "-I", "-c", READ], input=sent, capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines() == [
        "9 1",
        "['dagsterlite', 'dagsterlite_dask', 'tests']",
    ]


def test_what_was_told_does_not_travel_with_a_result() -> None:
    result = StepResult(receipt=None, values={("a", None): 1}, told=({"entries": "x" * 10_000},))
    sent = pickle.dumps(result)

    assert len(sent) < 1_000
    assert pickle.loads(sent) == StepResult(receipt=None, values={("a", None): 1})
    assert result.told == ({"entries": "x" * 10_000},)
