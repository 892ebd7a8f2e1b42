from __future__ import annotations

import inspect
import re

import pytest

from dagsterlite.events import event_type
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import (
    ASSET_EVENTS,
    STATUS_AFTER,
    TERMINAL_STEP_EVENTS,
    DagsterEventType,
)
from dagsterlite.runs import FINISHED_STATUSES, DagsterRunStatus

DOCUMENTED = (
    "ENGINE_EVENT",
    "HOOK_COMPLETED",
    "HOOK_ERRORED",
    "HOOK_SKIPPED",
    "OBJECT_STORE_OPERATION",
    "PIPELINE_FAILURE",
    "PIPELINE_INIT_FAILURE",
    "PIPELINE_START",
    "PIPELINE_SUCCESS",
    "STEP_EXPECTATION_RESULT",
    "STEP_FAILURE",
    "STEP_INPUT",
    "STEP_MATERIALIZATION",
    "STEP_OUTPUT",
    "STEP_RESTARTED",
    "STEP_SKIPPED",
    "STEP_START",
    "STEP_SUCCESS",
    "STEP_UP_FOR_RETRY",
)

ADDED = (
    "ASSET_OBSERVATION",
    "HANDLED_OUTPUT",
    "LOADED_INPUT",
    "PIPELINE_CANCELED",
    "PIPELINE_CANCELING",
    "PIPELINE_ENQUEUED",
    "PIPELINE_STARTING",
)

SECOND_NAMES = {
    "ASSET_MATERIALIZATION": "STEP_MATERIALIZATION",
    "RUN_ENQUEUED": "PIPELINE_ENQUEUED",
    "RUN_STARTING": "PIPELINE_STARTING",
    "RUN_START": "PIPELINE_START",
    "RUN_SUCCESS": "PIPELINE_SUCCESS",
    "RUN_FAILURE": "PIPELINE_FAILURE",
    "RUN_CANCELING": "PIPELINE_CANCELING",
    "RUN_CANCELED": "PIPELINE_CANCELED",
}


def test_the_types_are_the_documented_ones_and_a_few_more():
    assert {item.name for item in DagsterEventType} == {*DOCUMENTED, *ADDED}
    assert all(item.value == item.name for item in DagsterEventType)


@pytest.mark.parametrize(("second", "first"), SECOND_NAMES.items())
def test_the_newer_vocabulary_names_the_same_types(second, first):
    assert DagsterEventType[second] is DagsterEventType[first]


def test_every_type_says_what_it_means():
    lines = inspect.getsource(event_type.DagsterEventType).splitlines()

    for item in DagsterEventType:
        (number,) = [n for n, line in enumerate(lines) if re.match(rf"    {item.name} = ", line)]
        assert lines[number - 1].startswith("    #: "), item.name


def test_each_run_level_type_leads_to_a_status():
    run_level = {item for item in DagsterEventType if item.name.startswith("PIPELINE_")}

    assert set(STATUS_AFTER) == run_level
    assert set(STATUS_AFTER.values()) == set(DagsterRunStatus) - {DagsterRunStatus.NOT_STARTED}


@pytest.mark.parametrize("kind", DagsterEventType)
def test_an_event_knows_its_kind(kind):
    event = DagsterEvent(event_type=kind, pipeline_name="p", step_key="s.compute")

    status = STATUS_AFTER.get(kind)
    assert event.is_terminal == (status in FINISHED_STATUSES)
    assert event.is_pipeline_event == (status is not None)
    assert event.is_hook_event == kind.name.startswith("HOOK_")
    assert event.is_hook_completed == (kind.name == "HOOK_COMPLETED")
    assert event.is_hook_skipped == (kind.name == "HOOK_SKIPPED")
    assert event.is_failure == kind.name.endswith("FAILURE")
    told = [
        event.is_hook_completed,
        event.is_hook_errored,
        event.is_hook_skipped,
        event.is_step_start,
        event.is_step_success,
        event.is_step_failure,
        event.is_step_skipped,
        event.is_step_up_for_retry,
        event.is_step_restarted,
        event.is_successful_output,
        event.is_step_materialization,
        event.is_asset_observation,
        event.is_expectation_result,
        event.is_engine_event,
    ]
    assert sum(told) <= 1
    assert event.event_type_value == kind.value


def test_an_attempt_ends_with_one_of_four_types_and_two_speak_of_assets():
    assert {item.name for item in TERMINAL_STEP_EVENTS} == {
        "STEP_SUCCESS",
        "STEP_FAILURE",
        "STEP_SKIPPED",
        "STEP_UP_FOR_RETRY",
    }
    assert {item.name for item in ASSET_EVENTS} == {"STEP_MATERIALIZATION", "ASSET_OBSERVATION"}
