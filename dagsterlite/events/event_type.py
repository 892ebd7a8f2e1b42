"""The types of events."""

from __future__ import annotations

from enum import Enum

from dagsterlite.runs import DagsterRunStatus
from dagsterlite.serdes import serializable


@serializable("DagsterEventType")
class DagsterEventType(Enum):
    """The types of events that may be yielded by solid and pipeline execution (seed 001).

    ``RUN_…`` and ``ASSET_MATERIALIZATION`` are the newer vocabulary's names of the same members.
    """

    #: An input was taken up and its type checked.
    STEP_INPUT = "STEP_INPUT"
    #: An output was yielded and its type checked.
    STEP_OUTPUT = "STEP_OUTPUT"
    #: The first attempt starts.
    STEP_START = "STEP_START"
    #: The attempt ended well and its outputs stand.
    STEP_SUCCESS = "STEP_SUCCESS"
    #: The attempt failed and none follows.
    STEP_FAILURE = "STEP_FAILURE"
    #: The step will not run: an output that it needs was not yielded.
    STEP_SKIPPED = "STEP_SKIPPED"
    #: The attempt ended and another follows.
    STEP_UP_FOR_RETRY = "STEP_UP_FOR_RETRY"
    #: A further attempt starts.
    STEP_RESTARTED = "STEP_RESTARTED"
    #: User code, or the config of an output, wrote an asset.
    STEP_MATERIALIZATION = "STEP_MATERIALIZATION"
    #: User code checked its data.
    STEP_EXPECTATION_RESULT = "STEP_EXPECTATION_RESULT"
    #: User code told a fact about an asset.
    ASSET_OBSERVATION = "ASSET_OBSERVATION"
    #: A value was committed to, or read from, the run's intermediate storage.
    OBJECT_STORE_OPERATION = "OBJECT_STORE_OPERATION"
    #: An IO manager wrote an output.
    HANDLED_OUTPUT = "HANDLED_OUTPUT"
    #: An IO manager read an input.
    LOADED_INPUT = "LOADED_INPUT"
    #: A hook of the step ran.
    HOOK_COMPLETED = "HOOK_COMPLETED"
    #: A hook of the step raised.
    HOOK_ERRORED = "HOOK_ERRORED"
    #: A hook of the step had nothing to do: it is for another end of the step.
    HOOK_SKIPPED = "HOOK_SKIPPED"
    #: The engine tells something; its payload says what.
    ENGINE_EVENT = "ENGINE_EVENT"
    #: The run waits in a queue.
    PIPELINE_ENQUEUED = "PIPELINE_ENQUEUED"
    #: The run was handed to a launcher.
    PIPELINE_STARTING = "PIPELINE_STARTING"
    #: The run's driver begins to execute steps.
    PIPELINE_START = "PIPELINE_START"
    #: The run ended well: every step that could run did.
    PIPELINE_SUCCESS = "PIPELINE_SUCCESS"
    #: The run ended with a failed step, or could not go on.
    PIPELINE_FAILURE = "PIPELINE_FAILURE"
    #: The run could not begin: a resource, logger or executor could not be made.
    PIPELINE_INIT_FAILURE = "PIPELINE_INIT_FAILURE"
    #: Somebody asked for the run to stop.
    PIPELINE_CANCELING = "PIPELINE_CANCELING"
    #: The run stopped because it was asked to.
    PIPELINE_CANCELED = "PIPELINE_CANCELED"

    ASSET_MATERIALIZATION = "STEP_MATERIALIZATION"
    RUN_ENQUEUED = "PIPELINE_ENQUEUED"
    RUN_STARTING = "PIPELINE_STARTING"
    RUN_START = "PIPELINE_START"
    RUN_SUCCESS = "PIPELINE_SUCCESS"
    RUN_FAILURE = "PIPELINE_FAILURE"
    RUN_CANCELING = "PIPELINE_CANCELING"
    RUN_CANCELED = "PIPELINE_CANCELED"


TERMINAL_STEP_EVENTS = frozenset(
    {
        DagsterEventType.STEP_SUCCESS,
        DagsterEventType.STEP_FAILURE,
        DagsterEventType.STEP_SKIPPED,
        DagsterEventType.STEP_UP_FOR_RETRY,
    }
)
"""The events of which each attempt of a step has exactly one, followed only by its hooks'."""

STATUS_AFTER = {
    DagsterEventType.PIPELINE_ENQUEUED: DagsterRunStatus.QUEUED,
    DagsterEventType.PIPELINE_STARTING: DagsterRunStatus.STARTING,
    DagsterEventType.PIPELINE_START: DagsterRunStatus.STARTED,
    DagsterEventType.PIPELINE_SUCCESS: DagsterRunStatus.SUCCESS,
    DagsterEventType.PIPELINE_FAILURE: DagsterRunStatus.FAILURE,
    DagsterEventType.PIPELINE_INIT_FAILURE: DagsterRunStatus.FAILURE,
    DagsterEventType.PIPELINE_CANCELING: DagsterRunStatus.CANCELING,
    DagsterEventType.PIPELINE_CANCELED: DagsterRunStatus.CANCELED,
}
"""The status that a run has after each run-level event."""

ASSET_EVENTS = frozenset(
    {DagsterEventType.STEP_MATERIALIZATION, DagsterEventType.ASSET_OBSERVATION}
)
"""The events that speak of an asset."""
