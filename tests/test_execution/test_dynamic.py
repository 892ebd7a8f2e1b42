"""Runs of pipelines with dynamic outputs, in one process."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    EventMetadataEntry,
    InputDefinition,
    Int,
    ModeDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryRequested,
    composite_solid,
    create_execution_plan,
    create_run_for_pipeline,
    execute_pipeline,
    execute_pipeline_iterator,
    execute_run,
    pipeline,
    resource,
    solid,
)
from dagsterlite.errors import DagsterInvariantViolationError, DagsterTypeCheckDidNotPass
from dagsterlite.events.engine import StepsResolved
from dagsterlite.events.fold import fold
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.solid_result import SolidExecutionResult
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, kinds, logged, told

QUIET: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
ON_FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}


@solid(output_defs=[DynamicOutputDefinition(int)], config_schema={"keys": [str]})
def emit(context):
    for number, key in enumerate(context.solid_config["keys"]):
        yield DynamicOutput(number, mapping_key=key)


@solid
def ten(_context):
    return 10


@solid
def add(_context, first: int, second: int) -> int:
    return first + second


@solid
def double(_context, number: int) -> int:
    return 2 * number


@solid
def listed(_context, found: list[int]):
    return list(found)


@pipeline
def sums():
    constant = ten()
    listed(double(emit().map(lambda n: add(n, constant))).collect())


def of_solid(result: PipelineExecutionResult, name: str) -> SolidExecutionResult:
    found = result.result_for_solid(name)
    assert isinstance(found, SolidExecutionResult)
    return found


def run(
    definition: Any, keys: list[str] | None = None, name: str = "emit", **more: Any
) -> PipelineExecutionResult:
    solids = {} if keys is None else {"solids": {name: {"config": {"keys": keys}}}}
    return execute_pipeline(definition, {**QUIET, **solids, **more}, raise_on_error=False)


@pytest.mark.parametrize("storage", [{}, ON_FILES], ids=["in memory", "on files"])
def test_mapped_steps_run_once_a_mapping_key_and_are_collected_in_the_order_yielded(
    storage: dict[str, Any],
) -> None:
    result = run(sums, ["z", "a", "M_1"], **storage)

    assert result.success
    assert result.output_for_solid("emit") == {"z": 0, "a": 1, "M_1": 2}
    assert result.output_for_solid("double") == {"z": 20, "a": 22, "M_1": 24}
    assert result.output_for_solid("listed") == [20, 22, 24]
    mapped = [f"{name}.compute[{key}]" for name in ("add", "double") for key in ("z", "a", "M_1")]
    assert list(result.events_by_step_key) == [
        *("emit.compute", "ten.compute"),
        *mapped,
        "listed.compute",
    ]


def test_events_tell_mapping_keys_and_which_steps_came_to_be() -> None:
    result = run(sums, ["z", "a"])
    emitted = of_solid(result, "emit").output_events_during_compute

    assert [event.step_output_data.mapping_key for event in emitted] == ["z", "a"]
    assert emitted[0].message == (
        'Yielded output "result" mapping key "z" of type "Int". (Type check passed).'
    )
    resolved = [
        getattr(event.event_specific_data, "detail", None)
        for event in result.event_list
        if event.event_type_value == "ENGINE_EVENT"
    ]
    assert [found for found in resolved if isinstance(found, StepsResolved)] == resolved
    assert resolved[0].mapping_keys == ("z", "a")
    assert resolved[0].step_keys == ("add.compute[?]", "double.compute[?]")
    after = told(result.event_list).index("ENGINE_EVENT")
    assert told(result.event_list)[after - 1] == "STEP_SUCCESS emit.compute"


def test_without_values_nothing_is_mapped_and_an_empty_list_is_collected() -> None:
    result = run(sums, [])

    assert result.success
    assert result.output_for_solid("listed") == []
    assert result.output_for_solid("emit") == {}
    assert result.output_for_solid("double") == {}
    assert result.result_for_solid("double").success
    assert not result.result_for_solid("double").skipped
    assert not any("add" in key for key in result.events_by_step_key)


def test_a_dynamic_output_is_collected_without_being_mapped() -> None:
    @pipeline
    def direct():
        listed(emit().collect())

    assert run(direct, ["b", "a"]).output_for_solid("listed") == [0, 1]
    assert run(direct, []).output_for_solid("listed") == []


def test_composites_are_mapped_hold_mapping_and_give_dynamic_outputs() -> None:
    @composite_solid
    def four_times(number: int):
        return double.alias("second")(double.alias("first")(number))

    @composite_solid
    def whole():
        return listed(emit().map(four_times).collect())

    @composite_solid
    def dynamic():
        return emit().map(four_times)

    @pipeline
    def composed():
        whole()
        listed.alias("last")(dynamic().map(double).collect())

    config = {"solids": {"emit": {"config": {"keys": ["a", "b"]}}}}
    result = run(composed, solids={"whole": config, "dynamic": config})

    assert result.output_for_solid("whole") == [0, 4]
    assert result.output_for_solid("dynamic") == {"a": 0, "b": 4}
    assert result.output_for_solid("dynamic.four_times.first") == {"a": 0, "b": 2}
    assert result.output_for_solid("last") == [0, 8]
    assert result.result_for_solid("dynamic").success
    assert "whole.four_times.second.compute[a]" in result.events_by_step_key


def test_dynamic_outputs_follow_one_another_where_collected_between() -> None:
    @solid(output_defs=[DynamicOutputDefinition(int)])
    def split(_context, found: list[int]):
        for number in found:
            yield DynamicOutput(number, f"n{number}")

    @solid
    def count(_context, number: int, found: list[int]) -> int:
        return number * 100 + len(found)

    @pipeline
    def chained():
        first = emit().map(double)
        second = split(listed(first.collect())).map(double.alias("again"))
        listed.alias("both")(listed.alias("one")(second.collect()))
        mixed = second.map(lambda n: count(n, first.collect()))
        listed.alias("counts")(mixed.collect())

    result = run(chained, ["a", "b", "c"])

    assert result.success
    assert result.output_for_solid("both") == [0, 4, 8]
    assert result.output_for_solid("counts") == [3, 403, 803]
    assert of_solid(result, "count").step_key == "count.compute[?]"


def test_a_step_knows_its_mapping_key() -> None:
    @solid
    def name(context, number: int):
        return context.get_mapping_key()

    @solid
    def unmapped(context):
        return context.get_mapping_key()

    @pipeline
    def names():
        unmapped()
        emit().map(name)

    result = run(names, ["x", "y"])
    assert result.output_for_solid("name") == {"x": "x", "y": "y"}
    assert result.output_for_solid("unmapped") is None


def test_order_alone_may_be_mapped() -> None:
    @solid(output_defs=[DynamicOutputDefinition(Nothing)])
    def start(_context):
        yield DynamicOutput(None, "a")

    @solid(input_defs=[InputDefinition("begin", Nothing)])
    def after(context):
        return context.get_mapping_key()

    @solid(input_defs=[InputDefinition("done", Nothing)])
    def last(_context):
        return "done"

    @pipeline
    def order():
        last(start().map(after).collect())

    result = run(order)
    assert result.output_for_solid("after") == {"a": "a"}
    assert result.output_for_solid("last") == "done"


# --- what goes wrong -----------------------------------------------------------------------------


@solid(output_defs=[OutputDefinition(int, is_required=False)])
def by_key(context, number: int):
    """Do what the mapping key says."""
    deed = context.get_mapping_key()
    if deed == "fails":
        raise ValueError(deed)
    if deed == "retries" and context.retry_number < 2:
        raise RetryRequested(max_retries=2)
    if deed != "skips":
        yield Output(number)


@pipeline
def deeds():
    mapped = emit().map(by_key)
    listed(double(mapped).collect())


def test_a_failed_mapped_step_abandons_what_collects_it_and_no_other() -> None:
    result = run(deeds, ["a", "fails", "b"])

    assert result.status is DagsterRunStatus.FAILURE
    events = result.events_by_step_key
    assert kinds(events["double.compute[b]"])[-1] == "STEP_SUCCESS"
    assert kinds(events["by_key.compute[fails]"]) == ["STEP_START", "STEP_INPUT", "STEP_FAILURE"]
    for key in ("double.compute[fails]", "listed.compute"):
        assert kinds(events[key]) == ["ENGINE_EVENT"]
    mapped = of_solid(result, "by_key")
    assert not mapped.success
    assert mapped.failure_data is not None
    assert mapped.output_value() is None
    assert result.event_list[-1].message.endswith("Steps failed: by_key.compute[fails].")


def test_a_skipped_mapped_step_is_left_out_of_the_list() -> None:
    result = run(deeds, ["a", "skips", "b"])

    assert result.success
    assert result.output_for_solid("listed") == [0, 4]
    assert result.output_for_solid("double") == {"a": 0, "b": 4}
    assert result.result_for_solid("double").success
    assert not result.result_for_solid("double").skipped
    assert kinds(result.events_by_step_key["double.compute[skips]"]) == ["STEP_SKIPPED"]


def test_where_all_mapped_steps_are_skipped_so_is_what_collects_them() -> None:
    result = run(deeds, ["skips"])

    assert result.success
    assert result.result_for_solid("double").skipped
    assert not result.result_for_solid("double").success
    assert result.result_for_solid("listed").skipped


def test_each_mapped_step_is_retried_by_itself() -> None:
    result = run(deeds, ["a", "retries"])

    assert result.success
    assert result.output_for_solid("listed") == [0, 2]
    assert of_solid(result, "by_key").retry_attempts == 2
    assert kinds(result.events_by_step_key["by_key.compute[a]"]).count("STEP_START") == 1


def test_only_the_values_of_a_dynamic_steps_last_attempt_count() -> None:
    @solid(output_defs=[DynamicOutputDefinition(int)])
    def emits_again(context):
        yield DynamicOutput(context.retry_number, f"try_{context.retry_number}")
        if not context.retry_number:
            raise RetryRequested
        yield DynamicOutput(7, "seven")

    @pipeline
    def again():
        listed(emits_again().map(double).collect())

    result = run(again)
    assert result.output_for_solid("emits_again") == {"try_1": 1, "seven": 7}
    assert result.output_for_solid("listed") == [2, 14]
    assert "double.compute[try_0]" not in result.events_by_step_key
    by_name = of_solid(result, "emits_again").compute_output_events_dict
    assert [event.step_output_data.mapping_key for event in by_name["result"]] == ["try_1", "seven"]


@pytest.mark.parametrize("how", ["fails", "leaves out"])
def test_behind_a_dynamic_output_that_did_not_come_to_be_one_step_stands_for_all(how: str) -> None:
    @solid(output_defs=[DynamicOutputDefinition(int, is_required=False)])
    def emits_none(_context):
        yield from ()
        if how == "fails":
            raise ValueError(how)

    @pipeline
    def none():
        listed(double(emits_none().map(double.alias("mapped"))).collect())

    result = run(none)
    found = {key: kinds(events) for key, events in result.events_by_step_key.items()}
    end = "ENGINE_EVENT" if how == "fails" else "STEP_SKIPPED"
    del found["emits_none.compute"]
    assert found == {
        "mapped.compute[?]": [end],
        "double.compute[?]": [end],
        "listed.compute": [end],
    }
    assert result.success is (how != "fails")
    assert result.result_for_solid("double").skipped is (how != "fails")
    assert not result.result_for_solid("double").success
    if how != "fails":
        message = result.events_by_step_key["mapped.compute[?]"][0].message
        assert "these outputs were not yielded: emits_none.compute.result" in message


def yields(*outputs: Any) -> Any:
    @solid(output_defs=[DynamicOutputDefinition(int), OutputDefinition(int, "one")])
    def wrong(_context) -> Iterator[Any]:
        yield from outputs
        yield Output(1, "one")

    return wrong


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        (
            (DynamicOutput(1, "a"), DynamicOutput(2, "b"), DynamicOutput(3, "a")),
            "returned dynamic output 'result' with mapping key 'a' multiple times. Give each",
        ),
        ((Output(1),), r"an Output for dynamic output 'result'. Yield DynamicOutput\(value, map"),
        ((DynamicOutput(1, "a", "one"),), "a DynamicOutput for output 'one', which is not dynamic"),
        ((DynamicOutput(1, "a", "resul"),), "'resul' that does not exist. Did you mean 'result'"),
    ],
)
def test_a_wrong_output_fails_the_step_with_its_mend(outputs: Any, message: str) -> None:
    definition = PipelineDefinition([yields(*outputs)])
    with pytest.raises(DagsterInvariantViolationError, match=message):
        execute_pipeline(definition, QUIET)


def test_each_value_is_checked_against_the_outputs_type() -> None:
    definition = PipelineDefinition([yields(DynamicOutput("text", "a"))])
    message = r'step output "result\[a\]" of step "wrong\.compute" - expected type'
    with pytest.raises(DagsterTypeCheckDidNotPass, match=message):
        execute_pipeline(definition, QUIET)


def test_dynamic_outputs_may_be_returned() -> None:
    def returning(answer: Any) -> Any:
        @solid(output_defs=[DynamicOutputDefinition(int)])
        def returns(_context):
            return answer

        return pipeline(name="returning")(lambda: listed(returns().collect()))

    both = [DynamicOutput(1, "a"), DynamicOutput(2, "b")]
    assert run(returning(both)).output_for_solid("listed") == [1, 2]
    assert run(returning(both[1])).output_for_solid("listed") == [2]
    assert run(returning([])).output_for_solid("listed") == []
    for answer in (None, [1], {"a": 1}):
        with pytest.raises(DagsterInvariantViolationError, match="Yield a DynamicOutput for each"):
            execute_pipeline(returning(answer), QUIET)


# --- what belongs to a run ---------------------------------------------------------------------


def test_metadata_of_an_output_stands_on_its_event() -> None:
    entry = EventMetadataEntry.int(3, "rows")

    @solid(output_defs=[DynamicOutputDefinition(int), OutputDefinition(int, "one")])
    def tells(_context):
        yield DynamicOutput(1, "a", metadata_entries=[entry])
        yield Output(2, "one", metadata_entries=[entry])

    definition = PipelineDefinition([tells])
    events = of_solid(run(definition), "tells").output_events_during_compute
    assert [event.step_output_data.metadata_entries for event in events] == [[entry], [entry]]


def test_mapped_steps_share_the_runs_resources_and_bear_their_tags() -> None:
    made: list[str] = []

    @resource
    def once(_context):
        made.append("made")
        return 5

    @solid(required_resource_keys={"once"}, tags={"dagster/priority": "9"})
    def uses(context, number: int):
        return number + context.resources.once

    @solid(tags={"dagster/priority": "1"})
    def slow(context):
        return 1

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"once": once})])
    def shares():
        slow()
        emit.tag({"dagster/priority": 5})().map(uses)

    result = run(shares, ["a", "b"])
    assert made == ["made"]
    assert result.output_for_solid("uses") == {"a": 5, "b": 6}
    assert list(result.events_by_step_key) == [
        "emit.compute",
        "uses.compute[a]",
        "uses.compute[b]",
        "slow.compute",
    ]


def test_a_wrong_tag_of_a_mapped_solid_is_told_before_it_is_mapped() -> None:
    definition = pipeline(name="wrong")(
        lambda: emit().map(double.tag({"dagster/priority": "high"}))
    )
    result = run(definition, ["a"])
    assert not result.success
    assert "emit.compute" not in result.events_by_step_key


class Box:
    """Something that a weak reference can be held to."""


def test_values_are_let_go_once_no_step_needs_them() -> None:
    boxes: list[weakref.ref[Box]] = []

    @solid(output_defs=[DynamicOutputDefinition()])
    def emits_boxes(_context):
        for key in ("a", "b"):
            box = Box()
            boxes.append(weakref.ref(box))
            yield DynamicOutput(box, key)
            del box

    @solid
    def common(_context):
        box = Box()
        boxes.append(weakref.ref(box))
        return box

    @solid
    def takes(_context, box, other):
        return 1

    @solid
    def looks(_context, found: list[int]):
        gc.collect()
        return [box() is None for box in boxes]

    @pipeline
    def boxed():
        shared = common.tag({"dagster/priority": 1})()
        looks(emits_boxes().map(lambda box: takes(box, shared)).collect())

    result = run(boxed, **ON_FILES)
    assert result.output_for_solid("looks") == [True, True, True]
    loads = [event for event in result.event_list if "Retrieved" in (event.message or "")]
    assert loads == []


def test_the_log_of_a_run_tells_all_steps_that_it_came_to() -> None:
    config = {**QUIET, "solids": {"emit": {"config": {"keys": ["a", "b"]}}}}
    with DagsterInstance.ephemeral() as instance:
        execute_pipeline(sums, config, instance=instance)
        entries = logged(instance)
    assert_gap_free(entries)
    stats = fold(entries)
    assert stats.resolved == {
        "add.compute[?]": ("add.compute[a]", "add.compute[b]"),
        "double.compute[?]": ("double.compute[a]", "double.compute[b]"),
    }
    assert len(stats.steps) == 7


def test_an_iterator_names_the_steps_of_the_plan() -> None:
    config = {**QUIET, "solids": {"emit": {"config": {"keys": ["a"]}}}}
    events = execute_pipeline_iterator(sums, config)
    assert "double.compute[?]" in events.step_keys
    assert kinds(events)[-1] == "PIPELINE_SUCCESS"


def test_part_of_a_run_takes_mapping_keys_from_what_the_run_has_stored(tmp_path: Any) -> None:
    config = {
        **QUIET,
        "solids": {"emit": {"config": {"keys": ["a", "b"]}}},
        "intermediate_storage": {"filesystem": {"config": {"base_dir": str(tmp_path)}}},
    }
    plan = create_execution_plan(sums, config)
    with DagsterInstance.ephemeral() as instance:
        whole = create_run_for_pipeline(sums, run_config=config, instance=instance)
        execute_run(sums, whole, instance)
        folder = tmp_path / whole.run_id / "intermediates"
        for step in ("double", "listed"):
            for manifest in folder.glob(f"{step}.compute*/manifest.json"):
                manifest.unlink()
        part = plan.build_subset_plan(["double", "listed"])
        with DagsterInstance.ephemeral() as other:
            run_again = other.create_run(
                pipeline_name="sums",
                run_id=whole.run_id,
                run_config=config,
                step_keys_to_execute=part.step_keys_to_execute,
            )
            result = execute_run(sums, run_again, other)
    assert result.success
    assert result.output_for_solid("listed") == [20, 22]
    assert list(result.events_by_step_key) == [
        "double.compute[a]",
        "double.compute[b]",
        "listed.compute",
    ]


def test_many_mapped_steps_are_soon_done() -> None:
    definition = pipeline(name="wide")(lambda: listed(emit().map(double).collect()))
    result = run(definition, [f"k{number}" for number in range(1_000)])
    assert result.output_for_solid("listed") == [2 * number for number in range(1_000)]


def test_the_type_of_each_value_is_that_of_the_mapped_input() -> None:
    assert emit.output_defs[0].dagster_type is Int
