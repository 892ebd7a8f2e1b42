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
    MappedInput,
    SolidInvocation,
    sources_of,
)
from dagsterlite.definitions.dynamic import DynamicOrigin, Origins
from dagsterlite.definitions.edge_check import EdgeCheck
from dagsterlite.definitions.hook import check_hooks
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.retry_policy import check_retry_policy
from dagsterlite.definitions.vocabulary import SOLIDS, Vocabulary
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
    #: The vocabulary of the owner.
    words: Vocabulary = SOLIDS

    def solid_named(self, name: str) -> Solid:
        """Return the solid of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        try:
            return self.solids[name]
        except KeyError:
            message = _no_solid(self.owner, self.words, name, self.solids)
            raise DagsterInvariantViolationError(message) from None

    def sources(self, solid_name: str) -> Iterator[DependencyDefinition]:
        """Yield the outputs that a solid's inputs come from."""
        for dependency in self.dependencies[solid_name].values():
            for source in sources_of(dependency):
                if isinstance(source, DependencyDefinition):
                    yield source

    def mapped_inputs(self) -> frozenset[str]:
        """Return the inputs of the graph's owner that are handed to something inside."""
        sources = (
            source
            for inputs in self.dependencies.values()
            for dependency in inputs.values()
            for source in sources_of(dependency)
        )
        return frozenset(s.input_name for s in sources if isinstance(s, MappedInput))

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


class HasNodes:
    """Tells of the nodes at the top of a definition's graph, in the newer vocabulary."""

    graph: Graph

    @property
    def nodes(self) -> list[Solid]:
        """Its top-level nodes, in topological order."""
        return list(self.graph.solids.values())

    @property
    def node_dict(self) -> Mapping[str, Solid]:
        """Its top-level nodes by name."""
        return self.graph.solids

    @property
    def node_defs(self) -> list[NodeDefinition]:
        """The definitions of its top-level nodes, each once."""
        return list(dict.fromkeys(node.definition for node in self.nodes))

    def has_node_named(self, name: str) -> bool:
        """Return whether it has a top-level node of that name."""
        return name in self.graph.solids

    def node_named(self, name: str) -> Solid:
        """Return the top-level node of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        return self.graph.solid_named(name)


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
    words: Vocabulary = SOLIDS,
) -> Graph:
    """Return the graph of ``definitions`` connected by ``dependencies``.

    A definition stands in the graph under each name that a key of ``dependencies`` gives it, and
    under its own where that is the source of an edge or no key names the definition.

    Args:
        owner: The pipeline or composite that holds the graph, for messages.
        definitions: The solids and composite solids in it.
        dependencies: The edges.
        inputs: The inputs of the composite that holds the graph.
        words: The vocabulary of the owner.

    Raises:
        DagsterInvalidDefinitionError: two definitions share a name, an edge names something that
            is not there or does not fit, or the edges form a circle.
    """
    known = _by_name(owner, words, definitions)
    solids: dict[str, Solid] = {}
    edges: dict[str, InputSources] = {}
    for invocation, sources in dependencies.items():
        solid = _place(owner, words, known, invocation, solids)
        solids[solid.name] = solid
        edges[solid.name] = sources
    for name in _left_to_place(known, dependencies, solids):
        solids[name] = Solid(name, known[name], known[name].tags)
        edges[name] = {}
    check = EdgeCheck(owner, solids, inputs or {})
    for name, solid in solids.items():
        check.inputs_of(solid, edges[name])
    order = _topological_order(owner, words, edges)
    ordered_edges = {name: edges[name] for name in order}
    return Graph(owner, {name: solids[name] for name in order}, ordered_edges, words)


def _by_name(owner: str, words: Vocabulary, definitions: Any) -> dict[str, NodeDefinition]:
    if not isinstance(definitions, Sequence):
        raise _no_solid_def(owner, words, definitions)
    known: dict[str, NodeDefinition] = {}
    for definition in definitions:
        if not isinstance(definition, NodeDefinition):
            raise _no_solid_def(owner, words, definition)
        if known.setdefault(definition.name, definition) is not definition:
            message = (
                f"{owner} holds two different definitions named '{definition.name}'. Rename one."
            )
            raise DagsterInvalidDefinitionError(message)
    return known


def _no_solid_def(owner: str, words: Vocabulary, found: object) -> DagsterInvalidDefinitionError:
    is_function = inspect.isfunction(found)
    mend = f" Decorate the function with {words.node_decorators}." if is_function else ""
    return DagsterInvalidDefinitionError(
        f"{owner}: {words.node_defs} must be a list of {words.node}s; found {shown(found)}.{mend}"
    )


def _place(
    owner: str,
    words: Vocabulary,
    known: Mapping[str, NodeDefinition],
    invocation: SolidInvocation,
    solids: Mapping[str, Solid],
) -> Solid:
    definition = known.get(invocation.name)
    if definition is None:
        raise DagsterInvalidDefinitionError(_no_solid(owner, words, invocation.name, known))
    name = invocation.node_name
    if name != definition.name:
        check_name(f"{words.node} alias", name)
    if name in solids:
        raise DagsterInvalidDefinitionError(f"{owner} has two {words.node}s named '{name}'.")
    place = f"{definition.kind} '{name}'"
    tags: Mapping[str, str] = definition.tags
    if invocation.tags:
        tags = {**tags, **check_tags(place, invocation.tags)}
    hooks = check_hooks(place, invocation.hook_defs)
    policy = check_retry_policy(place, "retry_policy", invocation.retry_policy)
    return Solid(name, definition, tags, hooks, policy)


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


def _no_solid(owner: str, words: Vocabulary, name: str, known: Mapping[str, object]) -> str:
    return f"{owner} has no {words.node} '{name}'.{near(name, known)} It has: {listed(known)}."


def _topological_order(
    owner: str, words: Vocabulary, edges: Mapping[str, InputSources]
) -> list[str]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, inputs in edges.items():
        upstream = (s for d in inputs.values() for s in sources_of(d))
        sorter.add(name, *(s.solid for s in upstream if isinstance(s, DependencyDefinition)))
    try:
        sorter.prepare()
    except CycleError as exc:
        circle = " → ".join(reversed(exc.args[1]))
        message = f"{owner} has a circle of {words.node}s that wait for each other: {circle}."
        raise DagsterInvalidDefinitionError(message) from None
    order: list[str] = []
    while sorter.is_active():
        level = sorted(sorter.get_ready())
        order += level
        sorter.done(*level)
    return order
