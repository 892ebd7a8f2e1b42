"""What the run config of a pipeline in a mode must look like (seed 001, Run Config Schema)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dagsterlite.config import Any as AnyConfig
from dagsterlite.config import ConfigType, Field, Shape
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.console import default_loggers
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.run_config.section import (
    CONFIG,
    Execution,
    NodesByEitherName,
    OutputsSection,
    Section,
    selection_of,
)


def build_schema(
    definition: PipelineDefinition, mode: ModeDefinition, ignored_solids: Iterable[str] = ()
) -> ConfigType:
    """Return the schema of the run config in its usual form: what a config mapping returns.

    Args:
        definition: The pipeline, or the part of it that is selected.
        mode: The mode.
        ignored_solids: Solids that are not selected: their config may stand, and is not looked at.
    """
    storages = ((d.name, d.config_field) for d in mode.system_storage_defs)
    intermediates = ((d.name, d.config_field) for d in mode.intermediate_storage_defs)
    loggers = mode.logger_defs or default_loggers()
    inputs = _inputs(definition.input_dict, {})
    return NodesByEitherName(
        {
            "solids": _top_solids(definition, ignored_solids),
            **({"inputs": Field(Shape(inputs))} if inputs else {}),
            "execution": _execution(definition, mode),
            "storage": selection_of(storages),
            "intermediate_storage": selection_of(intermediates),
            "resources": Shape(
                {key: Section(d.config_field) for key, d in mode.resource_defs.items()}
            ),
            "loggers": Shape(
                {
                    name: Field(Section(d.config_field), is_required=False)
                    for name, d in loggers.items()
                }
            ),
        },
        definition.words.section,
    )


def run_config_type(definition: PipelineDefinition, mode: ModeDefinition) -> ConfigType:
    """Return what a user's run config must look like: the usual form, or what is mapped to it."""
    mapping = definition.config_mapping
    if mapping is None:
        return build_schema(definition, mode)
    return AnyConfig if mapping.config_field is None else mapping.config_field.config_type


def _top_solids(definition: PipelineDefinition, ignored: Iterable[str]) -> Field:
    top = definition.graph_def
    if top is None or top.config_mapping is None:
        return Field(_solids(definition.graph, ignored))
    return Field(Shape(_own_fields(top)))


def _execution(definition: PipelineDefinition, mode: ModeDefinition) -> Field:
    executors = {d.name: d.config_field for d in mode.executor_defs}
    if definition.words.has_modes:
        return selection_of(executors.items())
    form = Execution(executors, is_bound=len(executors) == 1)
    return Field(form, is_required=False)


def _solids(graph: Graph, ignored: Iterable[str] = ()) -> Shape:
    fields = {name: _solid(solid, graph) for name, solid in graph.solids.items()}
    return Shape({**fields, **{name: Field(AnyConfig, is_required=False) for name in ignored}})


def _solid(solid: Solid, graph: Graph) -> Field:
    definition = solid.definition
    fields: dict[str, Field] = {}
    inputs = _inputs(definition.input_dict, graph.dependencies[solid.name])
    if inputs:
        fields["inputs"] = Field(Shape(inputs))
    outputs = _outputs(definition)
    if outputs:
        fields["outputs"] = Field(OutputsSection(outputs))
    fields = {**_own_fields(definition), **fields}
    form = (
        NodesByEitherName(fields, definition.words.section) if "solids" in fields else Shape(fields)
    )
    return Field(form, description=definition.description)


def _own_fields(definition: NodeDefinition) -> dict[str, Field]:
    if isinstance(definition, CompositeSolidDefinition):
        if definition.config_mapping is None:
            return {"solids": _with_default(_solids(definition.graph), definition.default_config)}
        field = definition.config_mapping.config_field
        return {} if field is None else {CONFIG: field}
    field = definition.config_field if isinstance(definition, SolidDefinition) else None
    return {} if field is None else {CONFIG: field}


def _with_default(form: Shape, default: Mapping[str, Any] | None) -> Field:
    return Field(form) if default is None else Field(form, default_value=default)


def _inputs(
    inputs: Mapping[str, InputDefinition], connected: Mapping[str, object]
) -> dict[str, Field]:
    return {
        name: _input(input_def)
        for name, input_def in inputs.items()
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
    return _solids(definition.graph)
