"""What user code is given: the contexts of solids and of type checks."""

from __future__ import annotations

import pdb  # noqa: T100 - users debug from within a solid
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, cast

from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.execution.run_context import RunContext
from dagsterlite.handles import SolidHandle
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.runs import DagsterRun
from dagsterlite.types.dagster_type import DagsterType


class StepExecutionContext:
    """Context for the execution of a step (seed 003). Users should not instantiate this class."""

    def __init__(
        self,
        run_context: RunContext,
        step: ExecutionStep,
        log: AttemptLog,
        resources: ResourceManager,
        retry_number: int = 0,
    ) -> None:
        self.run_context = run_context
        self.step = step
        self.attempt_log = log
        self.log = DagsterLogManager(log, run_context.loggers, run_context.interrupts)
        self.retry_number = retry_number
        self._resources = resources

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run_context.run_id

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""
        return self.run_context.run

    @property
    def attempt_id(self) -> str:
        """The id of this execution of the step."""
        return self.attempt_log.attempt_id

    @property
    def solid_config(self) -> Any:
        """The resolved config of the step's solid."""
        return self.run_context.environment_config.solid(self.step.solid_handle).config

    def resources_for(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys.

        Raises:
            DagsterResourceFunctionError: one cannot be made.
        """
        return self._resources.scoped(keys)

    def for_type(self, dagster_type: DagsterType) -> TypeCheckContext:
        """Return the context for checking, loading or writing values of a type."""
        return TypeCheckContext(self, dagster_type)


class TypeCheckContext:
    """The context object available to a type check function on a DagsterType (seed 001)."""

    def __init__(self, step_context: StepExecutionContext, dagster_type: DagsterType) -> None:
        self._step_context = step_context
        self._dagster_type = dagster_type

    @property
    def log(self) -> DagsterLogManager:
        """Centralized log dispatch from user code."""
        return self._step_context.log

    @property
    def resources(self) -> ScopedResources:
        """An object whose attributes contain the resources that the type requires."""
        return self._step_context.resources_for(self._dagster_type.resource_keys())

    @property
    def run_id(self) -> str:
        """The id of this pipeline run."""
        return self._step_context.run_id

    @property
    def pipeline_run(self) -> DagsterRun:
        """The current PipelineRun."""
        return self._step_context.pipeline_run


class AbstractComputeExecutionContext(ABC):
    """Base class for the contexts of solids, in a run and in a notebook (seed 001)."""

    @abstractmethod
    def has_tag(self, key: str) -> bool:
        """Return whether a logging tag is set."""

    @abstractmethod
    def get_tag(self, key: str) -> str | None:
        """Return a logging tag, or None where it is not set."""

    @property
    @abstractmethod
    def run_id(self) -> str:
        """The run id for the context."""

    @property
    @abstractmethod
    def solid_def(self) -> SolidDefinition:
        """The solid definition corresponding to the execution step being executed."""

    @property
    @abstractmethod
    def solid(self) -> Solid:
        """The solid corresponding to the execution step being executed."""

    @property
    @abstractmethod
    def pipeline_def(self) -> PipelineDefinition:
        """The pipeline being executed."""

    @property
    @abstractmethod
    def pipeline_run(self) -> DagsterRun:
        """The current PipelineRun."""

    @property
    @abstractmethod
    def resources(self) -> Any:
        """Resources available in the execution context."""

    @property
    @abstractmethod
    def log(self) -> DagsterLogManager:
        """The log manager available in the execution context."""

    @property
    @abstractmethod
    def solid_config(self) -> Any:
        """The parsed config specific to this solid."""


class SolidExecutionContext(AbstractComputeExecutionContext):
    """The context object available to solid compute logic (seed 001)."""

    def __init__(self, step_context: StepExecutionContext) -> None:
        self._step_context = step_context
        self._pdb: pdb.Pdb | None = None
        self._resources: ScopedResources | None = None

    @property
    def solid_config(self) -> Any:
        return self._step_context.solid_config

    @property
    def pipeline_run(self) -> DagsterRun:
        return self._step_context.pipeline_run

    @property
    def instance(self) -> DagsterInstance:
        """The current Instance."""
        return cast(DagsterInstance, self._step_context.run_context.open_instance())

    @property
    def pdb(self) -> pdb.Pdb:
        """Allows pdb debugging from within the solid, e.g. ``context.pdb.set_trace()``."""
        if self._pdb is None:
            self._pdb = pdb.Pdb()
        return self._pdb

    @property
    def resources(self) -> ScopedResources:
        if self._resources is None:
            keys = self.solid_def.required_resource_keys
            self._resources = self._step_context.resources_for(keys)
        return self._resources

    @property
    def run_id(self) -> str:
        return self._step_context.run_id

    def get_mapping_key(self) -> str | None:
        """Return the mapping key of the dynamic output that the step is for, or None."""
        return self._step_context.step.handle.mapping_key

    @property
    def run_config(self) -> Any:
        """The run config as it was given."""
        return self.pipeline_run.run_config

    @property
    def pipeline_def(self) -> PipelineDefinition:
        return self._step_context.run_context.pipeline_def

    @property
    def pipeline_name(self) -> str:
        """The pipeline's name."""
        return self.pipeline_run.pipeline_name

    @property
    def mode_def(self) -> ModeDefinition:
        """The mode that the run is in."""
        return self._step_context.run_context.mode_def

    @property
    def log(self) -> DagsterLogManager:
        return self._step_context.log

    @property
    def solid_handle(self) -> SolidHandle:
        """Where the solid stands in the pipeline."""
        return self._step_context.step.solid_handle

    @property
    def solid(self) -> Solid:
        return self._step_context.step.solid

    @property
    def solid_def(self) -> SolidDefinition:
        return self._step_context.step.solid_def

    @property
    def step_key(self) -> str:
        """The key of the step."""
        return self._step_context.step.key

    @property
    def retry_number(self) -> int:
        """How often the step was tried before: 0 in the first attempt."""
        return self._step_context.retry_number

    def has_tag(self, key: str) -> bool:
        return key in self._step_context.attempt_log.tags

    def get_tag(self, key: str) -> str | None:
        return self._step_context.attempt_log.tags.get(key)
