"""Whether a pipeline can run at all: its inputs can get values, its modes have the resources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.hook import NO_HOOKS, HookDefs
from dagsterlite.definitions.io_manager import InputManagerDefinition, IOManagerDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.outputs import DEFAULT_IO_MANAGER
from dagsterlite.definitions.strategies import strategies_of
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


def check_pipeline(
    graph: Graph, modes: Sequence[ModeDefinition], hooks: HookDefs = NO_HOOKS
) -> None:
    """Refuse a pipeline that can never run.

    Args:
        graph: Its solids.
        modes: Its modes.
        hooks: The hooks of every solid in it.

    Raises:
        DagsterInvalidDefinitionError: an input can get no value, a solid cannot be mapped as it is,
            two types or two serialization strategies share a name, or a mode lacks a resource that
            is required.
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
    strategies_of(graph.owner, definitions)
    requirements = [
        *_requirements(definitions, types),
        *_requirements_of_hooks(graph, definitions, hooks),
    ]
    managers = list(_managers(definitions))
    for mode in modes:
        for requirer, key, kind in managers:
            _check_manager(graph, mode, requirer, key, kind)
        for requirer, keys in (*requirements, *_requirements_of_mode(mode)):
            _check_keys(graph, mode, requirer, keys)


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
            if input_def.unconnected_manager_key is not None:
                continue
            if input_def.dagster_type.loader is None and not input_def.dagster_type.is_nothing:
                raise _no_value(graph.owner, solid, input_name, input_def.dagster_type)


def _no_value(
    owner: str, solid: Solid, input_name: str, dagster_type: DagsterType
) -> DagsterInvalidDefinitionError:
    words = solid.definition.words
    return DagsterInvalidDefinitionError(
        f"{owner}: input '{input_name}' of {solid.label} is not connected to the output of "
        f"a previous {words.node}, and its type '{dagster_type.display_name}' cannot be loaded "
        f"from config, creating an impossible to execute {words.pipeline}. Connect it, give it a "
        "default_value or a root_manager_key, or give its type a dagster_type_loader."
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


def _requirements_of_hooks(
    graph: Graph, definitions: Sequence[NodeDefinition], hooks: HookDefs
) -> Iterator[tuple[str, frozenset[str]]]:
    for hook in hooks:
        yield f"{hook.label} of the {graph.words.pipeline}", hook.required_resource_keys
    inside = (d.graph for d in definitions if isinstance(d, CompositeSolidDefinition))
    for one in (graph, *inside):
        for solid in one.solids.values():
            for hook in solid.hook_defs:
                yield f"{hook.label} of {solid.label}", hook.required_resource_keys


def _managers(
    definitions: Sequence[NodeDefinition],
) -> Iterator[tuple[str, str, type[InputManagerDefinition]]]:
    """Yield the resources that are to keep outputs and load inputs, and of which kind each is."""
    for definition in definitions:
        for input_def in definition.input_defs:
            key = input_def.unconnected_manager_key
            if key is not None:
                yield f"input '{input_def.name}' of {definition.label}", key, InputManagerDefinition
        if isinstance(definition, CompositeSolidDefinition):
            continue
        for output in definition.output_defs:
            requirer = f"output '{output.name}' of {definition.label}"
            yield requirer, output.io_manager_key, IOManagerDefinition


def _check_manager(
    graph: Graph, mode: ModeDefinition, requirer: str, key: str, kind: type[InputManagerDefinition]
) -> None:
    definition = mode.resource_defs.get(key)
    if definition is None and key == DEFAULT_IO_MANAGER and kind is IOManagerDefinition:
        # The run's intermediate storage keeps the output.
        return
    _check_keys(graph, mode, requirer, frozenset({key}))
    if not isinstance(definition, kind):
        maker = "@io_manager" if kind is IOManagerDefinition else "@root_input_manager"
        message = (
            f"{graph.owner}: resource '{key}' of {graph.words.provider(mode.name)} is a "
            f"{type(definition).__name__}, but {requirer} needs a manager there: a "
            f"{kind.__name__}. Make it with {maker}."
        )
        raise DagsterInvalidDefinitionError(message)


def _requirements_of_mode(mode: ModeDefinition) -> Iterator[tuple[str, frozenset[str]]]:
    for storage in (*mode.intermediate_storage_defs, *mode.system_storage_defs):
        yield storage.label, storage.required_resource_keys
    for executor in mode.executor_defs:
        yield executor.label, executor.required_resource_keys


def _check_keys(graph: Graph, mode: ModeDefinition, requirer: str, keys: frozenset[str]) -> None:
    known = mode.resource_defs
    missing = keys - known.keys()
    if not missing:
        return
    key = min(missing)
    message = (
        f"{graph.owner}: resource '{key}' is required by {requirer}, but is not provided by "
        f"{graph.words.provider(mode.name)}.{near(key, known)} Its resources: {listed(known)}."
    )
    raise DagsterInvalidDefinitionError(message)
