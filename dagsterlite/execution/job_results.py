"""What a run of a job gives back, as the newer vocabulary asks for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterInvariantViolationError, listed, near
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import StepFailureData
from dagsterlite.events.yielded import (
    DEFAULT_OUTPUT,
    AssetMaterialization,
    AssetObservation,
    Materialization,
)
from dagsterlite.execution.results import CompositeSolidExecutionResult, PipelineExecutionResult
from dagsterlite.execution.solid_result import SolidExecutionResult
from dagsterlite.runs import DagsterRun

NodeResult = SolidExecutionResult | CompositeSolidExecutionResult


class ExecutionResult:
    """What a run of a job left: its events, and the values that its ops gave.

    Nodes are named by their path, e.g. ``op`` or ``graph.op``. Users should not instantiate this
    class.
    """

    def __init__(self, result: PipelineExecutionResult, run: DagsterRun) -> None:
        self._result = result
        self._run = run

    # --- the run ---

    @property
    def success(self) -> bool:
        """Whether all steps that could run did so successfully."""
        return self._result.success

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._result.run_id

    @property
    def dagster_run(self) -> DagsterRun:
        """The run as it is recorded after its end."""
        return self._run

    @property
    def job_def(self) -> PipelineDefinition:
        """The job that was executed."""
        return self._result.pipeline_def

    def node_def(self, node_str: str) -> NodeDefinition:
        """Return the definition of a node.

        Raises:
            DagsterInvariantViolationError: there is no such node.
        """
        return self._node(node_str).solid.definition

    # --- values ---

    def output_value(self, output_name: str = DEFAULT_OUTPUT) -> Any:
        """Return the value of an output of the job: what its function returned.

        Raises:
            DagsterInvariantViolationError: the job has no such output, or it was not yielded.
            DagsterStorageError: the run kept no values, or they are no longer there.
        """
        job = self.job_def
        mappings = () if job.graph_def is None else job.graph_def.output_mappings
        places = {mapping.definition.name: mapping.maps_from for mapping in mappings}
        if output_name not in places:
            message = (
                f"{job.label} has no output '{output_name}'.{near(output_name, places)} Its "
                f"outputs: {listed(places)}. An output of the whole is what its function returns."
            )
            raise DagsterInvariantViolationError(message)
        place = places[output_name]
        return self._node(place.solid_name).output_value(place.output_name)

    def output_for_node(self, node_str: str, output_name: str = DEFAULT_OUTPUT) -> Any:
        """Return the value of a node's output; None where the node did not succeed.

        Raises:
            DagsterInvariantViolationError: there is no such node or output, or it was not yielded.
            DagsterStorageError: the run kept no values, or they are no longer there.
        """
        return self._node(node_str).output_value(output_name)

    # --- events ---

    @property
    def all_events(self) -> Sequence[DagsterEvent]:
        """All events of the run, in the order they came."""
        return list(self._result.event_list)

    @property
    def all_node_events(self) -> Sequence[DagsterEvent]:
        """All events that belong to nodes, in the order they came."""
        return self._result.step_event_list

    def filter_events(self, event_filter: Callable[[DagsterEvent], bool]) -> list[DagsterEvent]:
        """Return the events for which ``event_filter`` holds, in the order they came."""
        return [event for event in self._result.event_list if event_filter(event)]

    def events_for_node(self, node_str: str) -> Sequence[DagsterEvent]:
        """Return the events of a node, and of those inside it.

        Raises:
            DagsterInvariantViolationError: there is no such node.
        """
        node = self._node(node_str)
        return (
            node.event_list if isinstance(node, CompositeSolidExecutionResult) else node.step_events
        )

    def get_job_success_event(self) -> DagsterEvent:
        """Return the event that says that the job succeeded.

        Raises:
            DagsterInvariantViolationError: it did not.
        """
        return self._run_event(DagsterEventType.RUN_SUCCESS)

    def get_job_failure_event(self) -> DagsterEvent:
        """Return the event that says that the job failed.

        Raises:
            DagsterInvariantViolationError: it did not.
        """
        return self._run_event(DagsterEventType.RUN_FAILURE)

    get_run_success_event = get_job_success_event
    get_run_failure_event = get_job_failure_event

    def get_step_success_events(self) -> list[DagsterEvent]:
        """Return the events of the steps that succeeded."""
        return self._of_type(DagsterEventType.STEP_SUCCESS)

    def get_step_skipped_events(self) -> list[DagsterEvent]:
        """Return the events of the steps that were skipped."""
        return self._of_type(DagsterEventType.STEP_SKIPPED)

    def get_step_failure_events(self) -> list[DagsterEvent]:
        """Return the events of the steps that failed."""
        return self._of_type(DagsterEventType.STEP_FAILURE)

    def get_failed_step_keys(self) -> frozenset[str]:
        """Return the keys of the steps that failed."""
        events = self.get_step_failure_events()
        return frozenset(event.step_key for event in events if event.step_key is not None)

    def get_asset_materialization_events(self) -> list[DagsterEvent]:
        """Return the events that tell of materializations."""
        return self._of_type(DagsterEventType.ASSET_MATERIALIZATION)

    def get_asset_observation_events(self) -> list[DagsterEvent]:
        """Return the events that tell of observations."""
        return self._of_type(DagsterEventType.ASSET_OBSERVATION)

    # --- one node ---

    def is_node_success(self, node_str: str) -> bool:
        """Return whether a node succeeded."""
        return self._node(node_str).success

    def is_node_failed(self, node_str: str) -> bool:
        """Return whether a node failed, or one inside it."""
        return self.failure_data_for_node(node_str) is not None

    def is_node_skipped(self, node_str: str) -> bool:
        """Return whether a node was skipped."""
        return self._node(node_str).skipped

    def is_node_untouched(self, node_str: str) -> bool:
        """Return whether a node neither ran nor was skipped: something before it failed."""
        types = {event.event_type for event in self.events_for_node(node_str)}
        return types <= {DagsterEventType.ENGINE_EVENT}

    def failure_data_for_node(self, node_str: str) -> StepFailureData | None:
        """Return how a node failed, or the first inside it that did; None where none did."""
        for event in self.events_for_node(node_str):
            if event.event_type is DagsterEventType.STEP_FAILURE:
                return event.step_failure_data
        return None

    def retry_attempts_for_node(self, node_str: str) -> int:
        """Return how often a node, or what is inside it, was tried again."""
        events = self.events_for_node(node_str)
        return sum(event.event_type is DagsterEventType.STEP_RESTARTED for event in events)

    def asset_materializations_for_node(
        self, node_name: str
    ) -> Sequence[AssetMaterialization | Materialization]:
        """Return what a node materialized."""
        return [
            event.step_materialization_data.materialization
            for event in self.events_for_node(node_name)
            if event.event_type is DagsterEventType.ASSET_MATERIALIZATION
        ]

    def asset_observations_for_node(self, node_name: str) -> Sequence[AssetObservation]:
        """Return what a node observed."""
        return [
            event.asset_observation_data.asset_observation
            for event in self.events_for_node(node_name)
            if event.event_type is DagsterEventType.ASSET_OBSERVATION
        ]

    # --- within ---

    def _node(self, node_str: str) -> NodeResult:
        return self._result.result_for_handle(node_str)

    def _of_type(self, event_type: DagsterEventType) -> list[DagsterEvent]:
        return self.filter_events(lambda event: event.event_type is event_type)

    def _run_event(self, event_type: DagsterEventType) -> DagsterEvent:
        events = self._of_type(event_type)
        if not events:
            status = self._run.status.value
            message = (
                f"Run {self.run_id} of {self.job_def.label} has no event {event_type.value}: it "
                f"ended as {status}."
            )
            raise DagsterInvariantViolationError(message)
        return events[0]

    def __repr__(self) -> str:
        name, status = self.job_def.name, self._run.status.value
        return f"{type(self).__name__}(job={name!r}, run_id={self.run_id!r}, {status})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        return self._result._repr_html_()


class ExecuteInProcessResult(ExecutionResult):
    """The result of ``execute_in_process`` of a job or graph.

    Users should not instantiate this class.
    """


class JobExecutionResult(ExecutionResult):
    """The result of ``execute_job``; a context manager, as values may be read only inside.

    Users should not instantiate this class.
    """

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave the result as it is."""
