"""What user code in solids is given."""

from __future__ import annotations

import pdb  # noqa: T100 - users debug from within a solid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    ParameterCheckError,
    listed,
    near,
)
from dagsterlite.events.metadata_arguments import metadata_entries_of
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Materialization,
)
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ScopedResources
from dagsterlite.execution.side_events import SideEvent
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_facts import StepFacts
from dagsterlite.handles import SolidHandle
from dagsterlite.runs import DagsterRun


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

    @property
    def dagster_run(self) -> DagsterRun:
        """The current run."""
        return self.pipeline_run

    @property
    def run_tags(self) -> Mapping[str, str]:
        """The tags of the current run."""
        return self.pipeline_run.tags


class SolidExecutionContext(StepFacts, AbstractComputeExecutionContext):
    """The context object available to solid compute logic (seed 001)."""

    def __init__(self, step_context: StepExecutionContext) -> None:
        super().__init__(step_context)
        self._pdb: pdb.Pdb | None = None
        self._resources: ScopedResources | None = None

    def get_step_execution_context(self) -> StepExecutionContext:
        """Return the context of the step: what the engine itself knows of it."""
        return self._step_context

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
    def log(self) -> DagsterLogManager:
        return self._step_context.log

    @property
    def solid_def(self) -> SolidDefinition:
        return self._step_context.step.solid_def

    @property
    def op_handle(self) -> SolidHandle:
        """Where the op stands in the job."""
        return self.solid_handle

    def log_event(
        self, event: AssetMaterialization | AssetObservation | ExpectationResult | Materialization
    ) -> None:
        """Log an event at once, as yielding it would: for functions that return their outputs.

        Raises:
            CheckError: it is of another kind; an ``Output`` is returned or yielded.
        """
        self._step_context.log_event(checked_side_event(event))

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
        name = output_told_of(self.solid.label, self.solid_def, output_name)
        entries = metadata_entries_of("add_output_metadata", None, metadata)
        self._step_context.add_output_metadata(name, entries)

    def has_tag(self, key: str) -> bool:
        return key in self._step_context.attempt_log.tags

    def get_tag(self, key: str) -> str | None:
        return self._step_context.attempt_log.tags.get(key)


OpExecutionContext = SolidExecutionContext
"""The newer vocabulary's name."""


def checked_side_event(event: Any) -> SideEvent:
    """Return an event that a solid logs.

    Raises:
        ParameterCheckError: it is of a kind that cannot be logged.
    """
    if not isinstance(event, SideEvent):
        expected = "an AssetMaterialization, AssetObservation or ExpectationResult"
        raise ParameterCheckError("context.log_event", "event", expected, event)
    return event


def output_told_of(label: str, solid_def: SolidDefinition, output_name: str | None) -> str:
    """Return the name of the output that a solid adds metadata to: the only one, if none is named.

    Raises:
        DagsterInvariantViolationError: there is no such output, or several and none is named.
    """
    known = solid_def.output_dict
    if output_name is None and len(known) == 1:
        (output_name,) = known
    if output_name is None or output_name not in known:
        named = "names no output" if output_name is None else f"names '{output_name}'"
        message = (
            f"add_output_metadata in {label} {named}, but its outputs are "
            f"{listed(known)}.{near(output_name, known)}"
        )
        raise DagsterInvariantViolationError(message)
    return output_name


def _no_terminal(step_key: str) -> str:
    return (
        f"context.pdb cannot be used in step '{step_key}': it runs on a worker, which has no "
        "terminal to debug from. Execute the run in this process: execution: {in_process: {}}."
    )
