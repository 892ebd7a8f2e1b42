"""The execution plan: all steps of a run, frozen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterExecutionStepNotFoundError
from dagsterlite.handles import StepHandle, with_compute
from dagsterlite.plan.compile import compile_steps
from dagsterlite.plan.selection import select
from dagsterlite.plan.step import ExecutionStep, FromManager, FromStepOutput
from dagsterlite.run_config.resolved import EnvironmentConfig


@dataclass(frozen=True, kw_only=True, eq=False)
class ExecutionPlan:
    """The steps of a run and the order that their inputs give them (seed 004)."""

    pipeline: PipelineDefinition
    #: All steps of the pipeline by key, in topological order.
    step_by_key: Mapping[str, ExecutionStep]
    #: The keys of the steps to execute, in topological order.
    step_keys_to_execute: tuple[str, ...]
    environment_config: EnvironmentConfig

    @staticmethod
    def build(
        pipeline: PipelineDefinition,
        environment_config: EnvironmentConfig,
        mode: str | None = None,
        step_keys_to_execute: Sequence[str] | None = None,
    ) -> ExecutionPlan:
        """Compile a pipeline to its plan.

        Args:
            pipeline: The pipeline, or the part of it that is selected.
            environment_config: Its resolved run config.
            mode: The mode's name (default: that of the run config).
            step_keys_to_execute: The steps to execute (default: all).

        Raises:
            DagsterExecutionStepNotFoundError: a key is not in the plan.
        """
        pipeline.get_mode_definition(mode or environment_config.mode)
        steps = compile_steps(pipeline.graph, environment_config, pipeline.input_dict)
        plan = ExecutionPlan(
            pipeline=pipeline,
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

    @property
    def step_dict(self) -> dict[StepHandle, ExecutionStep]:
        """All steps by handle."""
        return {step.handle: step for step in self.step_by_key.values()}

    @property
    def executable_map(self) -> dict[str, StepHandle]:
        """For each key of a step to execute, its handle."""
        return {step.key: step.handle for step in self.steps}

    @property
    def resolvable_map(self) -> dict[str, list[Any]]:
        """For each step with a dynamic output, the steps that wait to be mapped over it."""
        return {}

    @property
    def step_handles_to_execute(self) -> list[StepHandle]:
        """The handles of the steps to execute."""
        return [step.handle for step in self.steps]

    def has_step(self, key: str) -> bool:
        """Return whether the plan has a step of that key."""
        return key in self.step_by_key

    def get_step_by_key(self, key: str) -> ExecutionStep:
        """Return the step of that key; ``.compute`` may be left out.

        Raises:
            DagsterExecutionStepNotFoundError: there is none.
        """
        step = self.step_by_key.get(key) or self.step_by_key.get(with_compute(key))
        if step is None:
            raise DagsterExecutionStepNotFoundError([key], self.step_by_key)
        return step

    def build_subset_plan(self, step_keys: Iterable[str]) -> ExecutionPlan:
        """Return the plan that executes only these steps; ``.compute`` may be left out.

        Raises:
            DagsterExecutionStepNotFoundError: a key is not in the plan.
        """
        wanted = {with_compute(key) for key in step_keys}
        unknown = sorted(wanted - self.step_by_key.keys())
        if unknown:
            raise DagsterExecutionStepNotFoundError(unknown, self.step_by_key)
        keys = tuple(key for key in self.step_by_key if key in wanted)
        return replace(self, step_keys_to_execute=keys)

    def select_steps(self, queries: Iterable[str]) -> ExecutionPlan:
        """Return the plan that executes only the steps that the queries select.

        Raises:
            DagsterInvalidSubsetError: a query is wrong, or names no step.
        """
        upstream = {key: set(step.upstream_keys()) for key, step in self.step_by_key.items()}
        return self.build_subset_plan(select(map(_full_query, queries), upstream, "step"))

    @cached_property
    def upstream_keys(self) -> Mapping[str, frozenset[str]]:
        """For each step to execute, the keys of the steps that it needs."""
        return {step.key: step.upstream_keys() for step in self.steps}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[str, ...]]:
        """For each step to execute, the keys of the steps to execute that need it."""
        found: dict[str, list[str]] = {key: [] for key in self.step_keys_to_execute}
        for key, upstream in self.upstream_keys.items():
            for source in upstream:
                if source in found:
                    found[source].append(key)
        return {key: tuple(keys) for key, keys in found.items()}

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
                elif isinstance(source, FromStepOutput):
                    yield own_key or mode.io_manager_of(self._output_def(source))

    def _output_def(self, source: FromStepOutput) -> OutputDefinition:
        handle = source.step_output_handle
        upstream = self.step_by_key[handle.step_key]
        return upstream.step_output_named(handle.output_name).definition


def _full_query(query: str) -> str:
    """Return a query whose name is a full step key: ``*a+`` means ``*a.compute+``."""
    name = query.strip().strip("*+")
    return query.replace(name, with_compute(name), 1) if name else query
