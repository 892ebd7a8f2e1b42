"""Whether a pipeline can run at all: its inputs can get values, its modes have the resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near
from dagsterlite.types import builtins
from dagsterlite.types.dagster_type import DagsterType

_BUILTINS: Mapping[str, DagsterType] = {
    item.display_name: item
    for item in (
        builtins.Any,
        builtins.Bool,
        builtins.Float,
        builtins.Int,
        builtins.Nothing,
        builtins.Path,
        builtins.String,
    )
}


def check_pipeline(graph: Graph, modes: Sequence[ModeDefinition]) -> None:
    """Refuse a pipeline that can never run.

    Raises:
        DagsterInvalidDefinitionError: an input can get no value, a solid cannot be mapped as it is,
            two types share a name, or a mode lacks a resource that is required.
    """
    definitions = list(distinct_definitions(graph))
    _check_inputs(graph)
    for definition in definitions:
        if isinstance(definition, CompositeSolidDefinition):
            _check_inputs(definition.graph)
    if graph.is_dynamic:
        graph.origins(graph.owner)
    types = _users_of_types(definitions)
    _check_type_names(graph.owner, types)
    requirements = list(_requirements(definitions, types))
    for mode in modes:
        for requirer, keys in (*requirements, *_requirements_of_mode(mode)):
            _check_keys(graph.owner, mode, requirer, keys)


def distinct_definitions(graph: Graph) -> Iterator[NodeDefinition]:
    """Yield the definitions in a graph, those inside composites too, each once."""
    seen: set[int] = set()
    graphs = [graph]
    while graphs:
        for solid in graphs.pop().solids.values():
            definition = solid.definition
            if id(definition) in seen:
                continue
            seen.add(id(definition))
            yield definition
            if isinstance(definition, CompositeSolidDefinition):
                graphs.append(definition.graph)


def _check_inputs(graph: Graph) -> None:
    for name, solid in graph.solids.items():
        connected = graph.dependencies[name]
        for input_name, input_def in solid.definition.input_dict.items():
            if input_name in connected or input_def.has_default_value:
                continue
            if input_def.dagster_type.loader is None and not input_def.dagster_type.is_nothing:
                raise _no_value(graph.owner, solid, input_name, input_def.dagster_type)


def _no_value(
    owner: str, solid: Solid, input_name: str, dagster_type: DagsterType
) -> DagsterInvalidDefinitionError:
    return DagsterInvalidDefinitionError(
        f"{owner}: input '{input_name}' of solid '{solid.name}' is not connected to the output of "
        f"a previous solid, and its type '{dagster_type.display_name}' cannot be loaded from "
        "config, creating an impossible to execute pipeline. Connect it, give it a default_value, "
        "or give its type a dagster_type_loader."
    )


def _users_of_types(definitions: Sequence[NodeDefinition]) -> dict[DagsterType, NodeDefinition]:
    """Return each type that is used, those inside others too, with a definition that uses it."""
    users: dict[DagsterType, NodeDefinition] = {}
    for definition in definitions:
        waiting = definition.dagster_types
        while waiting:
            dagster_type = waiting.pop()
            if dagster_type not in users:
                users[dagster_type] = definition
                waiting += dagster_type.inner_types
    return users


def _check_type_names(owner: str, users: Mapping[DagsterType, NodeDefinition]) -> None:
    known = dict(_BUILTINS)
    for dagster_type, user in users.items():
        name = dagster_type.unique_name
        if name is None or known.setdefault(name, dagster_type) is dagster_type:
            continue
        other = users.get(known[name])
        whose = f"of {other.label}" if other else "built in"
        message = (
            f"{owner}: two different dagster types are named '{name}', one of {user.label} and one "
            f"{whose}. Type names must be unique: rename one, or use one type in both places."
        )
        raise DagsterInvalidDefinitionError(message)


def _requirements(
    definitions: Sequence[NodeDefinition], types: Mapping[DagsterType, NodeDefinition]
) -> Iterator[tuple[str, frozenset[str]]]:
    for definition in definitions:
        if not isinstance(definition, CompositeSolidDefinition):
            yield definition.label, definition.required_resource_keys
    for dagster_type, user in types.items():
        yield f"type '{dagster_type.display_name}' of {user.label}", dagster_type.resource_keys()


def _requirements_of_mode(mode: ModeDefinition) -> Iterator[tuple[str, frozenset[str]]]:
    for storage in (*mode.intermediate_storage_defs, *mode.system_storage_defs):
        yield f"{storage.section} '{storage.name}'", storage.required_resource_keys
    for executor in mode.executor_defs:
        yield f"executor '{executor.name}'", executor.required_resource_keys


def _check_keys(owner: str, mode: ModeDefinition, requirer: str, keys: frozenset[str]) -> None:
    known = mode.resource_defs
    missing = keys - known.keys()
    if not missing:
        return
    key = min(missing)
    message = (
        f"{owner}: resource '{key}' is required by {requirer}, but is not provided by mode "
        f"'{mode.name}'.{near(key, known)} Its resources: {listed(known)}."
    )
    raise DagsterInvalidDefinitionError(message)
