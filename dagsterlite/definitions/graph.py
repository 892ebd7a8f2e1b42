"""A graph of solids with its edges checked: what a pipeline and a composite solid hold."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from dagsterlite.definitions.dependency import (
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    InputSources,
    SolidInvocation,
    sources_of,
)
from dagsterlite.definitions.dynamic import DynamicOrigin, Origins
from dagsterlite.definitions.edge_check import EdgeCheck
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    listed,
    near,
    shown,
)
from dagsterlite.handles import SolidHandle

OriginsInGraph = Mapping[tuple[str, str], frozenset[DynamicOrigin]]
"""For each (solid, output) of a graph, the dynamic outputs that it is mapped over: one or none."""

_UNMAPPED: Origins = {}


@dataclass(frozen=True, eq=False)
class Graph:
    """Solids by name, and where each connected input comes from."""

    #: The pipeline or composite that holds the graph, for messages.
    owner: str
    #: In topological order; on one level by name.
    solids: Mapping[str, Solid]
    #: For each solid, its connected inputs.
    dependencies: Mapping[str, InputSources]

    def solid_named(self, name: str) -> Solid:
        """Return the solid of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        try:
            return self.solids[name]
        except KeyError:
            message = _no_solid(self.owner, name, self.solids)
            raise DagsterInvariantViolationError(message) from None

    def sources(self, solid_name: str) -> Iterator[DependencyDefinition]:
        """Yield the outputs that a solid's inputs come from."""
        for dependency in self.dependencies[solid_name].values():
            for source in sources_of(dependency):
                if isinstance(source, DependencyDefinition):
                    yield source

    def upstream(self) -> dict[str, set[str]]:
        """Return, for each solid, the solids that it depends on."""
        return {name: {s.solid for s in self.sources(name)} for name in self.solids}

    @property
    def is_dynamic(self) -> bool:
        """Whether a solid in it has a dynamic output, or an input that collects one."""
        return any(solid.definition.is_dynamic for solid in self.solids.values()) or any(
            isinstance(dependency, DynamicCollectDependencyDefinition)
            for inputs in self.dependencies.values()
            for dependency in inputs.values()
        )

    def origins(
        self, owner: str, parent: SolidHandle | None = None, outside: Origins = _UNMAPPED
    ) -> OriginsInGraph:
        """Return which dynamic outputs the outputs of its solids are mapped over.

        Args:
            owner: The pipeline or composite that is checked, for messages.
            parent: Where the composite stands that holds the graph.
            outside: What that composite's inputs are mapped over.

        Raises:
            DagsterInvalidDefinitionError: a solid cannot be mapped so, or an input collects what
                is one value.
        """
        found: dict[tuple[str, str], frozenset[DynamicOrigin]] = {}
        for name, solid in self.solids.items():
            for input_name, dependency in self.dependencies[name].items():
                if isinstance(dependency, DynamicCollectDependencyDefinition):
                    _check_collected(owner, name, input_name, dependency, found)
            inputs = self.origins_of_inputs(name, found, outside)
            outputs = solid.definition.origins(owner, SolidHandle(name, parent), inputs)
            found |= {(name, output_name): origins for output_name, origins in outputs.items()}
        return found

    def origins_of_inputs(
        self, solid_name: str, found: OriginsInGraph, outside: Origins = _UNMAPPED
    ) -> Origins:
        """Return which dynamic outputs the inputs of a solid are mapped over: none that collect.

        Args:
            solid_name: The solid.
            found: What the outputs of the solids before it are mapped over.
            outside: What the inputs of the composite that holds the graph are mapped over.
        """
        return {
            input_name: _union(
                found[source.solid, source.output]
                if isinstance(source, DependencyDefinition)
                else outside.get(source.input_name, frozenset())
                for source in sources_of(dependency)
            )
            for input_name, dependency in self.dependencies[solid_name].items()
            if not isinstance(dependency, DynamicCollectDependencyDefinition)
        }


def _check_collected(
    owner: str,
    solid_name: str,
    input_name: str,
    dependency: DynamicCollectDependencyDefinition,
    found: OriginsInGraph,
) -> None:
    if not found[dependency.solid_name, dependency.output_name]:
        message = (
            f"{owner}: input '{input_name}' of solid '{solid_name}' collects output "
            f"'{dependency.output_name}' of solid '{dependency.solid_name}', which is one "
            "value: it is neither dynamic nor mapped over a dynamic output. Use "
            "DependencyDefinition, or MultiDependencyDefinition for a fan-in."
        )
        raise DagsterInvalidDefinitionError(message)


def _union(origins: Iterable[frozenset[DynamicOrigin]]) -> frozenset[DynamicOrigin]:
    return frozenset[DynamicOrigin]().union(*origins)


