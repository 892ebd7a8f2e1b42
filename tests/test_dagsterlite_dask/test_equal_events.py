"""The same pipelines in one process and on a cluster: equal results, equal events."""

from __future__ import annotations

import gc
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans

from dagsterlite import (
    AssetKey,
    AssetMaterialization,
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    EventMetadataEntry,
    ExpectationResult,
    Failure,
    InputDefinition,
    Int,
    List,
    ModeDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    PythonObjectDagsterType,
    RetryRequested,
    composite_solid,
    dagster_type_loader,
    dagster_type_materializer,
    execute_pipeline,
    logger,
    pipeline,
    resource,
    solid,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.serdes import to_json
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_execution.test_random_dynamic import Node as DynamicNode
from tests.test_execution.test_random_dynamic import dynamic_graphs, dynamic_pipeline
from tests.test_execution.test_random_pipelines import Node, graphs, pipeline_of

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
NOT_COMPARED = {"ENGINE_EVENT", "OBJECT_STORE_OPERATION"}


@solid
def one(_context):
    return 1


@solid(input_defs=[InputDefinition("number", int)], output_defs=[OutputDefinition(int)])
def add_one(context, number):
    context.log.info("adding to %s", number)
    return number + 1


@solid(input_defs=[InputDefinition("numbers", List[int])])
def total(_context, numbers):
    return sum(numbers)


@solid(
    output_defs=[
        OutputDefinition(int, "small", is_required=False),
        OutputDefinition(int, "large", is_required=False),
        OutputDefinition(str, "text"),
    ],
    config_schema={"number": int},
)
def sort_out(context):
    number = context.solid_config["number"]
    yield Output("said", "text")
    yield Output(number, "large" if number > 10 else "small")


@solid
def retries_twice(context):
    if context.retry_number < 2:
        raise RetryRequested(max_retries=2)
    return context.retry_number


@solid
def retries_in_vain(_context):
    raise RetryRequested(max_retries=1, seconds_to_wait=0.01) from ValueError("busy")


@solid
def fails(_context):
    raise ValueError("no")


@solid
def fails_on_purpose(_context):
    raise Failure("wanted", [EventMetadataEntry.text("so", "why")])


@solid(output_defs=[OutputDefinition(int)])
def wrong_type(_context):
    return "text"


@solid
def tells(_context):
    entries = [EventMetadataEntry.int(1, "n")]
    yield AssetMaterialization(AssetKey(["a", "b"]), metadata_entries=entries)
    yield ExpectationResult(success=False, label="few")
    yield Output(3)


@solid(output_defs=[OutputDefinition(Nothing)])
def side_effect(_context):
    return None


@solid(input_defs=[InputDefinition("start", Nothing)])
def after(_context):
    return "after"


@pipeline
def retries():
    add_one(retries_twice())
    add_one.alias("never")(retries_in_vain())


@pipeline
def failures():
    add_one.alias("a")(fails())
    add_one.alias("b")(add_one.alias("c")(fails_on_purpose()))
    total([wrong_type(), one()])
    add_one(one.alias("other")())


@pipeline
def branches():
    small, large, _ = sort_out()
    add_one.alias("of_small")(small)
    total([add_one.alias("of_large")(large), one()])
    total.alias("of_none")([add_one.alias("of_large_too")(large)])


@pipeline
def nothings():
    after(side_effect())


@composite_solid(output_defs=[OutputDefinition(int)])
def adds_two():
    return add_one.alias("second")(add_one.alias("first")(one()))


@pipeline
def composites():
    add_one(adds_two.alias("outer")())


@resource(config_schema=Int)
def counter(context):
    context.log.info("the counter is made")
    yield context.resource_config
    context.log.info("the counter is put away")


@solid(required_resource_keys={"counter"})
def counts(context):
    return context.resources.counter


@pipeline(mode_defs=[ModeDefinition(resource_defs={"counter": counter})])
def with_resource():
    add_one(counts())


@dagster_type_loader(config_schema={"of": int})
def load_box(_context, config):
    return Box(config["of"])


@dagster_type_materializer(config_schema={"path": str})
def write_box(_context, config, value):
    with open(config["path"], "w", encoding="utf-8") as file:
        file.write(str(value.of))
    return AssetMaterialization("box", description=f"wrote {value.of}")


class Box:
    def __init__(self, of):
        self.of = of


BoxType = PythonObjectDagsterType(Box, loader=load_box, materializer=write_box)


@solid(input_defs=[InputDefinition("box", BoxType)], output_defs=[OutputDefinition(BoxType)])
def boxed(_context, box):
    return Box(box.of + 1)


@pipeline
def boxes():
    boxed()


@pipeline
def events():
    add_one(tells())


@solid(output_defs=[DynamicOutputDefinition(int)], config_schema={"number": int})
def spreads(context):
    for number in range(context.solid_config["number"]):
        yield DynamicOutput(number, f"k{number}", metadata_entries=[EventMetadataEntry.int(1, "n")])


@solid(input_defs=[InputDefinition("number", int), InputDefinition("other", int)])
def retries_or_fails(context, number, other):
    if context.get_mapping_key() == "k1" and not context.retry_number:
        raise RetryRequested
    if context.get_mapping_key() == "k3":
        raise ValueError("no")
    return number + other


@composite_solid
def spread_and_add():
    return spreads().map(lambda number: add_one(add_one.alias("first")(number)))


@pipeline
def dynamic():
    other = one()
    mapped = spreads().map(lambda number: retries_or_fails(number, other))
    total(mapped.collect())
    total.alias("of_all")(spread_and_add().map(add_one.alias("outside")).collect())


def run(
    definition: PipelineDefinition, config: dict[str, Any], **more: Any
) -> tuple[PipelineExecutionResult, dict[str, list[str]], dict[str, Any]]:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(
            definition, config, instance=instance, raise_on_error=False, **more
        )
        entries = logged(instance)
        assert_gap_free(entries)
        found = [entry.dagster_event for entry in entries if entry.dagster_event]
        assert found == result.event_list
        values = {
            step.solid.name: step.output_values for step in result.solid_result_list if step.success
        }
        return result, by_step(result.event_list), values


def by_step(found: Iterable[DagsterEvent]) -> dict[str, list[str]]:
    steps: dict[str, list[str]] = {}
    for event in found:
        if event.event_type_value not in NOT_COMPARED:
            steps.setdefault(event.step_key or "", []).append(plain(event))
    return steps


def plain(event: DagsterEvent) -> str:
    """Return an event without what differs from run to run: durations and stack traces."""
    data: Any = event.event_specific_data
    if hasattr(data, "duration_ms"):
        return event.event_type_value
    if hasattr(data, "error") and data.error is not None:
        error, cause = data.error, data.error.cause
        why = [error.cls_name, error.message, cause.message if cause else ""]
        return f"{event.event_type_value} {why}"
    return f"{event.event_type_value} {to_json(data)}"


def assert_equal_runs(
    definition: PipelineDefinition, cluster: Cluster, more: dict[str, Any] | None = None
) -> None:
    here, told_here, values_here = run(definition, {**QUIET, **(more or {})})
    there, told_there, values_there = run(definition, {**cluster.config(), **(more or {})})
    assert there.status is here.status
    assert told_there == told_here
    assert values_there == values_here


def dynamic_config(number: int) -> dict[str, Any]:
    spread = {"spreads": {"config": {"number": number}}}
    return {"solids": {**spread, "spread_and_add": {"solids": spread}}}


@pytest.mark.parametrize(
    ("definition", "config"),
    [
        (retries, {}),
        (failures, {}),
        (branches, {"solids": {"sort_out": {"config": {"number": 3}}}}),
        (branches, {"solids": {"sort_out": {"config": {"number": 30}}}}),
        (nothings, {}),
        (composites, {}),
        (with_resource, {"resources": {"counter": {"config": 7}}}),
        (events, {}),
        *((dynamic, dynamic_config(number)) for number in (0, 3, 5)),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_pipeline_runs_on_a_cluster_as_in_one_process(
    definition: PipelineDefinition, config: dict[str, Any], cluster: Cluster
) -> None:
    assert_equal_runs(definition, cluster, config)


def test_inputs_from_config_and_written_outputs_are_the_same(
    cluster: Cluster, tmp_path: Any
) -> None:
    path = tmp_path / "box"
    solids = {"boxed": {"inputs": {"box": {"of": 1}}, "outputs": [{"result": {"path": str(path)}}]}}
    here, told_here, _ = run(boxes, {**QUIET, "solids": solids})
    there, told_there, _ = run(boxes, {**cluster.config(), "solids": solids})
    assert here.success
    assert there.success
    assert told_there == told_here
    assert path.read_text() == "2"


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nodes=graphs())
def test_a_random_pipeline_runs_on_a_cluster_as_in_one_process(
    nodes: list[Node], cluster: Cluster
) -> None:
    assert_equal_runs(pipeline_of(nodes), cluster)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nodes=dynamic_graphs(), in_memory=booleans())
def test_a_random_dynamic_pipeline_runs_on_a_cluster_as_in_one_process(
    nodes: list[DynamicNode], in_memory: bool, cluster: Cluster
) -> None:
    name = "in_memory" if in_memory else "filesystem"
    assert_equal_runs(dynamic_pipeline(nodes), cluster, {"intermediate_storage": {name: {}}})
    # A result whose values are in the cluster's memory holds on to them there.
    gc.collect()


def collecting(records: list[logging.LogRecord]) -> Callable[..., logging.Logger]:
    class Collects(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    def make(_context: Any) -> logging.Logger:
        made = logging.Logger("collects", logging.DEBUG)  # noqa: LOG001 - of this test alone
        made.addHandler(Collects())
        return made

    return make


@pytest.mark.parametrize("is_remote", [False, True])
def test_a_logger_gets_the_records_on_the_driver(is_remote: bool, cluster: Cluster) -> None:
    records: list[logging.LogRecord] = []

    @pipeline(mode_defs=[ModeDefinition(logger_defs={"mine": logger(collecting(records))})])
    def logs():
        add_one(one())

    config = cluster.config() if is_remote else {}
    result = execute_pipeline(logs, {**config, "loggers": {"mine": {}}}, tags={"team": "a"})

    assert result.success
    told = Counter(record.dagster_meta["orig_message"] for record in records)  # type: ignore[attr-defined]
    assert told["adding to 1"] == 1
    assert told['STEP_START - Started execution of step "one.compute".'] == 1
    record = next(r for r in records if r.dagster_meta["orig_message"] == "adding to 1")  # type: ignore[attr-defined]
    assert record.dagster_meta["team"] == "a"  # type: ignore[attr-defined]
    assert record.dagster_meta["step_key"] == "add_one.compute"  # type: ignore[attr-defined]
    assert record.levelno == logging.INFO
