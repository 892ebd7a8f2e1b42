"""What the run config of a pipeline in a mode must look like (seed 001, Run Config Schema)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import Field, Shape
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.configured import ConfigurableNode
from dagsterlite.definitions.console import default_loggers
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.run_config.section import CONFIG, OutputsSection, section_of, selection_of


def build_schema(
    definition: PipelineDefinition, mode: ModeDefinition, ignored_solids: Iterable[str] = ()
) -> Shape:
    """Return the schema of the run config.

    Args:
        definition: The pipeline, or the part of it that is selected.
        mode: The mode.
        ignored_solids: Solids that are not selected: their config may stand, and is not looked at.
    """
    loggers = mode.logger_defs or default_loggers()
    return Shape(
        {
            "solids": Field(_Solids().inside(definition.graph, ignored_solids)),
            "execution": selection_of(mode.executor_defs),
            "storage": selection_of(mode.system_storage_defs),
            "intermediate_storage": selection_of(mode.intermediate_storage_defs),
            "resources": Shape({key: section_of(d) for key, d in mode.resource_defs.items()}),
            "loggers": Shape({name: section_of(d, False) for name, d in loggers.items()}),
        }
    )


class _Solids:
    """Makes the schemas of solids: one for all places where a definition has the same inputs."""

    def __init__(self) -> None:
        self._fields: dict[tuple[NodeDefinition, frozenset[str]], Field] = {}

    def inside(self, graph: Graph, ignored: Iterable[str] = ()) -> Shape:
        fields = {
            name: self._field(solid.definition, frozenset(graph.dependencies[name]))
            for name, solid in graph.solids.items()
        }
        return Shape(fields | {name: Field(AnyConfig, is_required=False) for name in ignored})

    def _field(self, definition: NodeDefinition, connected: frozenset[str]) -> Field:
        field = self._fields.get((definition, connected))
        if field is None:
            field = self._make_field(definition, connected)
            self._fields[definition, connected] = field
        return field

    def _make_field(self, definition: NodeDefinition, connected: frozenset[str]) -> Field:
        fields = self._own_fields(definition)
        inputs = _inputs(definition, connected)
        if inputs:
            fields["inputs"] = Field(Shape(inputs))
        outputs = _outputs(definition)
        if outputs:
            fields["outputs"] = Field(OutputsSection(outputs))
        return Field(Shape(fields), description=definition.description)

    def _own_fields(self, definition: NodeDefinition) -> dict[str, Field]:
        if isinstance(definition, CompositeSolidDefinition) and definition.config_mapping is None:
            return {"solids": Field(self.inside(definition.graph))}
        field = definition.config_field if isinstance(definition, ConfigurableNode) else None
        return {} if field is None else {CONFIG: field}


def _inputs(definition: NodeDefinition, connected: Collection[str]) -> dict[str, Field]:
    return {
        name: _input(input_def)
        for name, input_def in definition.input_dict.items()
        if name not in connected and input_def.dagster_type.loader is not None
    }


def _input(input_def: InputDefinition) -> Field:
    loader = input_def.dagster_type.loader
    assert loader is not None
    required = False if input_def.has_default_value else None
    return Field(loader.schema_type, is_required=required, description=input_def.description)


def _outputs(definition: NodeDefinition) -> dict[str, Field]:
    return {
        name: Field(output_def.dagster_type.materializer.schema_type)
        for name, output_def in definition.output_dict.items()
        if output_def.dagster_type.materializer is not None
    }


def mapped_solids_schema(definition: CompositeSolidDefinition) -> Shape:
    """Return what a composite's ``config_fn`` must return."""
    return _Solids().inside(definition.graph)
