"""The same pipelines in one process and on a cluster: equal results, equal events."""

from __future__ import annotations

import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import booleans

from dagsterlite import (
    AssetKey,
    AssetMaterialization,
    Backoff,
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    EventMetadataEntry,
    ExpectationResult,
    Failure,
    HookExecutionResult,
    InputDefinition,
    Int,
    List,
    ModeDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    PythonObjectDagsterType,
    RetryPolicy,
    RetryRequested,
    composite_solid,
    configured,
    dagster_type_loader,
    dagster_type_materializer,
    event_list_hook,
    execute_pipeline,
    failure_hook,
    fs_io_manager,
    local_file_manager,
    logger,
    pipeline,
    resource,
    solid,
    success_hook,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import HandledOutputData
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


@configured(sort_out, config_schema={"tens": int})
def sort_out_tens(config):
    return {"number": config["tens"] * 10}


@composite_solid(
    config_schema={"by": int},
    config_fn=lambda config: {"sort_out_tens": {"config": {"tens": config["by"]}}},
    output_defs=[OutputDefinition(str)],
)
def sorts_inside():
    return sort_out_tens().text


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


@solid(tags={"dagsterlite/timeout": 0.1}, retry_policy=RetryPolicy(1))
def endless(_context):
    while True:
        time.sleep(0.01)


@pipeline
def time_limits():
    add_one(endless())
    add_one.alias("beside")(one())


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


@success_hook(required_resource_keys={"counter"})
def on_success(context):
    context.log.info("%s: %s", context.solid.name, context.solid_output_values)
    assert context.resources.counter == 7


@failure_hook
def on_failure(context):
    raise KeyError(repr(context.solid_exception))


@event_list_hook
def on_events(context, event_list):
    kinds = [event.event_type_value for event in event_list]
    kinds = [kind for kind in kinds if kind not in {"ENGINE_EVENT", "OBJECT_STORE_OPERATION"}]
    context.log.info("%s: %s", context.step_key, kinds)
    return HookExecutionResult("on_events", is_skipped="STEP_RESTARTED" not in kinds)


@solid(retry_policy=RetryPolicy(2, delay=0.001, backoff=Backoff.EXPONENTIAL))
def flaky(context):
    if context.retry_number < 2:
        raise ValueError(context.retry_number)
    return context.retry_number


@solid
def final(_context):
    raise Failure("final", allow_retries=False)


@composite_solid
def hooked_inside():
    add_one.alias("hooked")(retries_in_vain.with_retry_policy(RetryPolicy(5)).alias("vain")())
    wrong_type.with_hooks({on_events})()


@on_success
@pipeline(
    mode_defs=[ModeDefinition(resource_defs={"counter": counter})],
    hook_defs={on_failure},
    solid_retry_policy=RetryPolicy(1),
)
def hooks_and_policies():
    add_one(flaky.with_hooks({on_events, on_success})())
    add_one.alias("after_final")(final.with_hooks({on_events})())
    add_one.alias("after_fails")(fails())
    hooked_inside.with_hooks({on_events})()


@pipeline(
    mode_defs=[
        ModeDefinition(
            resource_defs={"counter": counter.configured(lambda config: config["n"], {"n": Int})}
        )
    ]
)
def preconfigured():
    sort_out_tens()
    sort_out.configured({"number": 7}, name="sort_out_seven")()
    sorts_inside.configured(lambda by: {"by": by}, "sorts_by", int)()
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


@solid(required_resource_keys={"files"})
def writes_file(context):
    return context.resources.files.write_data(b"foo", ext="txt")


@solid(required_resource_keys={"files"})
def reads_file(context, handle):
    return context.resources.files.read_data(handle)


@pipeline(mode_defs=[ModeDefinition(resource_defs={"files": local_file_manager})])
def files():
    reads_file(writes_file())


@pytest.mark.parametrize("in_folder", [False, True])
def test_files_pass_from_worker_to_worker(
    in_folder: bool, cluster: Cluster, tmp_path: Path
) -> None:
    config = {"base_dir": str(tmp_path)} if in_folder else {}
    more = {"resources": {"files": {"config": config}}}
    here, told_here, _ = run(files, {**QUIET, **more})
    _, told_there, values = run(files, {**cluster.config(), **more})

    assert here.success
    assert values["reads_file"] == {"result": b"foo"}
    assert told_there == told_here
    if in_folder:
        assert Path(values["writes_file"]["result"].path).parent == tmp_path


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
        return result, by_step(entries), values


def by_step(entries: Iterable[EventLogEntry]) -> dict[str, list[str]]:
    """Return the run's events, and for each step its events and what was logged among them."""
    steps: dict[str, list[str]] = {}
    for entry in entries:
        event = entry.dagster_event
        if event is None and entry.step_key:
            steps.setdefault(entry.step_key, []).append(f"LOG {entry.user_message}")
        elif event is not None and event.event_type_value not in NOT_COMPARED:
            steps.setdefault(entry.step_key, []).append(plain(event))
    return steps


def plain(event: DagsterEvent) -> str:
    """Return an event without what differs from run to run: durations, traces, run folders."""
    data: Any = event.event_specific_data
    if isinstance(data, HandledOutputData):
        return f"{event.event_type_value} {data.output_name} {data.manager_key}"
    if hasattr(data, "duration_ms"):
        return event.event_type_value
    if hasattr(data, "error") and data.error is not None:
        error, cause = data.error, data.error.cause
        why = [error.cls_name, error.message, cause.message if cause else ""]
        return f"{event.event_type_value} {why}"
    return f"{event.event_type_value} {to_json(data)}"


def assert_equal_runs(
    definition: PipelineDefinition,
    cluster: Cluster,
    more: dict[str, Any] | None = None,
    persist: str = "through",
) -> None:
    here, told_here, values_here = run(definition, {**QUIET, **(more or {})})
    config = {**cluster.config(persist=persist), **(more or {})}
    there, told_there, values_there = run(definition, config)
    assert there.status is here.status
    assert told_there == told_here
    assert values_there == values_here


@pipeline(mode_defs=[ModeDefinition(resource_defs={"io_manager": fs_io_manager})])
def dynamic_managed():
    other = one()
    total(spreads().map(lambda number: retries_or_fails(number, other)).collect())


def dynamic_config(number: int) -> dict[str, Any]:
    spread = {"spreads": {"config": {"number": number}}}
    return {"solids": {**spread, "spread_and_add": {"solids": spread}}}


@pytest.mark.parametrize("persist", ["through", "behind"])
@pytest.mark.parametrize(
    ("definition", "config"),
    [
        (retries, {}),
        (failures, {}),
        (time_limits, {}),
        (branches, {"solids": {"sort_out": {"config": {"number": 3}}}}),
        (branches, {"solids": {"sort_out": {"config": {"number": 30}}}}),
        (nothings, {}),
        (composites, {}),
        (with_resource, {"resources": {"counter": {"config": 7}}}),
        (events, {}),
        (hooks_and_policies, {"resources": {"counter": {"config": 7}}}),
        (
            preconfigured,
            {
                "solids": {"sort_out_tens": {"config": {"tens": 3}}, "sorts_by": {"config": 2}},
                "resources": {"counter": {"n": 5}},
            },
        ),
        *((dynamic, dynamic_config(number)) for number in (0, 3, 5)),
        *(
            (dynamic_managed, {"solids": {"spreads": {"config": {"number": number}}}})
            for number in (0, 3, 5)
        ),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_a_pipeline_runs_on_a_cluster_as_in_one_process(
    definition: PipelineDefinition, config: dict[str, Any], persist: str, cluster: Cluster
) -> None:
    assert_equal_runs(definition, cluster, config, persist)


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


def test_an_output_of_a_composite_is_written_on_a_cluster_as_in_one_process(
    cluster: Cluster, tmp_path: Path
) -> None:
    path = tmp_path / "result"
    solids = {"outer": {"outputs": {"result": {"json": {"path": str(path)}}}}}
    here, told_here, _ = run(composites, {**QUIET, "solids": solids})
    assert here.success
    path.unlink()
    there, told_there, _ = run(composites, {**cluster.config(), "solids": solids})
    assert there.success
    assert told_there == told_here
    assert path.read_text() == '{"value": 3}'


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(nodes=graphs(), is_behind=booleans())
def test_a_random_pipeline_runs_on_a_cluster_as_in_one_process(
    nodes: list[Node], is_behind: bool, cluster: Cluster
) -> None:
    definition = pipeline_of(nodes).with_hooks({on_events, on_failure})
    assert_equal_runs(definition, cluster, persist="behind" if is_behind else "through")


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
