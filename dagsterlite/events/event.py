"""One event of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import (
    AssetObservationData,
    EventSpecificData,
    HandledOutputData,
    HookErroredData,
    LoadedInputData,
    ObjectStoreOperationResultData,
    PipelineInitFailureData,
    StepExpectationResultData,
    StepFailureData,
    StepInputData,
    StepMaterializationData,
    StepOutputData,
    StepRetryData,
    StepSuccessData,
)
from dagsterlite.events.yielded import AssetMaterialization, Materialization
from dagsterlite.handles import SolidHandle
from dagsterlite.serdes import plain, serializable

T = TypeVar("T")

_TERMINAL_PIPELINE = frozenset(
    {
        DagsterEventType.PIPELINE_SUCCESS,
        DagsterEventType.PIPELINE_FAILURE,
        DagsterEventType.PIPELINE_INIT_FAILURE,
        DagsterEventType.PIPELINE_CANCELED,
    }
)


@serializable("DagsterEvent")
@dataclass(frozen=True, kw_only=True, slots=True)
class DagsterEvent:
    """An event yielded by solid and pipeline execution (seed 001).

    Users should not instantiate this class.
    """

    event_type: DagsterEventType
    pipeline_name: str
    message: str = ""
    step_key: str | None = None
    solid_handle: SolidHandle | None = None
    step_kind_value: str | None = None
    #: The run's tags and the step's identity, as every log record of the step bears them.
    logging_tags: dict[str, str] = plain(shared=True, default_factory=dict)
    event_specific_data: EventSpecificData | None = None
    #: The process that made the event.
    pid: int | None = None

    @property
    def event_type_value(self) -> str:
        """The type of this event, as text."""
        return self.event_type.value

    @property
    def job_name(self) -> str:
        """The name of the job (pipeline)."""
        return self.pipeline_name

    @property
    def solid_name(self) -> str:
        """The name of the step's solid, as it stands in its graph."""
        if self.solid_handle is None:
            message = f"Event {self.event_type_value} belongs to no solid."
            raise DagsterInvariantViolationError(message)
        return self.solid_handle.name

    @property
    def node_handle(self) -> SolidHandle | None:
        """The path of the step's op (solid); None where the event belongs to none."""
        return self.solid_handle

    @property
    def node_name(self) -> str:
        """The name of the step's op (solid), as it stands in its graph."""
        return self.solid_name

    # --- kinds ---

    @property
    def is_step_event(self) -> bool:
        """Whether the event belongs to a step."""
        return self.step_key is not None

    @property
    def is_hook_event(self) -> bool:
        """Whether a hook made the event."""
        return self.event_type_value.startswith("HOOK_")

    @property
    def is_hook_completed(self) -> bool:
        """Whether a hook of the step ran."""
        return self.event_type is DagsterEventType.HOOK_COMPLETED

    @property
    def is_hook_errored(self) -> bool:
        """Whether a hook of the step raised."""
        return self.event_type is DagsterEventType.HOOK_ERRORED

    @property
    def is_hook_skipped(self) -> bool:
        """Whether a hook of the step had nothing to do."""
        return self.event_type is DagsterEventType.HOOK_SKIPPED

    @property
    def is_step_start(self) -> bool:
        """Whether a step started."""
        return self.event_type is DagsterEventType.STEP_START

    @property
    def is_step_success(self) -> bool:
        """Whether a step succeeded."""
        return self.event_type is DagsterEventType.STEP_SUCCESS

    @property
    def is_step_failure(self) -> bool:
        """Whether a step failed."""
        return self.event_type is DagsterEventType.STEP_FAILURE

    @property
    def is_step_skipped(self) -> bool:
        """Whether a step was skipped."""
        return self.event_type is DagsterEventType.STEP_SKIPPED

    @property
    def is_step_up_for_retry(self) -> bool:
        """Whether an attempt failed and another follows."""
        return self.event_type is DagsterEventType.STEP_UP_FOR_RETRY

    @property
    def is_step_restarted(self) -> bool:
        """Whether a further attempt of a step started."""
        return self.event_type is DagsterEventType.STEP_RESTARTED

    @property
    def is_successful_output(self) -> bool:
        """Whether the event tells of an output."""
        return self.event_type is DagsterEventType.STEP_OUTPUT

    @property
    def is_handled_output(self) -> bool:
        """Whether an IO manager took an output."""
        return self.event_type is DagsterEventType.HANDLED_OUTPUT

    @property
    def is_loaded_input(self) -> bool:
        """Whether a manager loaded an input."""
        return self.event_type is DagsterEventType.LOADED_INPUT

    @property
    def is_step_materialization(self) -> bool:
        """Whether the event tells of a materialization."""
        return self.event_type is DagsterEventType.STEP_MATERIALIZATION

    @property
    def is_asset_observation(self) -> bool:
        """Whether the event tells of an observation."""
        return self.event_type is DagsterEventType.ASSET_OBSERVATION

    @property
    def is_expectation_result(self) -> bool:
        """Whether the event tells of an expectation."""
        return self.event_type is DagsterEventType.STEP_EXPECTATION_RESULT

    @property
    def is_engine_event(self) -> bool:
        """Whether the engine tells of its own work."""
        return self.event_type is DagsterEventType.ENGINE_EVENT

    @property
    def is_pipeline_event(self) -> bool:
        """Whether the event tells of the run as a whole."""
        return self.event_type_value.startswith("PIPELINE_")

    @property
    def is_pipeline_success(self) -> bool:
        """Whether the run succeeded."""
        return self.event_type is DagsterEventType.PIPELINE_SUCCESS

    @property
    def is_pipeline_failure(self) -> bool:
        """Whether the run failed, also before its first step."""
        kinds = (DagsterEventType.PIPELINE_FAILURE, DagsterEventType.PIPELINE_INIT_FAILURE)
        return self.event_type in kinds

    @property
    def is_pipeline_init_failure(self) -> bool:
        """Whether the run could not begin."""
        return self.event_type is DagsterEventType.PIPELINE_INIT_FAILURE

    @property
    def is_pipeline_canceled(self) -> bool:
        """Whether the run was canceled."""
        return self.event_type is DagsterEventType.PIPELINE_CANCELED

    @property
    def is_terminal(self) -> bool:
        """Whether the run ended with this event."""
        return self.event_type in _TERMINAL_PIPELINE

    @property
    def is_failure(self) -> bool:
        """Whether a step or the run failed."""
        return self.is_step_failure or self.is_pipeline_failure

    # --- payloads ---

    def _data(self, cls: type[T]) -> T:
        if not isinstance(self.event_specific_data, cls):
            message = f"Event {self.event_type_value} carries no {cls.__name__}."
            raise DagsterInvariantViolationError(message)
        return self.event_specific_data

    @property
    def step_input_data(self) -> StepInputData:
        """The payload of STEP_INPUT."""
        return self._data(StepInputData)

    @property
    def step_output_data(self) -> StepOutputData:
        """The payload of STEP_OUTPUT."""
        return self._data(StepOutputData)

    @property
    def step_success_data(self) -> StepSuccessData:
        """The payload of STEP_SUCCESS."""
        return self._data(StepSuccessData)

    @property
    def step_failure_data(self) -> StepFailureData:
        """The payload of STEP_FAILURE."""
        return self._data(StepFailureData)

    @property
    def step_retry_data(self) -> StepRetryData:
        """The payload of STEP_UP_FOR_RETRY."""
        return self._data(StepRetryData)

    @property
    def step_materialization_data(self) -> StepMaterializationData:
        """The payload of STEP_MATERIALIZATION."""
        return self._data(StepMaterializationData)

    @property
    def materialization(self) -> AssetMaterialization | Materialization:
        """What STEP_MATERIALIZATION tells of."""
        return self.step_materialization_data.materialization

    @property
    def asset_observation_data(self) -> AssetObservationData:
        """The payload of ASSET_OBSERVATION."""
        return self._data(AssetObservationData)

    @property
    def step_expectation_result_data(self) -> StepExpectationResultData:
        """The payload of STEP_EXPECTATION_RESULT."""
        return self._data(StepExpectationResultData)

    @property
    def object_store_operation_result_data(self) -> ObjectStoreOperationResultData:
        """The payload of OBJECT_STORE_OPERATION."""
        return self._data(ObjectStoreOperationResultData)

    @property
    def handled_output_data(self) -> HandledOutputData:
        """The payload of HANDLED_OUTPUT."""
        return self._data(HandledOutputData)

    @property
    def loaded_input_data(self) -> LoadedInputData:
        """The payload of LOADED_INPUT."""
        return self._data(LoadedInputData)

    @property
    def hook_errored_data(self) -> HookErroredData:
        """The payload of HOOK_ERRORED."""
        return self._data(HookErroredData)

    @property
    def engine_event_data(self) -> EngineEventData:
        """The payload of ENGINE_EVENT."""
        return self._data(EngineEventData)

    @property
    def pipeline_init_failure_data(self) -> PipelineInitFailureData:
        """The payload of PIPELINE_INIT_FAILURE."""
        return self._data(PipelineInitFailureData)

    @property
    def asset_key(self) -> AssetKey | None:
        """The asset that the event speaks of, if any."""
        match self.event_specific_data:
            case StepMaterializationData(materialization):
                return materialization.asset_key
            case AssetObservationData(observation):
                return observation.asset_key
        return None

    @property
    def partition(self) -> str | None:
        """The partition of the asset that the event speaks of, if any."""
        match self.event_specific_data:
            case StepMaterializationData(materialization):
                return materialization.partition
            case AssetObservationData(observation):
                return observation.partition
        return None
