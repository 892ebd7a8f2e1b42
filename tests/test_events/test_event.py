from __future__ import annotations

import pytest

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.engine import EngineEventData, Waiting
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import (
    AssetObservationData,
    HookErroredData,
    ObjectStoreOperationResultData,
    ObjectStoreOperationType,
    PipelineInitFailureData,
    StepExpectationResultData,
    StepFailureData,
    StepInputData,
    StepMaterializationData,
    StepOutputData,
    StepRetryData,
    StepSuccessData,
    TypeCheckData,
)
from dagsterlite.events.yielded import AssetMaterialization, AssetObservation, ExpectationResult
from dagsterlite.handles import SolidHandle, StepOutputHandle

ERROR = SerializableErrorInfo("ValueError: bad\n")
CHECKED = TypeCheckData(success=True, label="x")


def event(kind, data=None, **fields):
    return DagsterEvent(event_type=kind, pipeline_name="p", event_specific_data=data, **fields)


PAYLOADS = [
    ("STEP_INPUT", "step_input_data", StepInputData("x", CHECKED)),
    ("STEP_OUTPUT", "step_output_data", StepOutputData(StepOutputHandle("s.compute"), CHECKED)),
    ("STEP_SUCCESS", "step_success_data", StepSuccessData(1.5)),
    ("STEP_FAILURE", "step_failure_data", StepFailureData(ERROR)),
    ("STEP_UP_FOR_RETRY", "step_retry_data", StepRetryData(ERROR, 2.0)),
    (
        "STEP_MATERIALIZATION",
        "step_materialization_data",
        StepMaterializationData(AssetMaterialization("a")),
    ),
    ("ASSET_OBSERVATION", "asset_observation_data", AssetObservationData(AssetObservation("a"))),
    (
        "STEP_EXPECTATION_RESULT",
        "step_expectation_result_data",
        StepExpectationResultData(ExpectationResult(True)),
    ),
    (
        "OBJECT_STORE_OPERATION",
        "object_store_operation_result_data",
        ObjectStoreOperationResultData(op=ObjectStoreOperationType.SET_OBJECT, value_name="x"),
    ),
    ("HOOK_ERRORED", "hook_errored_data", HookErroredData(ERROR)),
    ("ENGINE_EVENT", "engine_event_data", EngineEventData(detail=Waiting("workers"))),
    ("PIPELINE_INIT_FAILURE", "pipeline_init_failure_data", PipelineInitFailureData(ERROR)),
]


@pytest.mark.parametrize(("kind", "attribute", "data"), PAYLOADS)
def test_each_kind_of_event_hands_out_its_own_payload_only(kind, attribute, data):
    told = event(DagsterEventType[kind], data)

    assert getattr(told, attribute) is data
    for _, other, _ in PAYLOADS:
        if other != attribute:
            with pytest.raises(DagsterInvariantViolationError, match=f"Event {kind} carries no"):
                getattr(told, other)


def test_an_event_of_a_step_knows_its_solid():
    told = event(
        DagsterEventType.STEP_START,
        step_key="outer.inner.compute",
        solid_handle=SolidHandle.from_string("outer.inner"),
    )

    assert (told.solid_name, told.is_step_event) == ("inner", True)
    assert (told.node_name, told.node_handle) == ("inner", told.solid_handle)
    assert (told.job_name, told.message) == ("p", "")
    with pytest.raises(DagsterInvariantViolationError, match="PIPELINE_START belongs to no solid"):
        event(DagsterEventType.PIPELINE_START).solid_name  # noqa: B018


def test_an_event_of_an_asset_knows_its_key_and_partition():
    written = event(
        DagsterEventType.STEP_MATERIALIZATION,
        StepMaterializationData(AssetMaterialization("a", partition="1")),
    )
    seen = event(
        DagsterEventType.ASSET_OBSERVATION,
        AssetObservationData(AssetObservation("b", partition="2")),
    )

    assert (written.asset_key, written.partition) == (AssetKey("a"), "1")
    assert written.materialization == AssetMaterialization("a", partition="1")
    assert (seen.asset_key, seen.partition) == (AssetKey("b"), "2")
    assert event(DagsterEventType.STEP_START).asset_key is None
    assert event(DagsterEventType.STEP_START).partition is None


def test_a_run_that_could_not_begin_has_failed():
    assert event(DagsterEventType.PIPELINE_INIT_FAILURE).is_pipeline_failure
    assert event(DagsterEventType.PIPELINE_INIT_FAILURE).is_pipeline_init_failure
    assert event(DagsterEventType.PIPELINE_CANCELED).is_pipeline_canceled
    assert event(DagsterEventType.PIPELINE_SUCCESS).is_pipeline_success
