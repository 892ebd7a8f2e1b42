"""From a pipeline's graph, composites opened, to the steps of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    MultiDependencyDefinition,
    Source,
)
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.handles import SolidHandle, StepHandle, StepOutputHandle
from dagsterlite.plan.step import (
    ExecutionStep,
    FromConfig,
    FromDefault,
    FromManager,
    FromMultipleSources,
    FromStepOutput,
    SingleSource,
    StepInput,
    StepInputSource,
    StepOutput,
)
from dagsterlite.run_config.resolved import EnvironmentConfig

Outputs = dict[tuple[str, str], StepOutputHandle]
"""For each (solid, output) of a graph, the step output that it stands for."""

InputsFromOutside = Mapping[str, StepInputSource | None]
"""For each input of a composite, where its value comes from; None for an input without one."""


class _Compiler:
    def __init__(self, environment_config: EnvironmentConfig) -> None:
        self._config = environment_config
        self.steps: dict[str, ExecutionStep] = {}

    def add_graph(
        self, graph: Graph, parent: SolidHandle | None, outside: InputsFromOutside
    ) -> Outputs:
        """Add the steps of a graph; return what its solids' outputs stand for."""
        outputs: Outputs = {}
        for name, solid in graph.solids.items():
            handle = SolidHandle(name, parent)
            connected = graph.dependencies[name]
            sources = {
                input_name: self._source(handle, input_def, connected, outputs, outside)
                for input_name, input_def in solid.definition.input_dict.items()
            }
            if isinstance(solid.definition, CompositeSolidDefinition):
                self._add_composite(solid, solid.definition, handle, sources, outputs)
            else:
                self._add_step(solid, handle, sources, outputs)
        return outputs

    def _add_composite(
        self,
        solid: Solid,
        definition: CompositeSolidDefinition,
        handle: SolidHandle,
        sources: InputsFromOutside,
        outputs: Outputs,
    ) -> None:
        inner = self.add_graph(definition.graph, handle, sources)
        for mapping in definition.output_mappings:
            place = mapping.maps_from
            outputs[solid.name, mapping.definition.name] = inner[
                place.solid_name, place.output_name
            ]

    def _add_step(
        self, solid: Solid, handle: SolidHandle, sources: InputsFromOutside, outputs: Outputs
    ) -> None:
        step_handle = StepHandle(handle)
        key = step_handle.key
        definition = solid.definition
        self.steps[key] = ExecutionStep(
            handle=step_handle,
            key=key,
            solid=solid,
            inputs=tuple(
                StepInput(name, definition.input_dict[name].dagster_type, source)
                for name, source in sources.items()
                if source is not None
            ),
            outputs=tuple(
                StepOutput(name, output.dagster_type, output.is_required, output)
                for name, output in definition.output_dict.items()
            ),
        )
        for name in definition.output_dict:
            outputs[solid.name, name] = StepOutputHandle(key, name)

    def _source(
        self,
        handle: SolidHandle,
        input_def: InputDefinition,
        connected: Mapping[str, Dependency],
        outputs: Outputs,
        outside: InputsFromOutside,
    ) -> StepInputSource | None:
        dependency = connected.get(input_def.name)
        if dependency is None:
            return self._unconnected(handle, input_def)
        if isinstance(dependency, MultiDependencyDefinition):
            each = (_one(source, outputs, outside) for source in dependency.dependencies)
            return FromMultipleSources(tuple(_flat(each)))
        source = _one(dependency, outputs, outside)
        # A composite hands an input on that has no value of its own: the inner one's default holds.
        return self._unconnected(handle, input_def) if source is None else source

    def outside(self, inputs: Mapping[str, InputDefinition]) -> InputsFromOutside:
        """Return where the inputs of the whole get their values from."""
        return {name: self._unconnected(None, item) for name, item in inputs.items()}

    def _unconnected(
        self, handle: SolidHandle | None, input_def: InputDefinition
    ) -> FromConfig | FromManager | FromDefault | None:
        key = input_def.unconnected_manager_key
        if handle is not None and key is not None and not input_def.dagster_type.is_nothing:
            return FromManager(handle, input_def, key)
        if input_def.name in self._config.solid(handle).inputs:
            return FromConfig(handle, input_def)
        return FromDefault(input_def) if input_def.has_default_value else None


def _one(source: Source, outputs: Outputs, outside: InputsFromOutside) -> StepInputSource | None:
    if isinstance(source, DependencyDefinition):
        return FromStepOutput(outputs[source.solid, source.output])
    return outside[source.input_name]


def _flat(
    sources: Iterable[StepInputSource | None],
) -> Iterator[SingleSource]:
    for source in sources:
        if isinstance(source, FromMultipleSources):
            yield from source.sources
        elif source is not None:
            yield source


def compile_steps(
    graph: Graph,
    environment_config: EnvironmentConfig,
    inputs: Mapping[str, InputDefinition] | None = None,
) -> dict[str, ExecutionStep]:
    """Return the steps of a pipeline's graph by key, in topological order.

    Args:
        graph: The graph.
        environment_config: The resolved run config.
        inputs: The inputs of the whole, by name.
    """
    compiler = _Compiler(environment_config)
    compiler.add_graph(graph, None, compiler.outside(inputs or {}))
    return compiler.steps
