"""What the run config of a pipeline in a mode must look like (seed 001, Run Config Schema)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from dagsterlite.config import ConfigType, Field, Shape
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.configurable import any_config
from dagsterlite.definitions.configured import ConfigurableNode
from dagsterlite.definitions.console import default_loggers
from dagsterlite.definitions.dependency import Dependency, DependencyDefinition, sources_of
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.io_manager import InputManagerDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterInvalidConfigDefinitionError
from dagsterlite.run_config.section import (
    CONFIG,
    Execution,
    NodesByEitherName,
    OutputsSection,
    WithAnyConfig,
    managed_outputs,
    requires_config,
    section_of,
    selection_of,
)


def build_schema(
    definition: PipelineDefinition,
    mode: ModeDefinition,
    ignored_solids: Iterable[str] = (),
    *,
    names_system_storage: bool = False,
) -> ConfigType:
    """Return the schema of the run config in its usual form: what a config mapping returns.

    Args:
        definition: The pipeline, or the part of it that is selected.
        mode: The mode.
        ignored_solids: Solids that are not selected: their config may stand, and is not looked at.
        names_system_storage: Whether ``storage`` selects where intermediates are kept, so that
            ``intermediate_storage`` need not.
    """
    loggers = mode.logger_defs or default_loggers()
    inputs = _unconnected_inputs(definition.input_dict, (), mode)
    return NodesByEitherName(
        {
            "solids": _Solids(mode).of_the_whole(definition, ignored_solids),
            **({"inputs": Field(Shape(inputs))} if inputs else {}),
            "execution": _execution(definition, mode),
            "storage": selection_of(mode.system_storage_defs),
            "intermediate_storage": selection_of(
                mode.intermediate_storage_defs,
                is_required=not names_system_storage and _needs_storage_config(mode),
            ),
            "resources": Shape({key: section_of(d) for key, d in mode.resource_defs.items()}),
            "loggers": Shape({name: section_of(d, False) for name, d in loggers.items()}),
        },
        definition.words.section,
    )


def run_config_type(definition: PipelineDefinition, mode: ModeDefinition) -> ConfigType:
    """Return what a user's run config must look like: the usual form, or what is mapped to it."""
    mapping = definition.config_mapping
    if mapping is None:
        return build_schema(definition, mode)
    return mapping.config_field.config_type


def _execution(definition: PipelineDefinition, mode: ModeDefinition) -> Field:
    is_required = any(requires_config(taken) for taken in mode.executor_defs[:1])
    if definition.words.has_modes:
        return selection_of(mode.executor_defs, is_required=is_required)
    return Field(Execution(mode.executor_defs), is_required=is_required)


def _needs_storage_config(mode: ModeDefinition) -> bool:
    """Return whether the storage requires config that is taken where none is selected.

    It is the mode's first, or its first persistent one if the executor needs that.
    """
    offered = mode.intermediate_storage_defs
    persistent = [storage for storage in offered if storage.is_persistent][:1]
    return all(requires_config(storage) for storage in (*offered[:1], *persistent))


class _Solids:
    """Makes the schemas of solids: one for all places where a definition has the same inputs."""

    def __init__(self, mode: ModeDefinition) -> None:
        self._mode = mode
        self._fields: dict[tuple[NodeDefinition, frozenset[str]], Field] = {}

    def of_the_whole(self, definition: PipelineDefinition, ignored: Iterable[str]) -> Field:
        top = definition.graph_def
        if top is None or top.config_mapping is None:
            return Field(self.inside(definition.graph, ignored))
        return Field(Shape(self._own_fields(top)))

    def inside(self, graph: Graph, ignored: Iterable[str] = ()) -> Shape:
        fields = {
            name: self._field(solid.definition, graph, graph.dependencies[name])
            for name, solid in graph.solids.items()
        }
        return Shape(fields | {name: any_config() for name in ignored})

    def _field(
        self, definition: NodeDefinition, graph: Graph, connected: Mapping[str, Dependency]
    ) -> Field:
        loaded = _loaded_from_outputs(definition, graph, connected, self._mode)
        if loaded:
            return self._make_field(definition, connected, loaded)
        key = (definition, frozenset(connected))
        field = self._fields.get(key)
        if field is None:
            field = self._fields[key] = self._make_field(definition, connected, loaded)
        return field

    def _make_field(
        self, definition: NodeDefinition, connected: Collection[str], loaded: Mapping[str, Field]
    ) -> Field:
        fields = self._own_fields(definition)
        inputs = {**_unconnected_inputs(definition.input_dict, connected, self._mode), **loaded}
        if inputs:
            fields["inputs"] = Field(Shape(inputs))
        managed = _managed_outputs(definition, self._mode)
        written = _written_outputs(definition, self._mode)
        if managed:
            fields["outputs"] = Field(managed_outputs(managed, written))
        elif written:
            fields["outputs"] = Field(OutputsSection(written))
        return Field(_form_of(definition, fields), description=definition.description)

    def _own_fields(self, definition: NodeDefinition) -> dict[str, Field]:
        if isinstance(definition, CompositeSolidDefinition) and definition.config_mapping is None:
            return {"solids": self._inner(definition)}
        field = definition.config_field if isinstance(definition, ConfigurableNode) else None
        return {} if field is None else {CONFIG: field}

    def _inner(self, definition: CompositeSolidDefinition) -> Field:
        inside = self.inside(definition.graph)
        if definition.default_inner_config is None:
            return Field(inside)
        try:
            return Field(inside, default_value=definition.default_inner_config)
        except DagsterInvalidConfigDefinitionError as exc:
            message = f"{definition.label}: argument 'config' is wrong: {exc}"
            raise DagsterInvalidConfigDefinitionError(message) from exc


