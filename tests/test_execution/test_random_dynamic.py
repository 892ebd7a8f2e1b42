"""Random pipelines with dynamic outputs against a model: same values, ends and events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from dagsterlite import (
    DagsterInstance,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    DynamicOutput,
    DynamicOutputDefinition,
    InputDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    SolidDefinition,
    execute_pipeline,
    solid,
)
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged

Deed = Literal["yields", "leaves out", "fails"]
Key = str | None
Place = tuple[str, Key]
"""A node, and the mapping key of one of its steps; '?' stands for keys that never came to be."""


@dataclass(frozen=True)
class Node:
    """A solid: what it does for one mapping key, how many values it yields, what it takes."""

    name: str
    deed: Deed
    #: The number of the mapping key for which it does that; for others it yields.
    at: int
    #: Names of nodes, each with whether all of its values are collected.
    takes: tuple[tuple[str, bool], ...] = ()
    #: How many values its dynamic output has; None where it has none.
    values: int | None = None
    is_required: bool = True
    #: The node with the dynamic output that it is mapped over.
    over: str | None = None

    @property
    def origin(self) -> str | None:
        """The node whose mapping keys its values have."""
        return self.over if self.values is None else self.name


@dataclass
class Expected:
    """What the model says of a run."""

    ends: dict[Place, str] = field(default_factory=dict)
    #: The values of each step, by mapping key where its output is dynamic.
    values: dict[Place, dict[Key, Any]] = field(default_factory=dict)
    #: The mapping keys of each dynamic output.
    keys: dict[str, list[str]] = field(default_factory=dict)
    events: Counter[tuple[str, str]] = field(default_factory=Counter)


def expect(nodes: list[Node]) -> Expected:
    found = Expected()
    by_name = {node.name: node for node in nodes}
    for node in nodes:
        keys: list[Key] = [None] if node.over is None else [*found.keys[node.over]]
        for key in keys:
            run_step(node, key, by_name, found)
        if node.values is not None:
            found.keys[node.name] = keys_of(node, found)
    return found


def keys_of(node: Node, found: Expected) -> list[str]:
    if found.ends[node.name, None] != "success":
        return ["?"]
    keys = [str(key) for key in found.values[node.name, None]]
    return keys if keys or node.is_required else ["?"]


def run_step(node: Node, key: Key, by_name: dict[str, Node], found: Expected) -> None:
    place = (node.name, key)
    inputs = [
        sources(by_name[name], key, found, collects=collects) for name, collects in node.takes
    ]
    ends = {found.ends[source] for one in inputs for source, _ in one}
    present = [[one for one in found_in if is_there(*one, found)] for found_in in inputs]
    step_key = f"{node.name}.compute" + ("" if key is None else f"[{key}]")
    if ends & {"failed", "abandoned"}:
        found.ends[place] = "abandoned"
        events = ["ENGINE_EVENT"]
    elif any(one and not there for one, there in zip(inputs, present, strict=True)):
        found.ends[place] = "skipped"
        events = ["STEP_SKIPPED"]
    else:
        events = ["STEP_START", *["STEP_INPUT"] * len(inputs), *act(node, key, present, found)]
    for event in events:
        found.events[event, step_key] += 1


def sources(node: Node, key: Key, found: Expected, *, collects: bool) -> list[tuple[Place, Key]]:
    """Return the steps that an input takes values of, each with the value's own mapping key."""
    origin = node.origin
    keys: list[Key] = [key]
    if collects:
        assert origin is not None
        keys = [*found.keys[origin]]
    if node.values is not None:
        return [((node.name, None), None if one == "?" else one) for one in keys]
    return [((node.name, None if origin is None else one), None) for one in keys]


def is_there(place: Place, key: Key, found: Expected) -> bool:
    return key in found.values.get(place, {})


def act(node: Node, key: Key, present: list[list[tuple[Place, Key]]], found: Expected) -> list[str]:
    place = (node.name, key)
    deed = node.deed if key in {None, f"k{node.at}"} else "yields"
    if deed == "fails":
        found.ends[place] = "failed"
        return ["STEP_FAILURE"]
    found.ends[place] = "success"
    taken = tuple(
        tuple(found.values[source][one] for source, one in there)
        if collects
        else found.values[there[0][0]][there[0][1]]
        for (_, collects), there in zip(node.takes, present, strict=True)
    )
    keys: list[Key] = [None] if node.values is None else [f"k{i}" for i in range(node.values)]
    yielded = [] if deed == "leaves out" else keys
    found.values[place] = {one: (node.name, key, one, *taken) for one in yielded}
    return [*["STEP_OUTPUT", "OBJECT_STORE_OPERATION"] * len(yielded), "STEP_SUCCESS"]


