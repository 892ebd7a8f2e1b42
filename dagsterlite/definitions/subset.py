"""A pipeline cut down to some of its solids."""

from __future__ import annotations

from collections.abc import Iterable

from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    InputSources,
    MultiDependencyDefinition,
    sources_of,
)
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvalidSubsetError,
    listed,
    near,
)


def subset_pipeline(definition: PipelineDefinition, names: Iterable[str]) -> PipelineDefinition:
    """Return the pipeline with only the solids of these names.

    An input whose source is cut off gets its value from config, or its default.

    Raises:
        DagsterInvalidSubsetError: a name is not there, or an input that is cut off can get no
            value.
    """
    wanted = set(names)
    words = definition.words
    unknown = sorted(wanted - definition.graph.solids.keys())
    if unknown:
        known = definition.solid_names
        message = (
            f"{definition.label} has no {words.node} '{unknown[0]}'.{near(unknown[0], known)} "
            f"Its {words.node}s: {listed(known)}."
        )
        raise DagsterInvalidSubsetError(message)
    try:
        return definition.with_graph(cut_graph(definition.graph, wanted))
    except DagsterInvalidDefinitionError as exc:
        message = (
            f"The attempted subset {listed(wanted)} for {definition.label} results in an "
            f"invalid {words.pipeline}: {exc}"
        )
        raise DagsterInvalidSubsetError(message) from exc


def cut_graph(graph: Graph, wanted: set[str]) -> Graph:
    """Return a graph with only the solids of these names, and the edges between them."""
    solids = {name: solid for name, solid in graph.solids.items() if name in wanted}
    inputs = {name: _cut_inputs(graph.dependencies[name], wanted) for name in solids}
    return Graph(graph.owner, solids, inputs)


def _cut_inputs(inputs: InputSources, wanted: set[str]) -> InputSources:
    cut = {name: _cut_dependency(dependency, wanted) for name, dependency in inputs.items()}
    return {name: dependency for name, dependency in cut.items() if dependency is not None}


def _cut_dependency(dependency: Dependency, wanted: set[str]) -> Dependency | None:
    left = [
        source
        for source in sources_of(dependency)
        if not isinstance(source, DependencyDefinition) or source.solid in wanted
    ]
    if not left:
        return None
    return (
        MultiDependencyDefinition(left)
        if isinstance(dependency, MultiDependencyDefinition)
        else dependency
    )
