"""Runs on Dask that take over what earlier runs left, and give to later ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DagsterInvariantViolationError,
    DynamicOutput,
    DynamicOutputDefinition,
    Output,
    OutputDefinition,
    execute_pipeline,
    pipeline,
    reexecute_pipeline,
    solid,
)
from dagsterlite.execution.results import PipelineExecutionResult
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted

NAMES = ["one", "breaks_once", "after", "unreached"]
IN_PROCESS: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}
RESUME = {"dagster/is_resume_retry": "true"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


@pytest.fixture
def side(tmp_path: Path) -> Path:
    folder = tmp_path / "side"
    folder.mkdir()
    return folder


@solid(
    config_schema=CONFIG,
    output_defs=[OutputDefinition(int, "some"), OutputDefinition(int, "none", is_required=False)],
)
def one(context):
    note(context.solid_config["folder"], "one")
    yield Output(1, "some")


@solid(config_schema=CONFIG)
def breaks_once(context, x: int) -> int:
    if note(context.solid_config["folder"], "breaks_once") == 1:
        raise ValueError("once")
    return x + 1


@solid(config_schema=CONFIG)
def after(context, x: int, y: int) -> int:
    note(context.solid_config["folder"], "after")
    return x * 100 + y


@solid(config_schema=CONFIG)
def unreached(context, x: int) -> int:
    raise NotImplementedError


@pipeline
def graph():
    some, none = one()
    after(some, breaks_once(some))
    unreached(none)


MULTIPROCESS: dict[str, Any] = {
    "execution": {"multiprocess": {"config": {"max_concurrent": 1}}},
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
}


def config_for(where: str, cluster: Cluster, side: Path) -> dict[str, Any]:
    kinds = {"dask": cluster.config(), "in_process": IN_PROCESS, "multiprocess": MULTIPROCESS}
    return {**kinds[where], **config_of(NAMES, side)}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("dask", "dask"),
        ("dask", "in_process"),
        ("in_process", "dask"),
        ("in_process", "multiprocess"),
    ],
)
def test_a_failed_run_is_resumed_on_the_same_executor_or_another(
    cluster: Cluster, instance: DagsterInstance, side: Path, first: str, second: str
) -> None:
    parent = execute_pipeline(
        graph, config_for(first, cluster, side), instance=instance, raise_on_error=False
    )
    assert not parent.success

    result = reexecute_pipeline(
        graph,
        parent.run_id,
        config_for(second, cluster, side),
        tags=RESUME,
        instance=instance,
    )

    assert result.success
    assert steps(result) == {"breaks_once.compute", "after.compute"}
    assert noted(side) == {"one": 1, "breaks_once": 2, "after": 1}
    assert result.output_for_solid("after") == 102


def test_skipped_steps_and_several_generations_are_taken_on_dask(
    cluster: Cluster, instance: DagsterInstance, side: Path
) -> None:
    note(str(side), "breaks_once")
    config = config_for("dask", cluster, side)
    first = execute_pipeline(graph, config, instance=instance)
    second = reexecute_pipeline(graph, first.run_id, config, ["breaks_once"], instance=instance)
    third = reexecute_pipeline(
        graph, second.run_id, config, ["after", "unreached"], instance=instance
    )

    assert third.output_for_solid("after") == 102
    assert third.result_for_solid("unreached").skipped
    assert noted(side) == {"one": 1, "breaks_once": 3, "after": 2}


def test_values_in_the_clusters_memory_cannot_be_taken(
    cluster: Cluster, instance: DagsterInstance, side: Path
) -> None:
    note(str(side), "breaks_once")
    config = {**config_for("dask", cluster, side), "intermediate_storage": {"in_memory": {}}}
    # Only the id is kept: the cluster holds the values for as long as there is the result.
    run_id = execute_pipeline(graph, config, instance=instance).run_id

    with pytest.raises(DagsterInvariantViolationError, match="intermediates in memory"):
        reexecute_pipeline(graph, run_id, config, ["after"], instance=instance)


def steps(result: PipelineExecutionResult) -> set[str | None]:
    return {event.step_key for event in result.step_event_list}


@solid(output_defs=[DynamicOutputDefinition(int)], config_schema=CONFIG)
def spread(context):
    note(context.solid_config["folder"], "spread")
    for number in range(3):
        yield DynamicOutput(number, f"k{number}")


@solid(config_schema=CONFIG)
def second_breaks_once(context, number: int) -> int:
    key = context.get_mapping_key()
    if note(context.solid_config["folder"], f"mapped_{key}") == 1 and key == "k1":
        raise ValueError("once")
    return number + 1


@solid(config_schema=CONFIG)
def summed(context, numbers: list[int]) -> int:
    note(context.solid_config["folder"], "summed")
    return sum(numbers)


@pipeline
def mapped():
    summed(spread().map(second_breaks_once).collect())


def test_what_failed_for_a_mapping_key_is_resumed_on_the_cluster(
    cluster: Cluster, instance: DagsterInstance, side: Path
) -> None:
    config = {
        **cluster.config(),
        **config_of(["spread", "second_breaks_once", "summed"], side),
        **IN_PROCESS,
    }
    parent = execute_pipeline(mapped, config, instance=instance, raise_on_error=False)

    result = reexecute_pipeline(mapped, parent.run_id, config, tags=RESUME, instance=instance)

    assert result.output_for_solid("summed") == 6
    assert noted(side) == {"spread": 1, "mapped_k0": 1, "mapped_k1": 2, "mapped_k2": 1, "summed": 1}


@solid
def debugs(context):
    context.pdb.set_trace()


@solid
def reads_context(context):
    step = context._step_context
    return {
        "mode": step.mode_def.name,
        "solid": step.solid.name,
        "resources": list(step.resources),
        "terminal": step.run_context.has_terminal,
        "config": step.run_config == context.run_config,
    }


@pipeline
def asking():
    debugs()
    reads_context()


def test_a_worker_has_no_terminal_to_debug_from(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    result = execute_pipeline(asking, cluster.config(), instance=instance, raise_on_error=False)

    failure = result.result_for_solid("debugs").failure_data  # type: ignore[union-attr]
    assert failure is not None
    assert failure.error is not None
    assert "context.pdb cannot be used in step 'debugs.compute'" in failure.error.message
    assert result.output_for_solid("reads_context") == {
        "mode": "default",
        "solid": "reads_context",
        "resources": [],
        "terminal": False,
        "config": True,
    }