def definition_of(node: Node) -> SolidDefinition:
    kind = OutputDefinition if node.values is None else DynamicOutputDefinition
    is_required = node.is_required if node.values is not None else node.deed != "leaves out"

    @solid(
        name=node.name,
        input_defs=[InputDefinition(f"in_{i}") for i in range(len(node.takes))],
        output_defs=[kind(is_required=is_required)],
    )
    def acts(context, **given_inputs):
        key = context.get_mapping_key()
        deed = node.deed if key in {None, f"k{node.at}"} else "yields"
        if deed == "fails":
            raise ValueError(node.name)
        taken = [tuple(v) if isinstance(v, list) else v for v in given_inputs.values()]
        if deed == "yields" and node.values is None:
            yield Output((node.name, key, None, *taken))
        elif deed == "yields":
            for number in range(node.values or 0):
                one = f"k{number}"
                yield DynamicOutput((node.name, key, one, *taken), one)

    return acts


def dynamic_pipeline(nodes: list[Node]) -> PipelineDefinition:
    dependencies: dict[str, Any] = {
        node.name: {
            f"in_{number}": DynamicCollectDependencyDefinition(name)
            if collects
            else DependencyDefinition(name)
            for number, (name, collects) in enumerate(node.takes)
        }
        for node in nodes
    }
    return PipelineDefinition(
        [definition_of(node) for node in nodes], name="random", dependencies=dependencies
    )


@st.composite
def dynamic_graphs(draw: st.DrawFn) -> list[Node]:
    nodes: list[Node] = []
    for number in range(draw(st.integers(1, 7))):
        is_dynamic = draw(st.booleans())
        over: str | None = None
        takes: list[tuple[str, bool]] = []
        chosen = draw(st.lists(st.sampled_from(nodes), max_size=3)) if nodes else []
        for source in chosen:
            may_map = source.origin is not None and not is_dynamic and over in {None, source.origin}
            collects = source.origin is not None and not (may_map and draw(st.booleans()))
            if source.origin is not None and not collects:
                over = source.origin
            takes.append((source.name, collects))
        deeds: list[Deed] = ["yields", "yields", "yields", "leaves out", "fails"]
        nodes.append(
            Node(
                name=f"n{number}",
                deed=draw(st.sampled_from(deeds)),
                at=draw(st.integers(0, 2)),
                takes=tuple(takes),
                values=draw(st.integers(0, 3)) if is_dynamic else None,
                is_required=draw(st.booleans()),
                over=over,
            )
        )
    return nodes


@settings(max_examples=150)
@given(dynamic_graphs(), st.booleans())
def test_a_random_dynamic_pipeline_does_what_the_model_says(
    nodes: list[Node], on_files: bool
) -> None:
    expected = expect(nodes)
    config = {"intermediate_storage": {"filesystem" if on_files else "in_memory": None}}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(
            dynamic_pipeline(nodes),
            {**config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            instance=instance,
            raise_on_error=False,
        )
        found = Counter((e.event_type_value, str(e.step_key)) for e in result.step_event_list)
        assert found == expected.events
        failed = "failed" in expected.ends.values()
        assert result.status is (DagsterRunStatus.FAILURE if failed else DagsterRunStatus.SUCCESS)
        for node in nodes:
            assert_values(result.result_for_solid(node.name), node, expected)
        entries = logged(instance)
        assert_gap_free(entries)
        assert [e.dagster_event for e in entries if e.dagster_event] == result.event_list


def assert_values(result: Any, node: Node, expected: Expected) -> None:
    ends = [end for (name, _), end in expected.ends.items() if name == node.name]
    is_success = all(end in {"success", "skipped"} for end in ends)
    assert result.success is (is_success and ("success" in ends or not ends))
    assert result.skipped is bool(ends and set(ends) == {"skipped"})
    if not result.success:
        return
    values = {
        one or key: value
        for (name, key), found in expected.values.items()
        if name == node.name
        for one, value in found.items()
    }
    if node.origin is not None:
        assert result.output_value() == values
    else:
        assert [*(result.output_values or {}).values()] == [*values.values()]
