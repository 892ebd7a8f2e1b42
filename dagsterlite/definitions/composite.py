"""Composite solids: graphs that stand in other graphs as one solid."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast, overload

from dagsterlite.definitions.arguments import list_of
from dagsterlite.definitions.composition import Composition, composing
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.dependency import (
    Dependencies,
    MappedInput,
    read_dependencies,
    sources_of,
)
from dagsterlite.definitions.dynamic import Origins
from dagsterlite.definitions.graph import Graph, build_graph
from dagsterlite.definitions.inputs import InputDefinition, InputMapping
from dagsterlite.definitions.mappings import (
    check_dynamic_mapping,
    check_output_mapping,
    with_mapped_inputs,
)
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.output_handles import (
    DynamicOutputHandle,
    InputMappingNode,
    InvokedSolidOutputHandle,
    MappedOutputHandle,
)
from dagsterlite.definitions.outputs import (
    DynamicOutputDefinition,
    OutputDefinition,
    OutputMapping,
    SolidOutput,
)
from dagsterlite.definitions.signature import (
    check_inputs,
    inputs_of,
    name_of,
    outputs_of,
    refuse_generator,
)
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    listed,
    near,
    shown,
)
from dagsterlite.handles import SolidHandle

_OUTPUT_HANDLES = (InvokedSolidOutputHandle, DynamicOutputHandle)


class CompositeSolidDefinition(NodeDefinition):
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

    kind = "composite solid"

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
        edges = with_mapped_inputs(
            owner, read_dependencies(owner, dependencies), self.input_mappings
        )
        self.graph: Graph = build_graph(owner, solid_defs, edges, inputs)
        for mapping in self.output_mappings:
            check_output_mapping(owner, self.graph, mapping)
        origins = self.graph.origins(owner) if self.graph.is_dynamic else {}
        for mapping in self.output_mappings:
            check_dynamic_mapping(owner, mapping, origins)

    @property
    def is_dynamic(self) -> bool:
        return self.graph.is_dynamic

    def origins(self, owner: str, handle: SolidHandle, inputs: Origins) -> Origins:
        inside = self.graph.origins(owner, handle, inputs)
        return {
            mapping.definition.name: inside[
                mapping.maps_from.solid_name, mapping.maps_from.output_name
            ]
            for mapping in self.output_mappings
        }

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
        refuse_generator(owner, fn)
        parameters = list(inspect.signature(fn).parameters.values())
        inputs = inputs_of(owner, fn, parameters, input_defs)
        positional = check_inputs(owner, parameters, inputs, takes_nothing=True)
        outputs = outputs_of(owner, fn, output_defs)
        with composing(owner) as composition:
            answer = fn(**{d.name: InputMappingNode(d.name, composition) for d in inputs})
        if output_defs is None and isinstance(answer, (DynamicOutputHandle, MappedOutputHandle)):
            outputs = [DynamicOutputDefinition(output.dagster_type) for output in outputs]
        returned = _returned(owner, composition, answer, outputs)
        if output_defs is not None:
            _refuse_unmapped(owner, outputs, returned)
        return CompositeSolidDefinition(
            name=composite_name,
            solid_defs=_definitions(composition),
            input_mappings=list(_input_mappings(owner, composition, inputs)),
            output_mappings=[
                OutputMapping(output, returned[output.name])
                for output in outputs
                if output.name in returned
            ],
            config_mapping=_config_mapping(owner, config_schema, config_fn),
            dependencies=_without_single_mappings(composition),
            description=description or inspect.getdoc(fn),
            tags=tags,
            positional_inputs=positional,
        )

    return wrap


def _definitions(composition: Composition) -> list[NodeDefinition]:
    return [cast(NodeDefinition, node) for node in composition.definitions.values()]


def _without_single_mappings(composition: Composition) -> Dependencies:
    return {
        invocation: {n: d for n, d in inputs.items() if not isinstance(d, MappedInput)}
        for invocation, inputs in composition.dependencies.items()
    }


def _input_mappings(
    owner: str, composition: Composition, inputs: Sequence[InputDefinition]
) -> Iterator[InputMapping]:
    by_name = {d.name: d for d in inputs}
    used: set[str] = set()
    for solid_name, input_name, index, mapped in _mapped(composition):
        used.add(mapped.input_name)
        definition = by_name[mapped.input_name]
        yield definition.mapping_to(solid_name, input_name, index)
    unused = by_name.keys() - used
    if unused:
        message = (
            f"{owner}: input {listed(unused)} is handed to no solid inside. Hand it on, or remove "
            "it."
        )
        raise DagsterInvalidDefinitionError(message)


def _mapped(composition: Composition) -> Iterator[tuple[str, str, int | None, MappedInput]]:
    for invocation, inputs in composition.dependencies.items():
        for input_name, dependency in inputs.items():
            if isinstance(dependency, MappedInput):
                yield invocation.node_name, input_name, None, dependency
                continue
            for index, source in enumerate(sources_of(dependency)):
                if isinstance(source, MappedInput):
                    yield invocation.node_name, input_name, index, source


def _returned(
    owner: str, composition: Composition, answer: Any, outputs: Sequence[OutputDefinition]
) -> dict[str, SolidOutput]:
    """Return where the composite's outputs come from, by output name."""
    names = [output.name for output in outputs]
    if answer is None:
        return {}
    if isinstance(answer, _OUTPUT_HANDLES) and len(outputs) == 1:
        answer = {names[0]: answer}
    elif isinstance(answer, tuple) and all(isinstance(a, _OUTPUT_HANDLES) for a in answer):
        answer = {handle.output_name: handle for handle in answer}
    if not isinstance(answer, dict):
        message = (
            f"{owner}: its function returned {shown(answer)}. Return an output of a solid called "
            f"inside, or a dict of them by name; the composite's outputs are {listed(names)}."
        )
        raise DagsterInvalidDefinitionError(message)
    return {
        _output_name(owner, name, names): _source(owner, composition, name, handle)
        for name, handle in answer.items()
    }


def _output_name(owner: str, name: Any, names: Sequence[str]) -> str:
    if name not in names:
        message = (
            f"{owner}: its function returned an output '{name}' that is not in output_defs."
            f"{near(name, names)} They are {listed(names)}."
        )
        raise DagsterInvalidDefinitionError(message)
    return str(name)


def _source(owner: str, composition: Composition, name: str, handle: Any) -> SolidOutput:
    if not isinstance(handle, _OUTPUT_HANDLES) or handle.composition is not composition:
        message = (
            f"{owner}: the output '{name}' that its function returned is {shown(handle)}, not an "
            "output of a solid called inside."
        )
        raise DagsterInvalidDefinitionError(message)
    return SolidOutput(handle.solid_name, handle.output_name)


def _refuse_unmapped(
    owner: str, outputs: Sequence[OutputDefinition], returned: Mapping[str, SolidOutput]
) -> None:
    unmapped = {output.name for output in outputs} - returned.keys()
    if unmapped:
        message = (
            f"{owner}: its function does not return output {listed(unmapped)} of output_defs. "
            "Return a dict from output name to a solid's output, or remove it."
        )
        raise DagsterInvalidDefinitionError(message)


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
    return ConfigMapping(config_fn, config_schema)
