"""A graph of solids with its edges checked: what a pipeline and a composite solid hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from dagsterlite.definitions.dependency import (
    Dependencies,
    Dependency,
    DependencyDefinition,
    MappedInput,
    MultiDependencyDefinition,
    SolidInvocation,
    Source,
)
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    listed,
    near,
)
from dagsterlite.types.builtins import Any as AnyType
from dagsterlite.types.compound import ListType
from dagsterlite.types.dagster_type import DagsterType

InputSources = Mapping[str, Dependency]


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
            DagsterInvalidDefinitionError: there is none.
        """
        try:
            return self.solids[name]
        except KeyError:
            raise _no_solid(self.owner, name, self.solids) from None

    def sources(self, solid_name: str) -> Iterator[DependencyDefinition]:
        """Yield the outputs that a solid's inputs come from."""
        for dependency in self.dependencies[solid_name].values():
            for source in sources_of(dependency):
                if isinstance(source, DependencyDefinition):
                    yield source

    def upstream(self) -> dict[str, set[str]]:
        """Return, for each solid, the solids that it depends on."""
        return {name: {s.solid for s in self.sources(name)} for name in self.solids}


def sources_of(dependency: Dependency) -> tuple[Source, ...]:
    """Return the sources of an input, one or several."""
    if isinstance(dependency, MultiDependencyDefinition):
        return dependency.dependencies
    return (dependency,)


def build_graph(
    owner: str, definitions: Sequence[NodeDefinition], dependencies: Dependencies | None
) -> Graph:
    """Return the graph of ``definitions`` connected by ``dependencies``.

    A definition that no dependency names stands in the graph once, under its own name.

    Raises:
        DagsterInvalidDefinitionError: two definitions share a name, an edge names something that
            is not there or does not fit, or the edges form a circle.
    """
    known = _by_name(owner, definitions)
    solids: dict[str, Solid] = {}
    edges: dict[str, InputSources] = {}
    placed: set[str] = set()
    for key, inputs in (dependencies or {}).items():
        invocation = _invocation(owner, key, inputs)
        definition = known.get(invocation.name)
        if definition is None:
            raise _no_solid(owner, invocation.name, known)
        solid = _place(owner, definition, invocation, solids)
        placed.add(definition.name)
        edges[solid.name] = dict(inputs)
    for name, definition in known.items():
        if name not in placed:
            edges[name] = {}
            solids[name] = Solid(name, definition, definition.tags)
    for name in solids:
        _check_inputs(owner, solids[name], edges[name], solids)
    order = _topological_order(owner, edges)
    return Graph(owner, {n: solids[n] for n in order}, {n: edges[n] for n in order})


def _by_name(owner: str, definitions: Sequence[NodeDefinition]) -> dict[str, NodeDefinition]:
    known: dict[str, NodeDefinition] = {}
    for definition in definitions:
        if not isinstance(definition, NodeDefinition):
            hint = "a list of solids (definitions, e.g. functions under @solid)"
            raise ParameterCheckError(owner, "solid_defs", hint, definition)
        if known.setdefault(definition.name, definition) is not definition:
            message = (
                f"{owner} holds two different definitions named '{definition.name}'. Rename one."
            )
            raise DagsterInvalidDefinitionError(message)
    return known


def _invocation(owner: str, key: str | SolidInvocation, inputs: InputSources) -> SolidInvocation:
    invocation = SolidInvocation(key) if isinstance(key, str) else key
    if not isinstance(invocation, SolidInvocation):
        expected = "a dict from names or SolidInvocation to the sources of inputs"
        raise ParameterCheckError(owner, "dependencies", expected, key)
    if not isinstance(inputs, Mapping):
        argument = f"dependencies['{invocation.node_name}']"
        expected = "a dict from input name to DependencyDefinition"
        raise ParameterCheckError(owner, argument, expected, inputs)
    return invocation


def _place(
    owner: str, definition: NodeDefinition, invocation: SolidInvocation, solids: dict[str, Solid]
) -> Solid:
    name = check_name("solid alias", invocation.node_name)
    if name in solids:
        raise DagsterInvalidDefinitionError(f"{owner} has two solids named '{name}'.")
    tags = {**definition.tags, **check_tags(f"solid '{name}'", invocation.tags)}
    solids[name] = Solid(name, definition, tags)
    return solids[name]


def _no_solid(owner: str, name: str, known: Mapping[str, object]) -> DagsterInvalidDefinitionError:
    message = f"{owner} has no solid '{name}'.{near(name, known)} It has: {listed(known)}."
    return DagsterInvalidDefinitionError(message)


def _check_inputs(
    owner: str, solid: Solid, inputs: InputSources, solids: Mapping[str, Solid]
) -> None:
    for input_name, dependency in inputs.items():
        input_def = solid.definition.input_dict.get(input_name)
        if input_def is None:
            known = solid.definition.input_dict
            message = (
                f"{owner}: solid '{solid.name}' has no input '{input_name}'."
                f"{near(input_name, known)} It has: {listed(known)}."
            )
            raise DagsterInvalidDefinitionError(message)
        _check_dependency(owner, solid, input_def, dependency, solids)


def _check_dependency(
    owner: str,
    solid: Solid,
    input_def: InputDefinition,
    dependency: Dependency,
    solids: Mapping[str, Solid],
) -> None:
    place = f"{owner}: input '{input_def.name}' of solid '{solid.name}'"
    if isinstance(dependency, MultiDependencyDefinition):
        _check_fan_in(place, input_def.dagster_type)
    elif not isinstance(dependency, (DependencyDefinition, MappedInput)):
        message = f"{place} needs a DependencyDefinition, not {dependency!r:.80}."
        raise DagsterInvalidDefinitionError(message)
    for source in sources_of(dependency):
        if isinstance(source, DependencyDefinition):
            _check_source(place, input_def, source, solids)


def _check_fan_in(place: str, dagster_type: DagsterType) -> None:
    takes_list = dagster_type is AnyType or dagster_type.is_nothing
    if not takes_list and not isinstance(dagster_type, ListType):
        message = (
            f"{place} of type {dagster_type.display_name} does not support fan-in: the list of "
            "several outputs needs a List type, Any or Nothing."
        )
        raise DagsterInvalidDefinitionError(message)


def _check_source(
    place: str,
    input_def: InputDefinition,
    source: DependencyDefinition,
    solids: Mapping[str, Solid],
) -> None:
    upstream = solids.get(source.solid)
    if upstream is None:
        message = (
            f"{place} depends on solid '{source.solid}', which is not there."
            f"{near(source.solid, solids)} Solids: {listed(solids)}."
        )
        raise DagsterInvalidDefinitionError(message)
    outputs = upstream.definition.output_dict
    if source.output not in outputs:
        message = (
            f"{place} depends on output '{source.output}' of solid '{source.solid}', which it "
            f"lacks.{near(source.output, outputs)} Its outputs: {listed(outputs)}."
        )
        raise DagsterInvalidDefinitionError(message)
    if outputs[source.output].dagster_type.is_nothing and not input_def.dagster_type.is_nothing:
        message = (
            f"{place} of type {input_def.dagster_type.display_name} needs a value, but output "
            f"'{source.output}' of solid '{source.solid}' is of type Nothing. Give the input the "
            "type Nothing, or the output another."
        )
        raise DagsterInvalidDefinitionError(message)


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
