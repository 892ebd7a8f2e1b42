"""What user code is given: the contexts of solids and of type checks."""

from __future__ import annotations

import pdb  # noqa: T100 - users debug from within a solid
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any, Protocol, cast

from dagsterlite import plugins
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    ParameterCheckError,
    listed,
    near,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Materialization,
)
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.io_managers import Managers
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.side_events import SideEvent, side_event
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
        version = step.solid_def.code_version
        self._log = DagsterLogManager(log, run_context.loggers, run_context.interrupts, version)
        self.retry_number = retry_number
        self._resources = resources
        self._logged_events: list[DagsterEvent] = []
        self._output_metadata: dict[str, dict[str, EventMetadataEntry]] = {}
        self._dask_client: Any = None
        #: Closes what was opened for this attempt.
        self.closing = ExitStack()

    @property
    def log(self) -> DagsterLogManager:
        """Messages and events of this execution of the step."""
        return self._log

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.run_context.run_id

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""
        return self.run_context.run

    @property
    def run_config(self) -> Mapping[str, Any]:
        """The run config as it was given."""
        return self.run_context.run.run_config

    @property
    def pipeline_def(self) -> PipelineDefinition:
        """The pipeline, or the part of it that is selected."""
        return self.run_context.pipeline_def

    @property
    def mode_def(self) -> ModeDefinition:
        """The mode that the run is in."""
        return self.run_context.mode_def

    @property
    def instance(self) -> DagsterInstance:
        """The current instance."""
        return cast(DagsterInstance, self.run_context.open_instance())

    @property
    def solid(self) -> Solid:
        """The solid that the step computes."""
        return self.step.solid

    @property
    def solid_def(self) -> SolidDefinition:
        """The solid's definition."""
        return self.step.solid_def

    @property
    def resources(self) -> ScopedResources:
        """The resources that the solid requires."""
        return self.resources_for(self.solid_def.required_resource_keys)

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

    @property
    def dask_client(self) -> Any:
        """A client of the cluster that the step runs on; opened once, and closed with it."""
        if self._dask_client is None:
            interrupts = self.run_context.interrupts
            with interrupts.shielded():
                opening = plugins.load("open_step_client")(interrupts)
                self._dask_client = self.closing.enter_context(opening)
        return self._dask_client

    @property
    def managers(self) -> Managers:
        """What hands the step's outputs to IO managers, and loads its inputs by them."""
        return Managers(self.run_context, self.resources_for, self.log, self)

    def log_event(self, item: SideEvent) -> None:
        """Hand on the event of what user code tells, without that it yields."""
        with self.run_context.interrupts.shielded():
            self._logged_events.append(side_event(self.log, item))

    def take_logged_events(self) -> list[DagsterEvent]:
        """Return the events handed on by :meth:`log_event` since this was last asked."""
        events, self._logged_events = self._logged_events, []
        return events

    def add_output_metadata(self, output_name: str, entries: Iterable[EventMetadataEntry]) -> None:
        """Keep metadata for the event of an output to come; labels count once."""
        known = self._output_metadata.setdefault(output_name, {})
        known.update((entry.label, entry) for entry in entries)

    def output_metadata(self, output_name: str) -> list[EventMetadataEntry]:
        """Return what :meth:`add_output_metadata` kept for an output."""
        return list(self._output_metadata.get(output_name, {}).values())

    def for_type(self, dagster_type: DagsterType) -> TypeCheckContext:
        """Return the context for checking, loading or writing values of a type."""
        return TypeCheckContext(self, dagster_type)


SystemComputeExecutionContext = StepExecutionContext
"""The name that seed 001 has for it."""


class ValueHolder(Protocol):
    """Where values are checked, loaded or written: a step, or a solid that is called directly."""

    @property
    def run_id(self) -> str:
        """The run's id."""

    @property
    def pipeline_run(self) -> DagsterRun:
        """The run."""

    @property
    def log(self) -> DagsterLogManager:
        """Centralized log dispatch from user code."""

    def resources_for(self, keys: Iterable[str]) -> ScopedResources:
        """Return the resources of these keys."""


