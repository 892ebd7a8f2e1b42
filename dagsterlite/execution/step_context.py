"""What the engine knows of one execution of a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from typing import Any, cast

from dagsterlite import plugins
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.io_managers import Managers
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager, ScopedResources
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.side_events import SideEvent, side_event
from dagsterlite.execution.type_check_context import TypeCheckContext
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
