"""How the inputs and outputs of a composite are tied to those of the solids inside it."""

from __future__ import annotations

from collections.abc import Sequence

from dagsterlite.definitions.dependency import (
    Dependency,
    MappedInput,
    MultiDependencyDefinition,
    SolidInvocation,
    sources_of,
)
from dagsterlite.definitions.graph import Graph, OriginsInGraph
from dagsterlite.definitions.inputs import InputMapping, SolidInput
from dagsterlite.definitions.outputs import OutputMapping
from dagsterlite.definitions.vocabulary import Vocabulary
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near
from dagsterlite.types.builtins import Any as AnyType

MappedInputPlaceholder = MappedInput("")
"""Stands in a MultiDependencyDefinition where an input of the composite is mapped to."""


def with_mapped_inputs(
    owner: str,
    edges: dict[SolidInvocation, dict[str, Dependency]],
    mappings: Sequence[InputMapping],
    words: Vocabulary,
) -> dict[SolidInvocation, dict[str, Dependency]]:
    """Return the edges inside a composite, completed by what its inputs are mapped to.

    Raises:
        DagsterInvalidDefinitionError: an input is mapped to a place that is taken, or is none.
    """
    places = {invocation.node_name: invocation for invocation in edges}
    for mapping in mappings:
        target = mapping.maps_to
        place = places.setdefault(target.solid_name, SolidInvocation(target.solid_name))
        inputs = edges.setdefault(place, {})
        present = inputs.get(target.input_name)
        source = MappedInput(mapping.definition.name)
        if target.fan_in_index is not None:
            inputs[target.input_name] = _fill(owner, present, target, source, words)
        elif present is None or present == source:
            inputs[target.input_name] = source
        else:
            message = (
                f"{owner}: input '{target.input_name}' of {words.node} '{target.solid_name}' is "
                f"mapped from input '{source.input_name}' and connected elsewhere too. Keep one "
                "of them."
            )
            raise DagsterInvalidDefinitionError(message)
    return edges


def _fill(
    owner: str,
    present: Dependency | None,
    target: SolidInput,
    source: MappedInput,
    words: Vocabulary,
) -> MultiDependencyDefinition:
    sources = list(sources_of(present)) if isinstance(present, MultiDependencyDefinition) else []
    index = target.fan_in_index
    if index is None or not 0 <= index < len(sources):
        found = f"outside its list of {len(sources)} sources"
    elif sources[index] not in {MappedInputPlaceholder, source}:
        found = f"taken by {sources[index]}"
    else:
        sources[index] = source
        return MultiDependencyDefinition(sources)
    message = (
        f"{owner}: input '{source.input_name}' is mapped to fan_in_index {index} of input "
        f"'{target.input_name}' of {words.node} '{target.solid_name}', which is {found}. The "
        "dependencies must hold a MultiDependencyDefinition with MappedInputPlaceholder at that "
        "place."
    )
    raise DagsterInvalidDefinitionError(message)


def check_output_mapping(owner: str, graph: Graph, mapping: OutputMapping) -> None:
    """Check that an output of a composite comes from one inside it, of the same type.

    Raises:
        DagsterInvalidDefinitionError: it does not.
    """
    source, definition = mapping.maps_from, mapping.definition
    solid = graph.solids.get(source.solid_name)
    if solid is None:
        message = (
            f"{owner}: output '{definition.name}' is mapped from {graph.words.node} "
            f"'{source.solid_name}', which is not there.{near(source.solid_name, graph.solids)} "
            f"There are: {listed(graph.solids)}."
        )
        raise DagsterInvalidDefinitionError(message)
    inner = solid.output_dict.get(source.output_name)
    if inner is None:
        message = (
            f"{owner}: output '{definition.name}' is mapped from output '{source.output_name}' of "
            f"{solid.label}, which it lacks."
            f"{near(source.output_name, solid.output_dict)} Its outputs: "
            f"{listed(solid.output_dict)}."
        )
        raise DagsterInvalidDefinitionError(message)
    outer_type, inner_type = definition.dagster_type, inner.dagster_type
    if outer_type is not AnyType and not outer_type.is_same(inner_type):
        message = (
            f"{owner}: output '{definition.name}' of type {outer_type.display_name} is mapped from "
            f"output '{source.output_name}' of {solid.label} of type "
            f"{inner_type.display_name}: both must be of the same type."
        )
        raise DagsterInvalidDefinitionError(message)


def check_dynamic_mapping(owner: str, mapping: OutputMapping, origins: OriginsInGraph) -> None:
    """Check that an output of a composite is dynamic exactly where what it comes from is.

    Args:
        owner: The composite.
        mapping: How the output comes from one inside.
        origins: What the outputs inside are mapped over.

    Raises:
        DagsterInvalidDefinitionError: it is not.
    """
    source, definition = mapping.maps_from, mapping.definition
    mapped_over = origins.get((source.solid_name, source.output_name), frozenset())
    if bool(mapped_over) is definition.is_dynamic:
        return
    where = f"output '{source.output_name}' of solid '{source.solid_name}'"
    if mapped_over:
        reason = "which has a value for each mapping key: define it by DynamicOutputDefinition"
    else:
        reason = "which is one value, not dynamic: define it by OutputDefinition"
    message = f"{owner}: output '{definition.name}' is mapped from {where}, {reason}."
    raise DagsterInvalidDefinitionError(message)
