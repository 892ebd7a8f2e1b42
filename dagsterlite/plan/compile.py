"""From a pipeline's graph, composites opened, to the steps of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    MultiDependencyDefinition,
    Source,
)
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.handles import SolidHandle, StepHandle, StepOutputHandle, UnresolvedStepHandle
from dagsterlite.plan.step import (
    ExecutionStep,
    FanOut,
    FromConfig,
    FromDefault,
    FromDynamicCollect,
    FromManager,
    FromMappedOutput,
    FromMultipleSources,
    FromStepOutput,
    SingleSource,
    StepInput,
    StepInputSource,
    StepOutput,
    UnresolvedStep,
)
from dagsterlite.run_config.resolved import EnvironmentConfig

Outputs = dict[tuple[str, str], FromStepOutput | FromMappedOutput]
"""For each (solid, output) of a graph, what whoever is connected to it takes its value from."""

InputsFromOutside = Mapping[str, StepInputSource | None]
"""For each input of a composite, where its value comes from; None for an input without one."""


class _Compiler:
    def __init__(self, environment_config: EnvironmentConfig) -> None:
        self._config = environment_config
        self.steps: dict[str, ExecutionStep] = {}
        self._has_fan_outs = False

    def add_graph(
        self, graph: Graph, parent: SolidHandle | None, outside: InputsFromOutside
    ) -> Outputs:
        """Add the steps of a graph; return what the values of its solids' outputs come from."""
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
        definition = solid.definition
        inputs = tuple(
            StepInput(name, definition.input_dict[name].dagster_type, source)
            for name, source in sources.items()
            if source is not None
        )
        step_outputs = tuple(
            StepOutput(name, output.dagster_type, output.is_required, output)
            for name, output in definition.output_dict.items()
        )
        step = self._step(solid, handle, inputs, step_outputs)
        self.steps[step.key] = step
        for name, output in definition.output_dict.items():
            outputs[solid.name, name] = self._value_of(step, output)

    def _step(
        self,
        solid: Solid,
        handle: SolidHandle,
        inputs: tuple[StepInput, ...],
        outputs: tuple[StepOutput, ...],
    ) -> ExecutionStep:
        step_handle = StepHandle(handle)
        if self._has_fan_outs:
            mapped_over = _mapped_over(inputs)
            if mapped_over is not None:
                unresolved = UnresolvedStepHandle(handle)
                return UnresolvedStep(
                    unresolved, unresolved.key, solid, inputs, outputs, mapped_over
                )
            if any(isinstance(s, FromDynamicCollect) for i in inputs for s in i.single_sources):
                return UnresolvedStep(step_handle, step_handle.key, solid, inputs, outputs, None)
        return ExecutionStep(step_handle, step_handle.key, solid, inputs, outputs)

    def _value_of(
        self, step: ExecutionStep, output: OutputDefinition
    ) -> FromStepOutput | FromMappedOutput:
        handle = StepOutputHandle(step.key, output.name)
        if output.is_dynamic:
            self._has_fan_outs = True
            return FromMappedOutput(handle, FanOut(handle, output.is_required))
        if isinstance(step, UnresolvedStep) and step.mapped_over is not None:
            return FromMappedOutput(handle, step.mapped_over)
        return FromStepOutput(handle)

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
        if isinstance(dependency, DynamicCollectDependencyDefinition):
            collected = outputs[dependency.solid_name, dependency.output_name]
            assert isinstance(collected, FromMappedOutput)
            return FromDynamicCollect(collected.step_output_handle, collected.fan_out)
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
        if key is not None and not input_def.dagster_type.is_nothing:
            return FromManager(handle, input_def, key)
        if input_def.name in self._config.solid(handle).inputs:
            return FromConfig(handle, input_def)
        return FromDefault(input_def) if input_def.has_default_value else None


def _one(source: Source, outputs: Outputs, outside: InputsFromOutside) -> StepInputSource | None:
    if isinstance(source, DependencyDefinition):
        return outputs[source.solid, source.output]
    return outside[source.input_name]


def _mapped_over(inputs: Iterable[StepInput]) -> FanOut | None:
    """Return the dynamic output that inputs are mapped over: a pipeline was checked for one."""
    for step_input in inputs:
        for source in step_input.single_sources:
            if isinstance(source, FromMappedOutput):
                return source.fan_out
    return None


def _flat(sources: Iterable[StepInputSource | None]) -> Iterator[SingleSource]:
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