class TypeCheckContext:
    """The context object available to a type check function on a DagsterType (seed 001)."""

    def __init__(self, step_context: ValueHolder, dagster_type: DagsterType) -> None:
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

    # --- the same by the names of the newer vocabulary ---

    @property
    def op_config(self) -> Any:
        """The parsed config specific to this op."""
        return self.solid_config

    @property
    def op_def(self) -> SolidDefinition:
        """The op's definition."""
        return self.solid_def

    @property
    def op(self) -> Solid:
        """The op, at its place in its graph."""
        return self.solid

    @property
    def job_def(self) -> PipelineDefinition:
        """The job being executed."""
        return self.pipeline_def

    @property
    def job_name(self) -> str:
        """The job's name."""
        return self.pipeline_run.pipeline_name

    @property
    def run(self) -> DagsterRun:
        """The current run."""
        return self.pipeline_run


class SolidExecutionContext(AbstractComputeExecutionContext):
    """The context object available to solid compute logic (seed 001)."""

    def __init__(self, step_context: StepExecutionContext) -> None:
        self._step_context = step_context
        self._pdb: pdb.Pdb | None = None
        self._resources: ScopedResources | None = None

    def get_step_execution_context(self) -> StepExecutionContext:
        """Return the context of the step: what the engine itself knows of it."""
        return self._step_context

    @property
    def solid_config(self) -> Any:
        return self._step_context.solid_config

    @property
    def pipeline_run(self) -> DagsterRun:
        return self._step_context.pipeline_run

    @property
    def instance(self) -> DagsterInstance:
        """The current Instance."""
        return self._step_context.instance

    @property
    def dask_client(self) -> Any:
        """A ``distributed.Client`` for the step's own work: ``client.compute(frame).result()``.

        On Dask it is of the cluster that the step runs on, and while it waits another task may use
        its worker's thread: a step on a cluster of one thread does not wait for itself. In one
        process it is of the cluster of the process's client, or where there is none of one of
        threads. What it computes ends with the step, by a cancel too.

        Raises:
            DagsterClusterUnreachableError: the scheduler does not answer.
        """
        return self._step_context.dask_client

    @property
    def pdb(self) -> pdb.Pdb:
        """Allows pdb debugging from within the solid, e.g. ``context.pdb.set_trace()``.

        Raises:
            DagsterInvariantViolationError: the step runs on a worker, which has no terminal.
        """
        if not self._step_context.run_context.has_terminal:
            raise DagsterInvariantViolationError(_no_terminal(self.step_key))
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
        return self.job_name

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
    def op_handle(self) -> SolidHandle:
        """Where the op stands in the job."""
        return self.solid_handle

    @property
    def step_key(self) -> str:
        """The key of the step."""
        return self._step_context.step.key

    @property
    def retry_number(self) -> int:
        """How often the step was tried before: 0 in the first attempt."""
        return self._step_context.retry_number

    def log_event(
        self, event: AssetMaterialization | AssetObservation | ExpectationResult | Materialization
    ) -> None:
        """Log an event at once, as yielding it would: for functions that return their outputs.

        Raises:
            CheckError: it is of another kind; an ``Output`` is returned or yielded.
        """
        if not isinstance(event, SideEvent):
            expected = "an AssetMaterialization, AssetObservation or ExpectationResult"
            raise ParameterCheckError("context.log_event", "event", expected, event)
        self._step_context.log_event(event)

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None
    ) -> None:
        """Tell facts about an output that is returned or yielded later.

        Args:
            metadata: Labels to values, as for :class:`AssetMaterialization`.
            output_name: The output (default: the only one).

        Raises:
            CheckError: ``metadata`` is no such dict.
            DagsterInvariantViolationError: there is no such output, or several and none is named.
        """
        known = self.solid_def.output_dict
        if output_name is None and len(known) == 1:
            (output_name,) = known
        if output_name is None or output_name not in known:
            named = "names no output" if output_name is None else f"names '{output_name}'"
            message = (
                f"add_output_metadata in {self.solid.label} {named}, but its outputs are "
                f"{listed(known)}.{near(output_name, known)}"
            )
            raise DagsterInvariantViolationError(message)
        entries = metadata_entries_of("add_output_metadata", None, metadata)
        self._step_context.add_output_metadata(output_name, entries)

    def has_tag(self, key: str) -> bool:
        return key in self._step_context.attempt_log.tags

    def get_tag(self, key: str) -> str | None:
        return self._step_context.attempt_log.tags.get(key)


OpExecutionContext = SolidExecutionContext
"""The newer vocabulary's name."""


def _no_terminal(step_key: str) -> str:
    return (
        f"context.pdb cannot be used in step '{step_key}': it runs on a worker, which has no "
        "terminal to debug from. Execute the run in this process: execution: {in_process: {}}."
    )
