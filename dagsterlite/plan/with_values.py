"""A pipeline some of whose inputs are given their values directly, e.g. in a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dagsterlite.definitions.compute import ComputeFn, UserEvent
from dagsterlite.definitions.dependency import Dependencies, DependencyDefinition, InputSources
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.definitions.subset import cut_graph
from dagsterlite.errors import CheckError, listed, near
from dagsterlite.events.yielded import Output

InputValues = Mapping[str, Mapping[str, Any]]
"""For each solid, the values of some of its inputs by name."""


def solid_with_values(
    solid: NodeDefinition, values: Mapping[str, Any], mode: ModeDefinition | None = None
) -> PipelineDefinition:
    """Return a pipeline of one solid, and of sources for the values given.

    Args:
        solid: The solid.
        values: The values of some of its inputs, by name.
        mode: The pipeline's mode (default: one without resources).

    Raises:
        CheckError: an input is not there, or of type Nothing.
        DagsterInvalidDefinitionError: an input is left without a value, or the mode lacks a
            resource.
    """
    for name in values:
        _check_input(solid.name, solid, name)
    sources = {name: _source(_name(solid.name, name), value) for name, value in values.items()}
    edges: Dependencies = {
        solid.name: {name: DependencyDefinition(source.name) for name, source in sources.items()}
    }
    return PipelineDefinition(
        [solid, *sources.values()],
        name=f"ephemeral_{solid.name}_solid_pipeline",
        dependencies=edges,
        mode_defs=None if mode is None else [mode],
    )


def part_with_values(
    definition: PipelineDefinition, names: Iterable[str], values: InputValues
) -> PipelineDefinition:
    """Return the pipeline with only some of its solids, and with sources for the values given.

    Args:
        definition: The pipeline.
        names: The solids to keep.
        values: A value stands in place of what the input is connected to.

    Raises:
        CheckError: a solid or input is not there, or an input of type Nothing is given a value.
        DagsterInvalidDefinitionError: an input is left without a value.
    """
    wanted = set(names)
    for name in [*sorted(wanted), *values]:
        _check_solid(definition, name, wanted)
    graph = cut_graph(definition.graph, wanted)
    solids: dict[str, Solid] = {}
    edges: dict[str, InputSources] = {}
    for name, solid in graph.solids.items():
        inputs = dict(graph.dependencies[name])
        for input_name, value in values.get(name, {}).items():
            _check_input(name, solid.definition, input_name)
            source = _source(_name(name, input_name), value)
            solids[source.name] = Solid(source.name, source, source.tags)
            edges[source.name] = {}
            inputs[input_name] = DependencyDefinition(source.name)
        solids[name] = solid
        edges[name] = inputs
    return definition.with_graph(Graph(graph.owner, solids, edges))


def _check_solid(definition: PipelineDefinition, name: str, wanted: set[str]) -> None:
    known = definition.solid_names
    if name not in known:
        message = (
            f"Pipeline '{definition.name}' has no solid '{name}'.{near(name, known)} "
            f"Its solids: {listed(known)}."
        )
        raise CheckError(message)
    if name not in wanted:
        message = (
            f"Input values are given for solid '{name}', which is not among the solids to execute: "
            f"{listed(wanted)}."
        )
        raise CheckError(message)


def _check_input(solid_name: str, definition: NodeDefinition, name: str) -> None:
    known = definition.input_dict
    if name not in known:
        message = (
            f"Solid '{solid_name}' has no input '{name}'.{near(name, known)} "
            f"Its inputs: {listed(known)}."
        )
        raise CheckError(message)
    if known[name].dagster_type.is_nothing:
        message = (
            f"Input '{name}' of solid '{solid_name}' is of type Nothing: it cannot be given a "
            "value. Leave it out."
        )
        raise CheckError(message)


def _name(solid_name: str, input_name: str) -> str:
    return f"{solid_name}__{input_name}"


def _source(name: str, value: Any) -> SolidDefinition:
    return SolidDefinition(name, [], _giving(value), [OutputDefinition()])


def _giving(value: Any) -> ComputeFn:
    def compute(_context: Any, _inputs: Mapping[str, Any]) -> Iterator[UserEvent]:
        yield Output(value)

    return compute
