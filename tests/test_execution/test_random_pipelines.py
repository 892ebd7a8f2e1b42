"""Random pipelines against a model of a few lines: same values, ends and events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from dagsterlite import (
    DagsterInstance,
    DependencyDefinition,
    InputDefinition,
    List,
    MultiDependencyDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryRequested,
    SolidDefinition,
    execute_pipeline,
    solid,
)
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged

Deed = Literal["yields", "leaves out", "fails", "retries"]
Kind = Literal["values", "fan-in", "nothing"]


@dataclass(frozen=True)
class Node:
    """A solid: what it does, how it takes its inputs, and the nodes they come from."""

    name: str
    deed: Deed
    kind: Kind
    sources: tuple[str, ...] = ()


@dataclass
class Expected:
    """What the model says of a run."""

    ends: dict[str, str] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)


def expect(nodes: list[Node]) -> Expected:
    found = Expected()
    for node in nodes:
        found.ends[node.name] = end = end_of(node, found)
        for kind in events_of(node, end, found):
            found.events[kind, f"{node.name}.compute"] += 1
        if end == "yielded":
            found.values[node.name] = value_of(node, found.values)
    return found


def end_of(node: Node, found: Expected) -> str:
    ends = [found.ends[source] for source in node.sources]
    if any(end in {"failed", "abandoned"} for end in ends):
        return "abandoned"
    absent = [end != "yielded" for end in ends]
    if absent and (all(absent) if node.kind == "fan-in" else any(absent)):
        return "skipped"
    return {"fails": "failed", "leaves out": "left out"}.get(node.deed, "yielded")


def events_of(node: Node, end: str, found: Expected) -> list[str]:
    if end == "abandoned":
        return ["ENGINE_EVENT"]
    if end == "skipped":
        return ["STEP_SKIPPED"]
    inputs = {"values": len(node.sources), "fan-in": bool(node.sources), "nothing": 0}[node.kind]
    taken = ["STEP_INPUT"] * inputs
    events = ["STEP_START", *taken]
    if node.deed == "retries":
        events += ["STEP_UP_FOR_RETRY", "STEP_RESTARTED", *taken]
    if end == "failed":
        return [*events, "STEP_FAILURE"]
    if end == "yielded":
        events += ["STEP_OUTPUT", "OBJECT_STORE_OPERATION"]
    return [*events, "STEP_SUCCESS"]


def value_of(node: Node, values: dict[str, Any]) -> Any:
    if node.kind == "nothing":
        return (node.name,)
    taken = [values[source] for source in node.sources if source in values]
    return (node.name, *taken)


def definition_of(node: Node) -> SolidDefinition:
    inputs = {
        "values": [InputDefinition(f"in_{i}") for i in range(len(node.sources))],
        "fan-in": [InputDefinition("xs", List)] if node.sources else [],
        "nothing": [InputDefinition(f"in_{i}", Nothing) for i in range(len(node.sources))],
    }[node.kind]

    @solid(
        name=node.name,
        input_defs=inputs,
        output_defs=[OutputDefinition(is_required=node.deed != "leaves out")],
    )
    def acts(context, **given_inputs):
        if node.deed == "retries" and not context.retry_number:
            raise RetryRequested
        if node.deed == "fails":
            raise ValueError(node.name)
        if node.deed != "leaves out":
            taken = given_inputs.get("xs") or given_inputs.values()
            yield Output((node.name, *taken))

    return acts


def pipeline_of(nodes: list[Node]) -> PipelineDefinition:
    dependencies: dict[str, Any] = {}
    for node in nodes:
        sources = [DependencyDefinition(source) for source in node.sources]
        if node.kind == "fan-in" and sources:
            dependencies[node.name] = {"xs": MultiDependencyDefinition(sources)}
        else:
            dependencies[node.name] = {f"in_{i}": s for i, s in enumerate(sources)}
    definitions = [definition_of(node) for node in nodes]
    return PipelineDefinition(definitions, name="random", dependencies=dependencies)


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        earlier = [node.name for node in nodes]
        deeds: list[Deed] = ["yields", "yields", "yields", "leaves out", "fails", "retries"]
        kinds: list[Kind] = ["values", "fan-in", "nothing"]
        sources = draw(st.lists(st.sampled_from(earlier), max_size=3)) if earlier else []
        deed, kind = draw(st.sampled_from(deeds)), draw(st.sampled_from(kinds))
        nodes.append(Node(f"n{number}", deed, kind, tuple(sources)))
    return nodes


@settings(max_examples=150)
@given(graphs(), st.booleans())
def test_a_random_pipeline_does_what_the_model_says(nodes: list[Node], on_files: bool) -> None:
    expected = expect(nodes)
    config = {"intermediate_storage": {"filesystem" if on_files else "in_memory": None}}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(
            pipeline_of(nodes),
            {**config, "loggers": {"console": {"log_level": "CRITICAL"}}},
            instance=instance,
            raise_on_error=False,
        )
        found = Counter((e.event_type_value, str(e.step_key)) for e in result.step_event_list)
        assert found == expected.events
        failed = "failed" in expected.ends.values()
        assert result.status is (DagsterRunStatus.FAILURE if failed else DagsterRunStatus.SUCCESS)
        for name, end in expected.ends.items():
            step = result.result_for_solid(name)
            assert step.success is (end in {"yielded", "left out"})
            assert step.skipped is (end == "skipped")
            values = {"result": expected.values[name]} if end == "yielded" else {}
            assert (step.output_values or {}) == values
        entries = logged(instance)
        assert_gap_free(entries)
        events = [entry.dagster_event for entry in entries if entry.dagster_event]
        assert events == result.event_list
        order = [event.step_key for event in events if event.step_key]
        for node in nodes:
            for source in node.sources:
                last = max(i for i, key in enumerate(order) if key == f"{source}.compute")
                first = order.index(f"{node.name}.compute")
                assert last < first
