"""What each type of event carries: one frozen record a kind."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.metadata import EventMetadataEntry, HasMetadata
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Materialization,
)
from dagsterlite.handles import StepOutputHandle
from dagsterlite.serdes import serializable


@serializable("TypeCheckData")
@dataclass(frozen=True, kw_only=True, slots=True)
class TypeCheckData(HasMetadata):
    """The outcome of the type check of one input or output."""

    success: bool
    label: str
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


@serializable("StepInputData")
@dataclass(frozen=True, slots=True)
class StepInputData:
    """STEP_INPUT: an input was taken up."""

    input_name: str
    type_check_data: TypeCheckData


@serializable("StepOutputData")
@dataclass(frozen=True, slots=True)
class StepOutputData(HasMetadata):
    """STEP_OUTPUT: an output was yielded."""

    step_output_handle: StepOutputHandle
    type_check_data: TypeCheckData
    #: What user code tells of the value.
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)

    @property
    def output_name(self) -> str:
        """The output's name."""
        return self.step_output_handle.output_name

    @property
    def mapping_key(self) -> str | None:
        """The mapping key of the value, of a dynamic output."""
        return self.step_output_handle.mapping_key


@serializable("StepSuccessData")
@dataclass(frozen=True, slots=True)
class StepSuccessData:
    """STEP_SUCCESS: the attempt ended well."""

    #: Milliseconds from the attempt's start to the end of its user code and commits.
    duration_ms: float
    #: Not compared, here and below: two equal runs cost differently.
    metrics: StepMetrics | None = field(default=None, compare=False, kw_only=True)


@serializable("UserFailureData")
@dataclass(frozen=True, slots=True)
class UserFailureData(HasMetadata):
    """What user code said of a failure by raising ``Failure``."""

    label: str
    description: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


@serializable("StepFailureData")
@dataclass(frozen=True, slots=True)
class StepFailureData:
    """STEP_FAILURE: the attempt failed and none follows."""

    error: SerializableErrorInfo | None
    user_failure_data: UserFailureData | None = None
    #: None where the attempt could not tell of its end itself, as when its worker was lost.
    metrics: StepMetrics | None = field(default=None, compare=False, kw_only=True)


@serializable("StepRetryData")
@dataclass(frozen=True, slots=True)
class StepRetryData:
    """STEP_UP_FOR_RETRY: the attempt failed and another follows."""

    error: SerializableErrorInfo | None
    #: Seconds until the next attempt; None means at once.
    seconds_to_wait: float | None = None
    metrics: StepMetrics | None = field(default=None, compare=False, kw_only=True)


@serializable("StepMaterializationData")
@dataclass(frozen=True, slots=True)
class StepMaterializationData:
    """STEP_MATERIALIZATION: an asset was written."""

    materialization: AssetMaterialization | Materialization
    #: The version of the code that wrote it, where its solid names one.
    code_version: str | None = None


@serializable("AssetObservationData")
@dataclass(frozen=True, slots=True)
class AssetObservationData:
    """ASSET_OBSERVATION: a fact about an asset."""

    asset_observation: AssetObservation


@serializable("StepExpectationResultData")
@dataclass(frozen=True, slots=True)
class StepExpectationResultData:
    """STEP_EXPECTATION_RESULT: data was checked."""

    expectation_result: ExpectationResult


@serializable("ObjectStoreOperationType")
class ObjectStoreOperationType(Enum):
    """What was done to a stored value."""

    SET_OBJECT = "SET_OBJECT"
    GET_OBJECT = "GET_OBJECT"
    RM_OBJECT = "RM_OBJECT"
    CP_OBJECT = "CP_OBJECT"


@serializable("ObjectStoreOperationResultData")
@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectStoreOperationResultData(HasMetadata):
    """OBJECT_STORE_OPERATION: a value was committed to, or read from, intermediate storage."""

    op: ObjectStoreOperationType
    value_name: str
    #: Where the value lies, as people and fsspec understand it.
    address: str | None = None
    #: How it is written; names the codec that reads it.
    codec: str | None = None
    #: Size of the stored bytes, and ``sha256:<hex>`` of them; None where nothing is written.
    size: int | None = None
    checksum: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


@serializable("HandledOutputData")
@dataclass(frozen=True, kw_only=True, slots=True)
class HandledOutputData(HasMetadata):
    """HANDLED_OUTPUT: an IO manager took an output."""

    output_name: str
    #: The resource key of the manager.
    manager_key: str
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


@serializable("LoadedInputData")
@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedInputData(HasMetadata):
    """LOADED_INPUT: a manager loaded an input."""

    input_name: str
    #: The resource key of the manager.
    manager_key: str
    #: The output that was loaded; None where the input is not connected to one.
    upstream_output_name: str | None = None
    upstream_step_key: str | None = None
    metadata_entries: list[EventMetadataEntry] = field(default_factory=list)


@serializable("HookErroredData")
@dataclass(frozen=True, slots=True)
class HookErroredData:
    """HOOK_ERRORED: a hook raised."""

    error: SerializableErrorInfo


@serializable("PipelineInitFailureData")
@dataclass(frozen=True, slots=True)
class PipelineInitFailureData:
    """PIPELINE_INIT_FAILURE: the run could not begin."""

    error: SerializableErrorInfo


@serializable("PipelineFailureData")
@dataclass(frozen=True, slots=True)
class PipelineFailureData:
    """PIPELINE_FAILURE: why the run as a whole failed, where it was not a step's failure."""

    error: SerializableErrorInfo | None = None


@serializable("PipelineCanceledData")
@dataclass(frozen=True, slots=True)
class PipelineCanceledData:
    """PIPELINE_CANCELED: what interrupted the run, if anything is known."""

    error: SerializableErrorInfo | None = None


EventSpecificData = (
    StepInputData
    | StepOutputData
    | StepSuccessData
    | StepFailureData
    | StepRetryData
    | StepMaterializationData
    | AssetObservationData
    | StepExpectationResultData
    | ObjectStoreOperationResultData
    | HandledOutputData
    | LoadedInputData
    | HookErroredData
    | EngineEventData
    | PipelineInitFailureData
    | PipelineFailureData
    | PipelineCanceledData
)
