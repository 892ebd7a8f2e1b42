"""Composite solids: graphs that stand in other graphs as one solid."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast, overload

from dagsterlite.definitions.composition import (
    Composition,
    InputMappingNode,
    InvokedSolidOutputHandle,
    composing,
)
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.dependency import (
    Dependencies,
    Dependency,
    MappedInput,
    MultiDependencyDefinition,
    SolidInvocation,
)
from dagsterlite.definitions.graph import Graph, build_graph, sources_of
from dagsterlite.definitions.inputs import InputDefinition, InputMapping, SolidInput
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition, OutputMapping, SolidOutput
from dagsterlite.definitions.signature import check_inputs, infer_inputs
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near
from dagsterlite.events.yielded import DEFAULT_OUTPUT


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
        self.input_mappings = tuple(input_mappings or ())
        self.output_mappings = tuple(output_mappings or ())
        inputs = {m.definition.name: m.definition for m in self.input_mappings}
        outputs = [m.definition for m in self.output_mappings]
        super().__init__(name, list(inputs.values()), outputs, description, tags, positional_inputs)
        self.config_mapping = config_mapping
        mapped = _with_mapped_inputs(self.label, dependencies or {}, self.input_mappings)
        self.graph: Graph = build_graph(self.label, solid_defs, mapped)
        for mapping in self.output_mappings:
            _check_output(self.label, self.graph, mapping)

    @property
    def required_resource_keys(self) -> frozenset[str]:
        solids = self.graph.solids.values()
        return frozenset().union(*(s.definition.required_resource_keys for s in solids))


def _with_mapped_inputs(
    owner: str, dependencies: Dependencies, mappings: Sequence[InputMapping]
) -> Dependencies:
    invocations = {key if isinstance(key, str) else key.node_name: key for key in dependencies}
    edges: dict[str | SolidInvocation, dict[str, Dependency]] = {
        key: dict(inputs) for key, inputs in dependencies.items()
    }
    for mapping in mappings:
        target = mapping.maps_to
        key = invocations.setdefault(target.solid_name, target.solid_name)
        inputs = edges.setdefault(key, {})
        present = inputs.get(target.input_name)
        source = MappedInput(mapping.definition.name)
        if target.fan_in_index is not None:
            inputs[target.input_name] = _fill(owner, present, target, source)
        elif present is None or present == source:
            inputs[target.input_name] = source
        else:
            message = (
                f"{owner}: input '{target.input_name}' of solid '{target.solid_name}' is mapped "
                f"from input '{mapping.definition.name}' and connected to another output too."
            )
            raise DagsterInvalidDefinitionError(message)
    return edges


def _fill(
    owner: str, present: Dependency | None, target: SolidInput, source: MappedInput
) -> MultiDependencyDefinition:
    sources = list(sources_of(present)) if present is not None else []
    index = target.fan_in_index
    if index is None or index >= len(sources):
        message = (
            f"{owner}: fan_in_index {index} of input '{target.input_name}' of solid "
            f"'{target.solid_name}' is outside its list of {len(sources)} sources."
        )
        raise DagsterInvalidDefinitionError(message)
    sources[index] = source
    return MultiDependencyDefinition(sources)


MappedInputPlaceholder = MappedInput("")
"""Stands in a MultiDependencyDefinition where an input of the composite is mapped to."""


def _check_output(owner: str, graph: Graph, mapping: OutputMapping) -> None:
    source = mapping.maps_from
    outputs = graph.solid_named(source.solid_name).definition.output_dict
    if source.output_name not in outputs:
        message = (
            f"{owner}: output '{mapping.definition.name}' is mapped from output "
            f"'{source.output_name}' of solid '{source.solid_name}', which it lacks."
            f"{near(source.output_name, outputs)} Its outputs: {listed(outputs)}."
        )
        raise DagsterInvalidDefinitionError(message)


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
    dict of them by name, are the composite's outputs.

    Args:
        name: The composite's name (default: the function's).
        input_defs: The inputs (default: one for each parameter, typed by its annotation).
        output_defs: The outputs (default: what the function returns).
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
        composite_name = name or fn.__name__
        owner = f"@composite_solid '{composite_name}'"
        parameters = list(inspect.signature(fn).parameters.values())
        inputs = infer_inputs(owner, fn, parameters) if input_defs is None else list(input_defs)
        positional = check_inputs(owner, parameters, inputs)
        with composing(owner) as composition:
            given = {
                d.name: InputMappingNode(d.name, composition)
                for d in inputs
                if not d.dagster_type.is_nothing or d.name in {p.name for p in parameters}
            }
            answer = fn(**given)
        return CompositeSolidDefinition(
            name=composite_name,
            solid_defs=_definitions(composition),
            input_mappings=list(_input_mappings(owner, composition, inputs)),
            output_mappings=_output_mappings(owner, composition, answer, output_defs),
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


def _output_mappings(
    owner: str,
    composition: Composition,
    answer: Any,
    output_defs: Sequence[OutputDefinition] | None,
) -> list[OutputMapping]:
    sources = _returned(owner, composition, answer, output_defs)
    if output_defs is None:
        output_defs = [_like(composition, name, source) for name, source in sources.items()]
    missing = {d.name for d in output_defs} - sources.keys()
    extra = sources.keys() - {d.name for d in output_defs}
    if missing or extra:
        message = (
            f"{owner}: its output_defs are {listed(d.name for d in output_defs)} but its function "
            f"returns {listed(sources)}. Return a dict from output name to a solid's output."
        )
        raise DagsterInvalidDefinitionError(message)
    return [OutputMapping(d, sources[d.name]) for d in output_defs]


def _returned(
    owner: str,
    composition: Composition,
    answer: Any,
    output_defs: Sequence[OutputDefinition] | None,
) -> dict[str, SolidOutput]:
    if answer is None:
        return {}
    if isinstance(answer, InvokedSolidOutputHandle):
        name = output_defs[0].name if output_defs else DEFAULT_OUTPUT
        answer = {name: answer}
    elif isinstance(answer, tuple) and hasattr(answer, "_asdict"):
        answer = answer._asdict()
    if not isinstance(answer, dict):
        message = (
            f"{owner}: its function returned {answer!r:.80}. Return an output of a solid called "
            "inside, or a dict of them by name."
        )
        raise DagsterInvalidDefinitionError(message)
    for name, handle in answer.items():
        if (
            not isinstance(handle, InvokedSolidOutputHandle)
            or handle.composition is not composition
        ):
            message = (
                f"{owner}: output '{name}' is {handle!r:.80}, not an output of a solid inside."
            )
            raise DagsterInvalidDefinitionError(message)
    return {name: SolidOutput(h.solid_name, h.output_name) for name, h in answer.items()}


def _like(composition: Composition, name: str, source: SolidOutput) -> OutputDefinition:
    names = {invocation.node_name: invocation.name for invocation in composition.dependencies}
    node = composition.definitions[names[source.solid_name]]
    inner = node.output_dict[source.output_name]
    return OutputDefinition(inner.dagster_type, name, inner.description, inner.is_required)


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
    return ConfigMapping(config_fn, config_schema)
