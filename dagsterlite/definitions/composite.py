"""Composite solids: graphs that stand in other graphs as one solid."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self, overload

from dagsterlite import plugins
from dagsterlite.config import Field
from dagsterlite.definitions.arguments import list_of
from dagsterlite.definitions.composed import compose
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.configurable import config_field_of
from dagsterlite.definitions.configured import ConfigurableNode
from dagsterlite.definitions.dependency import Dependencies, read_dependencies
from dagsterlite.definitions.dynamic import Origins
from dagsterlite.definitions.graph import Graph, HasNodes, build_graph
from dagsterlite.definitions.inputs import InputDefinition, InputMapping
from dagsterlite.definitions.mappings import (
    check_dynamic_mapping,
    check_output_mapping,
    with_mapped_inputs,
)
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition, OutputMapping, SolidOutput
from dagsterlite.definitions.signature import (
    check_inputs,
    inputs_of,
    name_of,
    outputs_of,
    refuse_unrun,
)
from dagsterlite.definitions.vocabulary import SOLIDS
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.types.callables import check_function


class CompositeSolidDefinition(HasNodes, NodeDefinition, ConfigurableNode):
    """A graph of solids that stands in another graph as one solid.

    Usually made by :func:`composite_solid`.

    Args:
        name: Letters, digits and underscores.
        solid_defs: The definitions inside.
        input_mappings: How its inputs lead to those of solids inside.
        output_mappings: How its outputs come from those of solids inside.
        config_mapping: How its config becomes that of the solids inside; without one, they are
            configured under ``solids``.
        dependencies: How the solids inside depend on each other.
        description: For people.
        tags: Text to text (or JSON-able).
        positional_inputs: The inputs in the order of a call's positional arguments.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong; the message names the composite.
    """

    #: The config of the solids inside where none is given.
    default_inner_config: Mapping[str, Any] | None = None

    kind = SOLIDS.composite

    def __init__(
        self,
        name: str,
        solid_defs: Sequence[NodeDefinition],
        input_mappings: Sequence[InputMapping] | None = None,
        output_mappings: Sequence[OutputMapping] | None = None,
        config_mapping: ConfigMapping | None = None,
        dependencies: Dependencies | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        positional_inputs: Sequence[str] | None = None,
    ) -> None:
        owner = f"{self.kind} '{name}'"
        self.input_mappings = tuple(list_of(owner, "input_mappings", input_mappings, InputMapping))
        self.output_mappings = tuple(
            list_of(owner, "output_mappings", output_mappings, OutputMapping)
        )
        inputs = {m.definition.name: m.definition for m in self.input_mappings}
        outputs = [m.definition for m in self.output_mappings]
        super().__init__(name, list(inputs.values()), outputs, description, tags, positional_inputs)
        if config_mapping is not None and not isinstance(config_mapping, ConfigMapping):
            raise ParameterCheckError(owner, "config_mapping", "a ConfigMapping", config_mapping)
        self.config_mapping = config_mapping
        self.config_field = None if config_mapping is None else config_mapping.config_field
        edges = with_mapped_inputs(
            owner, read_dependencies(owner, dependencies), self.input_mappings, self.words
        )
        self.graph: Graph = build_graph(owner, solid_defs, edges, inputs, self.words)
        for mapping in self.output_mappings:
            check_output_mapping(owner, self.graph, mapping)
        origins = self.graph.origins(owner) if self.graph.is_dynamic else {}
        for mapping in self.output_mappings:
            check_dynamic_mapping(owner, mapping, origins)

    @property
    def takes_any_config(self) -> bool:
        return self.config_mapping is not None

    @property
    def is_dynamic(self) -> bool:
        return self.graph.is_dynamic

    def source_of(self, output_name: str) -> SolidOutput:
        """Return the output inside that one of its outputs comes from."""
        mappings = {mapping.definition.name: mapping for mapping in self.output_mappings}
        return mappings[output_name].maps_from

    def origins(self, owner: str, handle: SolidHandle, inputs: Origins) -> Origins:
        inside = self.graph.origins(owner, handle, inputs)
        return {
            mapping.definition.name: inside[
                mapping.maps_from.solid_name, mapping.maps_from.output_name
            ]
            for mapping in self.output_mappings
        }

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_graph")(self)
        return shown

    def _copied(self, field: Field, description: str | None) -> Self:
        changed = super()._copied(field, description)
        assert self.config_mapping is not None
        changed.config_mapping = ConfigMapping(self.config_mapping.config_fn, field)
        return changed

    @property
    def required_resource_keys(self) -> frozenset[str]:
        solids = self.graph.solids.values()
        return frozenset().union(*(s.definition.required_resource_keys for s in solids))


@overload
def composite_solid(name: Callable[..., Any]) -> CompositeSolidDefinition: ...


@overload
def composite_solid(
    name: str | None = ...,
    input_defs: Sequence[InputDefinition] | None = ...,
    output_defs: Sequence[OutputDefinition] | None = ...,
    description: str | None = ...,
    config_schema: Any = ...,
    config_fn: Callable[[Any], Mapping[str, Any]] | None = ...,
    tags: Mapping[str, Any] | None = ...,
) -> Callable[[Callable[..., Any]], CompositeSolidDefinition]: ...


def composite_solid(
    name: str | Callable[..., Any] | None = None,
    input_defs: Sequence[InputDefinition] | None = None,
    output_defs: Sequence[OutputDefinition] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    config_fn: Callable[[Any], Mapping[str, Any]] | None = None,
    tags: Mapping[str, Any] | None = None,
) -> CompositeSolidDefinition | Callable[[Callable[..., Any]], CompositeSolidDefinition]:
    """Make a composite solid from a function that calls solids.

    Its parameters are the composite's inputs; what it returns, an output of a solid inside or a
    dict of them by name, are the composite's outputs. An input's type must be that of each solid's
    input that it is handed to.

    Args:
        name: The composite's name (default: the function's).
        input_defs: The inputs (default: one for each parameter, typed by its annotation).
        output_defs: The outputs (default: ``result``, typed by the return annotation, if the
            function returns an output of a solid).
        description: For people (default: the function's docstring).
        config_schema: What the composite's own config must look like; needs ``config_fn``.
        config_fn: Maps the composite's config to that of its solids.
        tags: Text to text (or JSON-able).

    Raises:
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """
    if callable(name):
        return composite_solid()(name)

    def wrap(fn: Callable[..., Any]) -> CompositeSolidDefinition:
        composite_name = name_of("@composite_solid", name, fn)
        owner = f"@composite_solid '{composite_name}'"
        refuse_unrun(owner, fn)
        parameters = list(inspect.signature(fn).parameters.values())
        inputs = inputs_of(owner, fn, parameters, input_defs)
        positional = check_inputs(owner, parameters, inputs, takes_nothing=True)
        outputs = outputs_of(owner, fn, output_defs)
        composed = compose(owner, SOLIDS, fn, inputs, outputs, must_return=output_defs is not None)
        return CompositeSolidDefinition(
            name=composite_name,
            solid_defs=composed.node_defs,
            input_mappings=composed.input_mappings,
            output_mappings=composed.output_mappings,
            config_mapping=_config_mapping(owner, config_schema, config_fn),
            dependencies=composed.dependencies,
            description=description or inspect.getdoc(fn),
            tags=tags,
            positional_inputs=positional,
        )

    return wrap


def _config_mapping(
    owner: str, config_schema: Any, config_fn: Callable[[Any], Mapping[str, Any]] | None
) -> ConfigMapping | None:
    if config_fn is None and config_schema is None:
        return None
    if config_fn is None:
        message = (
            f"{owner}: config_schema is given without config_fn, which turns that config into the "
            "config of the solids inside."
        )
        raise DagsterInvalidDefinitionError(message)
    if config_schema is None:
        message = (
            f"{owner}: config_fn is given without config_schema, which says what it takes. Give "
            "config_schema={} for a composite that takes no config of its own."
        )
        raise DagsterInvalidDefinitionError(message)
    check_function(owner, "config_fn", config_fn, takes=("config",))
    return ConfigMapping(config_fn, config_field_of(owner, config_schema))
