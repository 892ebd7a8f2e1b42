"""Dynamic outputs on a cluster: further graphs of a run, and what goes wrong meanwhile."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    InputDefinition,
    Output,
    OutputDefinition,
    RetryRequested,
    create_execution_plan,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome, StoredOutput
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.growing import GrowingPlan
from dagsterlite_dask.graph import Assignment, Producers, build_graph
from dagsterlite_dask.keys import task_key
from dagsterlite_dask.messages import (
    StepResult,
    chains_from_wire,
    keys_from_wire,
    keys_to_wire,
    select_outputs,
)
from dagsterlite_dask.session import Session
from dagsterlite_dask.submissions import FUNCTIONS
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)

IN_MEMORY: dict[str, Any] = {"intermediate_storage": {"in_memory": {}}}
ON_FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}
RUN_ID = "0f5c6e0a-2f63-4c8e-9a53-6a1d3b6a3c11"
ON_GPU = {"dagster-dask/resource_requirements": '{"GPU": 1}'}


@solid(output_defs=[DynamicOutputDefinition(int)], config_schema={"number": int})
def spread(context):
    for number in range(context.solid_config["number"]):
        yield DynamicOutput(number, f"k{number}")


@solid
def two(_context):
    return 2


@solid
def times(_context, number: int, factor: int) -> int:
    return number * factor


@solid
def listed(_context, found: list[Any]):
    return list(found)


@pipeline
def products():
    factor = two()
    listed(spread().map(lambda number: times(number, factor)).collect())


def spread_over(number: int) -> dict[str, Any]:
    return {"solids": {"spread": {"config": {"number": number}}}}


@pytest.fixture
def cluster(cluster: Cluster) -> Iterator[Cluster]:
    """The shared cluster, left clean: results hold on to their values there."""
    yield cluster
    gc.collect()


# --- the graph -----------------------------------------------------------------------------------


def grown() -> GrowingPlan:
    growing = GrowingPlan(create_execution_plan(products, spread_over(2)))
    outputs = tuple(
        StoredOutput(output_name="result", address="", codec="", mapping_key=key)
        for key in ("a", "b")
    )
    receipt = Receipt(
        run_id=RUN_ID,
        step_key="spread.compute",
        attempt_id="1",
        outcome=StepOutcome.SUCCESS,
        outputs=outputs,
    )
    growing.take_up(receipt)
    return growing


def test_mapped_tasks_take_one_value_each_picked_where_the_values_are() -> None:
    plan = grown()
    spread_task = task_key(plan.step_by_key["spread.compute"], RUN_ID)
    new = [key for key in plan.step_by_key if key not in {"spread.compute", "two.compute"}]
    keys = {key: task_key(plan.step_by_key[key], RUN_ID, 1) for key in new}
    keys["spread.compute"] = spread_task
    assignments = [
        Assignment(
            chains=((plan.step_by_key[key],),),
            upstream={source: keys.get(source, "receipt") for source in plan.upstream_keys[key]},
        )
        for key in new
    ]
    producers = Producers(steps=plan.step_by_key, workers={"spread.compute": "tcp://one:1"})
    graph = build_graph(RUN_ID, b"", FUNCTIONS, assignments, 1, producers)
    tasks = dict(graph.graph)

    assert graph.keys["times.compute[b]"][1:] == ("times[b]", 1)
    picked = {
        key: next(k for k in tasks[graph.keys[key]].dependencies if "output" in k[0])
        for key in ("times.compute[a]", "times.compute[b]")
    }
    assert [key[1:] for key in picked.values()] == [
        ("spread:result[a]", 1),
        ("spread:result[b]", 1),
    ]
    assert tasks[picked["times.compute[a]"]].dependencies == {spread_task}
    (near,) = [
        layer.annotations
        for layer in graph.graph.layers.values()
        if picked["times.compute[a]"] in layer.get_output_keys()
    ]
    assert near == {"workers": ["tcp://one:1"], "allow_other_workers": True}
    collecting = tasks[graph.keys["listed.compute"]]
    assert chains_from_wire(collecting.args[1]) == [
        [("listed.compute", '[["spread.compute", "result", ["a", "b"]]]')]
    ]
    assert graph.keys["times.compute[a]"] in collecting.dependencies


def test_a_picked_result_holds_one_value_and_tells_of_no_other() -> None:
    outputs = tuple(
        StoredOutput(output_name="result", address="", codec="", mapping_key=key) for key in "ab"
    )
    receipt = Receipt(
        run_id="r",
        step_key="s",
        attempt_id="1",
        outcome=StepOutcome.SUCCESS,
        outputs=outputs,
    )
    values: dict[OutputPlace, int] = {("result", "a"): 1, ("result", "b"): 2}
    found = select_outputs(
        StepResult(receipt=receipt, values=values, told=({"entries": ""},)), "s", [("result", "b")]
    )

    assert found.receipt is not None
    assert found.receipt.outputs == outputs[1:]
    assert (found.values, found.told) == ({("result", "b"): 2}, ())


def test_mapping_keys_travel_with_the_steps_that_collect() -> None:
    plan = grown()
    assert keys_to_wire(plan.step_by_key["times.compute[a]"]) is None
    text = keys_to_wire(plan.step_by_key["listed.compute"])
    assert keys_from_wire(text) == {StepOutputHandle("spread.compute"): ("a", "b")}
    assert keys_from_wire(None) == {}


# --- on a cluster --------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", [IN_MEMORY, ON_FILES], ids=["in memory", "on files"])
def test_all_that_is_mapped_is_one_further_graph(
    storage: dict[str, Any], cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    submit = Session.submit

    def counting(session: Session, graph: Any) -> Any:
        sizes.append(len(graph.keys))
        return submit(session, graph)

    monkeypatch.setattr(Session, "submit", counting)
    result = execute_pipeline(products, {**cluster.config(), **spread_over(100), **storage})

    assert result.output_for_solid("listed") == [2 * number for number in range(100)]
    assert result.output_for_solid("times")["k7"] == 14
    assert sizes == [2, 101]


def test_the_values_of_a_dynamic_step_stay_on_its_worker(cluster: Cluster) -> None:
    result = execute_pipeline(products, {**cluster.config(), **spread_over(30), **IN_MEMORY})

    def holders(dask_scheduler: Any) -> list[int]:
        return [
            len(task.who_has)
            for key, task in dask_scheduler.tasks.items()
            if isinstance(key, tuple) and key[1] == "spread"
        ]

    assert cluster.client.run_on_scheduler(holders) == [1]
    assert result.output_for_solid("spread")["k29"] == 29


def test_an_owned_cluster_leaves_the_values_of_all_mapping_keys() -> None:
    config = {
        "execution": {"multiprocess": {"config": {"max_concurrent": 1}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        **IN_MEMORY,
    }
    result = execute_pipeline(products, {**config, **spread_over(3)})
    assert result.output_for_solid("spread") == {"k0": 0, "k1": 1, "k2": 2}
    assert result.output_for_solid("times") == {"k0": 0, "k1": 2, "k2": 4}


@solid(tags=ON_GPU)
def retried(context, number: int) -> int:
    # A step with resources does not wait in its task: the driver gives it to the cluster again.
    if context.retry_number == 0 and context.get_mapping_key() != "k0":
        raise RetryRequested(seconds_to_wait=0.2)
    return number + 1


@solid(tags=ON_GPU)
def late(context):
    if context.retry_number == 0:
        raise RetryRequested(seconds_to_wait=1)
    return 3


@pipeline
def retrying():
    factor = late()
    mapped = spread().map(lambda number: times(retried(number), factor))
    listed(mapped.collect())


@pytest.mark.parametrize("storage", [IN_MEMORY, ON_FILES], ids=["in memory", "on files"])
def test_mapped_steps_wait_for_another_attempt_of_their_own_or_of_what_they_need(
    storage: dict[str, Any], cluster: Cluster
) -> None:
    result = execute_pipeline(retrying, {**cluster.config(), **spread_over(3), **storage})

    assert result.output_for_solid("listed") == [3, 6, 9]
    kinds = Counter((e.event_type_value, e.step_key) for e in result.step_event_list)
    assert kinds["STEP_RESTARTED", "retried.compute[k1]"] == 1
    assert kinds["STEP_RESTARTED", "late.compute"] == 1
    assert kinds["STEP_SUCCESS", "times.compute[k2]"] == 1


@solid(output_defs=[DynamicOutputDefinition(int)], config_schema=CONFIG)
def spread_once(context):
    note(context.solid_config["folder"], "spread")
    for number in range(6):
        yield DynamicOutput(number, f"k{number}")


@solid(config_schema=CONFIG)
def waits_once(context, number: int) -> int:
    """Wait to be killed in the first copy for one key."""
    folder, key = context.solid_config["folder"], context.get_mapping_key()
    if key == "k3" and note(folder, "waits") == 1:
        with open(os.path.join(folder, "pid"), "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
        time.sleep(60)
    note(folder, f"ran_{key}")
    return number * 10


@pipeline
def losing():
    listed(spread_once().map(waits_once).collect())


def test_mapped_steps_recover_when_a_worker_is_killed(cluster: Cluster, tmp_path: Path) -> None:
    config = {**cluster.config(), **config_of(["spread_once", "waits_once"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        with in_background(lambda: execute_pipeline(losing, config, instance=instance)) as found:
            wait_until((tmp_path / "pid").exists)
            wait_until((tmp_path / "pid").read_text)
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        (result,) = found
        assert result.success
        assert result.output_for_solid("listed") == [0, 10, 20, 30, 40, 50]
        ran = noted(tmp_path)
        assert ran["spread"] == 1
        assert {name: times for name, times in ran.items() if name.startswith("ran")} == {
            f"ran_k{number}": 1 for number in range(6)
        }
        assert_gap_free(logged(instance))
        ends = Counter(told for told in recorded(instance) if "SUCCESS" in told)
        assert set(ends.values()) == {1}


@solid(
    output_defs=[
        OutputDefinition(int, "small"),
        OutputDefinition(int, "large"),
        DynamicOutputDefinition(int, "numbers"),
        DynamicOutputDefinition(str, "names"),
    ]
)
def several(_context):
    yield Output(1, "small")
    for number in range(2):
        yield DynamicOutput(number, f"n{number}", "numbers")
        yield DynamicOutput(f"name {number}", f"n{number}", "names")
    yield Output(100, "large")


@solid(input_defs=[InputDefinition("name"), InputDefinition("large")])
def called(_context, name, large):
    return f"{name} of {large}"


@pipeline
def several_outputs():
    small, large, numbers, names = several()
    listed(numbers.map(lambda number: times(number, large)).collect())
    listed.alias("all_names")(names.map(lambda name: called(name, small)).collect())
    listed.alias("all_numbers")(numbers.collect())


@pytest.mark.parametrize("storage", [IN_MEMORY, ON_FILES], ids=["in memory", "on files"])
def test_a_step_may_have_several_outputs_dynamic_or_not(
    storage: dict[str, Any], cluster: Cluster
) -> None:
    result = execute_pipeline(several_outputs, {**cluster.config(), **storage})

    assert result.output_for_solid("listed") == [0, 100]
    assert result.output_for_solid("all_names") == ["name 0 of 1", "name 1 of 1"]
    assert result.output_for_solid("all_numbers") == [0, 1]
    assert result.output_for_solid("several", "names") == {"n0": "name 0", "n1": "name 1"}
