"""Dynamic outputs of ops, graphs and jobs, and what keeps and hears of them."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DynamicOut,
    DynamicOutput,
    GraphOut,
    IOManager,
    IOManagerDefinition,
    Out,
    ParameterCheckError,
    graph,
    job,
    op,
    success_hook,
)


@op(out=DynamicOut(int))
def spread():
    for number in range(3):
        yield DynamicOutput(number, f"k{number}", metadata={"number": number})


@op
def double(number: int) -> int:
    return 2 * number


@op
def total(numbers: list[int]) -> int:
    return sum(numbers)


def metadata_of(event: Any) -> dict[str, Any]:
    entries = event.event_specific_data.metadata_entries
    return {entry.label: entry.entry_data.value for entry in entries}


def test_ops_are_mapped_over_a_dynamic_out():
    @job
    def mapped():
        total(spread().map(double).collect())

    result = mapped.execute_in_process()

    assert result.output_for_node("total") == 6
    assert result.output_for_node("spread") == {"k0": 0, "k1": 1, "k2": 2}
    assert result.output_for_node("double") == {"k0": 0, "k1": 2, "k2": 4}
    ((told, *_),) = [[e for e in result.all_node_events if e.event_type_value == "STEP_OUTPUT"]]
    assert metadata_of(told) == {"number": 0}


@pytest.mark.parametrize(
    ("hint", "display_name"),
    [
        (list[DynamicOutput[int]], "Int"),
        (DynamicOutput[str], "String"),
        (list[int], "Any"),
        (None, "Any"),
    ],
)
def test_the_type_of_each_value_is_read_off_the_annotation(hint, display_name):
    def fn():
        return []

    fn.__annotations__["return"] = hint
    made = op(out=DynamicOut())(fn)

    assert made.outs["result"].dagster_type.display_name == display_name
    assert made.outs["result"].is_dynamic


def test_one_of_several_outs_may_be_dynamic():
    @op(out={"size": Out(int), "parts": DynamicOut(str, is_required=False)})
    def split():
        from dagsterlite import Output

        yield Output(2, "size")
        yield DynamicOutput("a", "x", "parts")
        yield DynamicOutput("b", "y", "parts")

    @op
    def upper(text: str) -> str:
        return text.upper()

    @job
    def parts():
        size, found = split()
        double(size)
        found.map(upper)

    result = parts.execute_in_process()

    assert result.output_for_node("double") == 4
    assert result.output_for_node("upper") == {"x": "A", "y": "B"}


@pytest.mark.parametrize("arguments", [{}, {"out": GraphOut()}, {"out": {"doubled": GraphOut()}}])
def test_a_graph_returns_what_is_mapped(arguments):
    @graph(**arguments)
    def doubled():
        answer = spread().map(double)
        return {"doubled": answer} if isinstance(arguments.get("out"), dict) else answer

    @job
    def summed():
        total(doubled().map(double.alias("again")).collect())

    (out,) = doubled.output_defs
    assert (out.is_dynamic, out.dagster_type.display_name) == (True, "Int")
    assert summed.execute_in_process().output_for_node("total") == 12


def test_errors_speak_of_ops():
    with pytest.raises(DagsterInvariantViolationError, match="Define the output by DynamicOut and"):

        @job
        def _not_dynamic():
            double.alias("first")().map(double)

    with pytest.raises(
        DagsterInvalidDefinitionError, match="dynamic output 'result' of op 'spread'"
    ):

        @job
        def _as_it_is():
            double(spread())


def test_an_op_that_yields_the_other_kind_is_told_what_to_define():
    @op
    def yields():
        yield DynamicOutput(1, "a")

    @job
    def wrong():
        yields()

    with pytest.raises(DagsterInvariantViolationError, match="Define it by DynamicOut, or yield"):
        wrong.execute_in_process()


def test_metadata_is_given_once():
    with pytest.raises(ParameterCheckError, match="DynamicOutput"):
        DynamicOutput(1, "a", metadata={"x": object()})


class Kept(IOManager):
    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], Any] = {}
        self.keys: list[str | None] = []

    def handle_output(self, context, obj):
        self.keys.append(context.mapping_key)
        self.values[tuple(context.get_identifier()[1:])] = obj

    def load_input(self, context):
        return self.values[tuple(context.upstream_output.get_identifier()[1:])]


def test_an_io_manager_keeps_each_value_under_its_mapping_key():
    kept = Kept()

    @job(resource_defs={"io_manager": IOManagerDefinition.hardcoded_io_manager(kept)})
    def managed():
        total(spread().map(double).collect())

    result = managed.execute_in_process()

    assert result.success
    assert kept.keys == ["k0", "k1", "k2", None, None, None, None]
    assert kept.values[("spread.compute", "result", "k1")] == 1
    assert kept.values[("double.compute[k2]", "result")] == 4
    assert result.output_for_node("double") == {"k0": 0, "k1": 2, "k2": 4}
    assert result.output_for_node("total") == 6


def test_hooks_are_told_the_values_by_mapping_key():
    heard: dict[str, Any] = {}

    @success_hook
    def hear(context):
        heard[context.step_key] = context.op_output_values

    @job(hooks={hear})
    def mapped():
        spread().map(double)

    assert mapped.execute_in_process().success
    assert heard["spread.compute"] == {"result": {"k0": 0, "k1": 1, "k2": 2}}
    assert heard["double.compute[k1]"] == {"result": 2}