def build_graph(
    owner: str,
    definitions: Sequence[NodeDefinition],
    dependencies: Mapping[SolidInvocation, InputSources],
    inputs: Mapping[str, InputDefinition] | None = None,
) -> Graph:
    """Return the graph of ``definitions`` connected by ``dependencies``.

    A definition stands in the graph under each name that a key of ``dependencies`` gives it, and
    under its own where that is the source of an edge or no key names the definition.

    Args:
        owner: The pipeline or composite that holds the graph, for messages.
        definitions: The solids and composite solids in it.
        dependencies: The edges.
        inputs: The inputs of the composite that holds the graph.

    Raises:
        DagsterInvalidDefinitionError: two definitions share a name, an edge names something that
            is not there or does not fit, or the edges form a circle.
    """
    known = _by_name(owner, definitions)
    solids: dict[str, Solid] = {}
    edges: dict[str, InputSources] = {}
    for invocation, sources in dependencies.items():
        solid = _place(owner, known, invocation, solids)
        solids[solid.name] = solid
        edges[solid.name] = sources
    for name in _left_to_place(known, dependencies, solids):
        solids[name] = Solid(name, known[name], known[name].tags)
        edges[name] = {}
    check = EdgeCheck(owner, solids, inputs or {})
    for name, solid in solids.items():
        check.inputs_of(solid, edges[name])
    order = _topological_order(owner, edges)
    return Graph(owner, {n: solids[n] for n in order}, {n: edges[n] for n in order})


def _by_name(owner: str, definitions: Any) -> dict[str, NodeDefinition]:
    if not isinstance(definitions, Sequence):
        raise _no_solid_def(owner, definitions)
    known: dict[str, NodeDefinition] = {}
    for definition in definitions:
        if not isinstance(definition, NodeDefinition):
            raise _no_solid_def(owner, definition)
        if known.setdefault(definition.name, definition) is not definition:
            message = (
                f"{owner} holds two different definitions named '{definition.name}'. Rename one."
            )
            raise DagsterInvalidDefinitionError(message)
    return known


def _no_solid_def(owner: str, found: object) -> DagsterInvalidDefinitionError:
    is_function = inspect.isfunction(found)
    mend = " Decorate the function with @solid or @lambda_solid." if is_function else ""
    return DagsterInvalidDefinitionError(
        f"{owner}: solid_defs must be a list of solids; found {shown(found)}.{mend}"
    )


def _place(
    owner: str,
    known: Mapping[str, NodeDefinition],
    invocation: SolidInvocation,
    solids: Mapping[str, Solid],
) -> Solid:
    definition = known.get(invocation.name)
    if definition is None:
        raise DagsterInvalidDefinitionError(_no_solid(owner, invocation.name, known))
    name = invocation.node_name
    if name != definition.name:
        check_name("solid alias", name)
    if name in solids:
        raise DagsterInvalidDefinitionError(f"{owner} has two solids named '{name}'.")
    if not invocation.tags:
        return Solid(name, definition, definition.tags)
    tags = check_tags(f"solid '{name}'", invocation.tags)
    return Solid(name, definition, {**definition.tags, **tags})


def _left_to_place(
    known: Mapping[str, NodeDefinition],
    dependencies: Mapping[SolidInvocation, InputSources],
    placed: Mapping[str, Solid],
) -> list[str]:
    """Return the definitions that stand in the graph under their own names without a key."""
    with_key = {invocation.name for invocation in dependencies}
    referred = {
        source.solid
        for inputs in dependencies.values()
        for dependency in inputs.values()
        for source in sources_of(dependency)
        if isinstance(source, DependencyDefinition)
    }
    return [
        name for name in known if name not in placed and (name not in with_key or name in referred)
    ]


def _no_solid(owner: str, name: str, known: Mapping[str, object]) -> str:
    return f"{owner} has no solid '{name}'.{near(name, known)} It has: {listed(known)}."


def _topological_order(owner: str, edges: Mapping[str, InputSources]) -> list[str]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, inputs in edges.items():
        upstream = (s for d in inputs.values() for s in sources_of(d))
        sorter.add(name, *(s.solid for s in upstream if isinstance(s, DependencyDefinition)))
    try:
        sorter.prepare()
    except CycleError as exc:
        circle = " → ".join(reversed(exc.args[1]))
        message = f"{owner} has a circle of solids that wait for each other: {circle}."
        raise DagsterInvalidDefinitionError(message) from None
    order: list[str] = []
    while sorter.is_active():
        level = sorted(sorter.get_ready())
        order += level
        sorter.done(*level)
    return order