def _form_of(definition: NodeDefinition, fields: Mapping[str, Field]) -> ConfigType:
    if "solids" in fields:
        return NodesByEitherName(fields, definition.words.section)
    if isinstance(definition, ConfigurableNode) and definition.config_field is None:
        return WithAnyConfig(fields)
    return Shape(fields)


# --- inputs ---


def _unconnected_inputs(
    inputs: Mapping[str, InputDefinition], connected: Collection[str], mode: ModeDefinition
) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for name, input_def in inputs.items():
        if name in connected:
            continue
        if input_def.unconnected_manager_key is not None:
            field = _manager(mode, input_def.unconnected_manager_key).input_config_field
        else:
            field = _loaded_by_type(input_def)
        if field is not None:
            fields[name] = field
    return fields


def _loaded_by_type(input_def: InputDefinition) -> Field | None:
    loader = input_def.dagster_type.loader
    if loader is None:
        return None
    required = False if input_def.has_default_value else None
    return Field(loader.schema_type, is_required=required, description=input_def.description)


def _loaded_from_outputs(
    definition: NodeDefinition,
    graph: Graph,
    connected: Mapping[str, Dependency],
    mode: ModeDefinition,
) -> dict[str, Field]:
    if not mode.manager_keys:
        return {}
    fields: dict[str, Field] = {}
    for name, dependency in connected.items():
        field = _loaded_from_output(definition.input_dict[name], graph, dependency, mode)
        if field is not None:
            fields[name] = field
    return fields


def _loaded_from_output(
    input_def: InputDefinition, graph: Graph, dependency: Dependency, mode: ModeDefinition
) -> Field | None:
    """Return the config that the manager takes which loads a connected input, if it takes any.

    Where the input collects outputs of several managers, the first that takes config has its say.
    """
    if input_def.dagster_type.is_nothing:
        return None
    if input_def.input_manager_key is not None:
        return _manager(mode, input_def.input_manager_key).input_config_field
    for source in sources_of(dependency):
        if isinstance(source, DependencyDefinition):
            key = mode.io_manager_of(_output(graph, source.solid, source.output))
            field = None if key is None else _manager(mode, key).input_config_field
            if field is not None:
                return field
    return None


def _output(graph: Graph, solid_name: str, output_name: str) -> OutputDefinition:
    """Return the output that a solid, perhaps one inside a composite, yields."""
    return _yielded(graph.solids[solid_name].definition, output_name)


def _yielded(definition: NodeDefinition, output_name: str) -> OutputDefinition:
    if not isinstance(definition, CompositeSolidDefinition):
        return definition.output_dict[output_name]
    place = definition.source_of(output_name)
    return _output(definition.graph, place.solid_name, place.output_name)


def _manager(mode: ModeDefinition, key: str) -> InputManagerDefinition:
    definition = mode.resource_defs[key]
    assert isinstance(definition, InputManagerDefinition)
    return definition


# --- outputs ---


def _managed_outputs(definition: NodeDefinition, mode: ModeDefinition) -> dict[str, Field]:
    if isinstance(definition, CompositeSolidDefinition):
        return {}
    fields: dict[str, Field] = {}
    for name, output_def in definition.output_dict.items():
        field = mode.output_config_of(output_def)
        if field is not None:
            fields[name] = field
    return fields


def _written_outputs(definition: NodeDefinition, mode: ModeDefinition) -> dict[str, Field]:
    """Return how each output can be written: as the one inside that it comes from.

    What a manager takes for an output inside a composite stands with that output.
    """
    fields: dict[str, Field] = {}
    for name in definition.output_dict:
        output_def = _yielded(definition, name)
        is_managed = mode.output_config_of(output_def) is not None
        if not output_def.dagster_type.is_nothing and not is_managed:
            fields[name] = Field(output_def.dagster_type.materializer.schema_type)
    return fields


def mapped_solids_schema(definition: CompositeSolidDefinition, mode: ModeDefinition) -> Shape:
    """Return what a composite's ``config_fn`` must return in a mode."""
    return _Solids(mode).inside(definition.graph)
