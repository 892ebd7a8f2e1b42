"""The execution plan: all steps of a run, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from dagsterlite import plugins
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterExecutionStepNotFoundError, ParameterCheckError
from dagsterlite.events.receipt import Receipts
from dagsterlite.handles import (
    UNKNOWN_KEY,
    ResolvedFromDynamicStepHandle,
    StepHandle,
    StepHandleUnion,
    StepOutputHandle,
    UnresolvedStepHandle,
    split_mapped_key,
    unresolved_key,
    with_compute,
)
from dagsterlite.plan.compile import compile_steps
from dagsterlite.plan.configured_outputs import check_configured_outputs
from dagsterlite.plan.executable import IPipeline
from dagsterlite.plan.resolve import mapping_keys_of, resolve, resolve_for_key
from dagsterlite.plan.selection import check_queries, names_of, select
from dagsterlite.plan.step import (
    ExecutionStep,
    FromManager,
    MappingKeys,
    UnresolvedStep,
)
from dagsterlite.run_config.resolved import EnvironmentConfig

_BUILD = "ExecutionPlan.build"


@dataclass(frozen=True, kw_only=True, eq=False)
class ExecutionPlan:
    """The steps of a run and the order that their inputs give them (seed 004)."""

    pipeline: PipelineDefinition
    #: All steps of the pipeline by key, in topological order; unresolved behind dynamic outputs.
    step_by_key: Mapping[str, ExecutionStep]
    #: The keys of the steps to execute, in topological order.
    step_keys_to_execute: tuple[str, ...]
    environment_config: EnvironmentConfig

    @staticmethod
    def build(
        pipeline: PipelineDefinition | IPipeline,
        environment_config: EnvironmentConfig,
        mode: str | None = None,
        step_keys_to_execute: Sequence[str] | None = None,
    ) -> ExecutionPlan:
        """Compile a pipeline to its plan.

        Args:
            pipeline: The pipeline, or the part of it that is selected, or what gives it.
            environment_config: Its resolved run config, as ``EnvironmentConfig.build`` makes it.
            mode: The mode's name (default: that of the run config).
            step_keys_to_execute: The steps to execute (default: all).

        Raises:
            ParameterCheckError: an argument is of the wrong type.
            DagsterExecutionStepNotFoundError: a key is not in the plan.
            DagsterInvalidConfigError: an output of many values is to be written to one place.
        """
        definition = _definition_of(pipeline)
        if not isinstance(environment_config, EnvironmentConfig):
            expected = "an EnvironmentConfig, made by EnvironmentConfig.build(pipeline, run_config)"
            raise ParameterCheckError(_BUILD, "environment_config", expected, environment_config)
        mode_def = definition.get_mode_definition(mode or environment_config.mode)
        steps = compile_steps(definition.graph, environment_config, definition.input_dict)
        check_configured_outputs(steps.values(), environment_config, mode_def)
        plan = ExecutionPlan(
            pipeline=definition,
            step_by_key=steps,
            step_keys_to_execute=tuple(steps),
            environment_config=environment_config,
        )
        return (
            plan if step_keys_to_execute is None else plan.build_subset_plan(step_keys_to_execute)
        )

    @cached_property
    def steps(self) -> tuple[ExecutionStep, ...]:
        """The steps to execute, in topological order."""
        return tuple(self.step_by_key[key] for key in self.step_keys_to_execute)

    @cached_property
    def unresolved_steps(self) -> tuple[UnresolvedStep, ...]:
        """Those of the steps to execute that wait for dynamic outputs."""
        return tuple(step for step in self.steps if isinstance(step, UnresolvedStep))

    @property
    def step_dict(self) -> dict[StepHandleUnion, ExecutionStep]:
        """All steps by handle."""
        return {step.handle: step for step in self.step_by_key.values()}

    @property
    def executable_map(self) -> dict[str, StepHandle | ResolvedFromDynamicStepHandle]:
        """For each key of a step to execute that waits for no dynamic output, its handle."""
        return {
            step.key: step.handle
            for step in self.steps
            if not isinstance(step, UnresolvedStep)
            and not isinstance(step.handle, UnresolvedStepHandle)
        }

    @property
    def resolvable_map(self) -> dict[str, list[StepHandleUnion]]:
        """For each step with a dynamic output, the steps to execute that wait for it."""
        found: dict[str, list[StepHandleUnion]] = {}
        for step in self.unresolved_steps:
            for key in sorted({fan_out.output.step_key for fan_out in step.fan_outs}):
                found.setdefault(key, []).append(step.handle)
        return found

    @property
    def step_handles_to_execute(self) -> list[StepHandleUnion]:
        """The handles of the steps to execute."""
        return [step.handle for step in self.steps]

    def has_step(self, key: str) -> bool:
        """Return whether the plan has a step of that key."""
        return key in self.step_by_key

    def get_step_by_key(self, key: str) -> ExecutionStep:
        """Return the step of that key; ``.compute`` and ``[?]`` may be left out.

        Raises:
            DagsterExecutionStepNotFoundError: there is none, or there are several.
        """
        found = self._keys_meant(key)
        if len(found) != 1:
            raise DagsterExecutionStepNotFoundError([key], self.step_by_key)
        return self.step_for(found[0], {})

    def _keys_meant(self, text: str) -> list[str]:
        """Return the keys of the steps that a text means: of a mapped solid, all of its steps."""
        if text in self.step_by_key:
            return [text]
        full = with_compute(text)
        if full in self.step_by_key:
            return [full]
        base, key = split_mapped_key(full)
        if key in {None, UNKNOWN_KEY}:
            return self._mapped_keys.get(base, [])
        return [full] if unresolved_key(full) in self.step_by_key else []

    @cached_property
    def _mapped_keys(self) -> Mapping[str, list[str]]:
        """For each key that lacks its mapping key, the keys of all steps."""
        found: dict[str, list[str]] = {}
        for key, step in self.step_by_key.items():
            if not isinstance(step.handle, StepHandle):
                found.setdefault(split_mapped_key(key)[0], []).append(key)
        return found

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_plan")(self)
        return shown

    # --- dynamic outputs ---

    def resolve(self, receipts: Receipts) -> ExecutionPlan:
        """Return the plan with the steps that its unresolved ones come to, as far as is known.

        Args:
            receipts: Those of steps that have ended, in an earlier run too. Where the step of a
                dynamic output is among them, the steps that wait for it can be told; it is not to
                be executed itself.
        """
        mapping_keys = {
            fan_out.output: mapping_keys_of(fan_out, receipts[fan_out.output.step_key])
            for step in self.step_by_key.values()
            if isinstance(step, UnresolvedStep)
            for fan_out in step.fan_outs
            if fan_out.output.step_key in receipts
        }
        if not mapping_keys:
            return self
        found: dict[str, ExecutionStep] = {}
        to_execute: list[str] = []
        wanted = frozenset(self.step_keys_to_execute)
        for key, step in self.step_by_key.items():
            steps = resolve(step, mapping_keys) if isinstance(step, UnresolvedStep) else (step,)
            found |= {one.key: one for one in steps}
            to_execute += [one.key for one in steps if key in wanted]
        return replace(self, step_by_key=found, step_keys_to_execute=tuple(to_execute))

    def step_for(self, key: str, mapping_keys: MappingKeys) -> ExecutionStep:
        """Return the step of that key, which may be one that an unresolved step comes to.

        Args:
            key: The step's whole key.
            mapping_keys: Those of the dynamic outputs that it collects.

        Raises:
            DagsterExecutionStepNotFoundError: there is none.
        """
        step = self.step_by_key.get(key) or self.step_by_key.get(unresolved_key(key))
        if step is None:
            raise DagsterExecutionStepNotFoundError([key], self.step_by_key)
        return (
            resolve_for_key(step, key, mapping_keys) if isinstance(step, UnresolvedStep) else step
        )

    # --- parts of it ---

    def build_subset_plan(self, step_keys: Iterable[str]) -> ExecutionPlan:
        """Return the plan that executes only these steps; ``.compute`` may be left out.

        Without its mapping key, a mapped step's key means the steps for all of them. Which mapping
        keys there are is not known to a plan that is not resolved: a step for one that is not
        yielded is skipped.

        Raises:
            DagsterExecutionStepNotFoundError: a key is not in the plan.
        """
        meant = {key: self._keys_meant(key) for key in step_keys}
        unknown = sorted(with_compute(key) for key, keys in meant.items() if not keys)
        if unknown:
            raise DagsterExecutionStepNotFoundError(unknown, self.step_by_key)
        wanted = {key for keys in meant.values() for key in keys}
        steps = self._steps_and(sorted(wanted - self.step_by_key.keys()))
        keys = tuple(key for key in steps if key in wanted)
        return replace(self, step_by_key=steps, step_keys_to_execute=keys)

    def _steps_and(self, mapped_keys: Iterable[str]) -> Mapping[str, ExecutionStep]:
        """Return all steps, and after those that stand for them, some of single mapping keys."""
        single: dict[str, list[str]] = {}
        for key in mapped_keys:
            single.setdefault(unresolved_key(key), []).append(key)
        steps: dict[str, ExecutionStep] = {}
        for key, step in self.step_by_key.items():
            steps[key] = step
            steps |= {one: self.step_for(one, {}) for one in single.get(key, ())}
        return steps

    def select_steps(self, queries: Iterable[str]) -> ExecutionPlan:
        """Return the plan that executes only the steps that the queries select.

        Raises:
            DagsterExecutionStepNotFoundError: a query names no step.
            DagsterInvalidSubsetError: a query is wrong, or there is none.
        """
        upstream = {key: set(step.upstream_keys()) for key, step in self.step_by_key.items()}
        full = [one for query in check_queries(queries) for one in self._full_queries(query)]
        unknown = [name for name in names_of(full) if name not in self.step_by_key]
        if unknown:
            raise DagsterExecutionStepNotFoundError(unknown, self.step_by_key)
        return self.build_subset_plan(select(full, upstream, "step"))

    def _full_queries(self, query: str) -> list[str]:
        """Return a query with the full keys of the steps it names: ``*a+`` is ``*a.compute+``."""
        name = query.strip().strip("*+")
        keys = self._keys_meant(name) or [with_compute(name)] if name else [name]
        return [query.replace(name, key, 1) for key in keys]

    @cached_property
    def upstream_keys(self) -> Mapping[str, frozenset[str]]:
        """For each step to execute, the keys of the steps that it needs."""
        return {step.key: step.upstream_keys() for step in self.steps}

    @cached_property
    def fan_out_keys(self) -> tuple[str, ...]:
        """The keys of the steps with dynamic outputs that any steps wait for."""
        waiting = (step for step in self.step_by_key.values() if isinstance(step, UnresolvedStep))
        return tuple(
            sorted({fan_out.output.step_key for step in waiting for fan_out in step.fan_outs})
        )

    @cached_property
    def awaited_keys(self) -> tuple[str, ...]:
        """The keys of steps whose dynamic outputs steps to execute wait for, not executed here."""
        awaited = {
            fan_out.output.step_key for step in self.unresolved_steps for fan_out in step.fan_outs
        }
        return tuple(sorted(awaited.difference(self.step_keys_to_execute)))

    @cached_property
    def needed_keys(self) -> tuple[str, ...]:
        """The keys of steps that steps to execute need, and that are not executed themselves."""
        needed = {key for keys in self.upstream_keys.values() for key in keys}
        return tuple(sorted(needed.difference(self.step_keys_to_execute)))

    def topological_steps(self) -> list[ExecutionStep]:
        """Return the steps to execute, each after those that it needs."""
        return list(self.steps)

    def get_steps_to_execute_by_level(self) -> list[list[ExecutionStep]]:
        """Return the steps to execute, level by level: each needs only steps of earlier levels."""
        level: dict[str, int] = {}
        levels: list[list[ExecutionStep]] = []
        for step in self.steps:
            above = (level[key] for key in self.upstream_keys[step.key] if key in level)
            level[step.key] = number = max(above, default=-1) + 1
            if number == len(levels):
                levels.append([])
            levels[number].append(step)
        return [sorted(steps, key=lambda step: step.key) for steps in levels]

    def required_resource_keys(self) -> frozenset[str]:
        """Return the resources that executing the steps needs."""
        keys: set[str] = set()
        for step in self.steps:
            definition = step.solid_def
            keys |= definition.required_resource_keys
            for dagster_type in definition.dagster_types:
                keys |= dagster_type.resource_keys()
            for hook in self.pipeline.get_all_hooks_for_handle(step.solid_handle):
                keys |= hook.required_resource_keys
        return self.manager_keys().union(keys)

    def manager_keys(self) -> frozenset[str]:
        """Return the managers that keep the outputs and load the inputs of the steps to execute."""
        mode = self.pipeline.get_mode_definition(self.environment_config.mode)
        if not mode.manager_keys:
            return frozenset()
        keys: set[str | None] = set()
        for step in self.steps:
            keys |= {mode.io_manager_of(output.definition) for output in step.outputs}
            keys |= set(self._input_managers(step, mode))
        return frozenset(key for key in keys if key is not None)

    def _input_managers(self, step: ExecutionStep, mode: ModeDefinition) -> Iterator[str | None]:
        for item in step.inputs:
            own_key = step.solid_def.input_dict[item.name].input_manager_key
            for source in item.single_sources:
                if isinstance(source, FromManager):
                    yield source.manager_key
            for handle in item.upstream_outputs():
                yield own_key or mode.io_manager_of(self._output_def(handle))

    def _output_def(self, handle: StepOutputHandle) -> OutputDefinition:
        key = handle.step_key
        upstream = self.step_by_key.get(key) or self.step_by_key[unresolved_key(key)]
        return upstream.step_output_named(handle.output_name).definition


def _definition_of(pipeline: PipelineDefinition | IPipeline) -> PipelineDefinition:
    if isinstance(pipeline, IPipeline):
        return pipeline.get_definition()
    if isinstance(pipeline, PipelineDefinition):
        return pipeline
    expected = "a PipelineDefinition (a function under @pipeline) or an IPipeline"
    raise ParameterCheckError(_BUILD, "pipeline", expected, pipeline)
