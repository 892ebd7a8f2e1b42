from __future__ import annotations

import inspect
import re
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dagsterlite import runs
from dagsterlite.runs import (
    ALLOWED_TRANSITIONS,
    CANCELABLE_STATUSES,
    FINISHED_STATUSES,
    LEASE_SECONDS,
    OWNED_STATUSES,
    RENEW_SECONDS,
    RESUME_RETRY_TAG,
    START_SECONDS,
    DagsterRun,
    DagsterRunStatus,
    PipelineRun,
    PipelineRunStatus,
    RunRecord,
    from_unix,
    make_new_run_id,
    sources_of,
    to_unix,
)

CANCELED = DagsterRunStatus.CANCELED
CANCELING = DagsterRunStatus.CANCELING
FAILURE = DagsterRunStatus.FAILURE
NOT_STARTED = DagsterRunStatus.NOT_STARTED
QUEUED = DagsterRunStatus.QUEUED
STARTED = DagsterRunStatus.STARTED
STARTING = DagsterRunStatus.STARTING
SUCCESS = DagsterRunStatus.SUCCESS

TABLE = {
    NOT_STARTED: {QUEUED, STARTING, STARTED, CANCELING, SUCCESS, FAILURE, CANCELED},
    QUEUED: {STARTING, STARTED, CANCELING, SUCCESS, FAILURE, CANCELED},
    STARTING: {STARTED, CANCELING, SUCCESS, FAILURE, CANCELED},
    STARTED: {CANCELING, SUCCESS, FAILURE, CANCELED},
    CANCELING: {SUCCESS, FAILURE, CANCELED},
    SUCCESS: set(),
    FAILURE: set(),
    CANCELED: set(),
}


def run(status=NOT_STARTED, **fields):
    return DagsterRun(pipeline_name="p", status=status, **fields)


def record(status, lease_until):
    now = datetime.now(UTC)
    return RunRecord(
        storage_id=1,
        dagster_run=run(status),
        create_timestamp=now,
        update_timestamp=now,
        lease_until=lease_until,
    )


def test_the_table_of_transitions_is_complete():
    assert set(TABLE) == set(ALLOWED_TRANSITIONS) == set(DagsterRunStatus)


@pytest.mark.parametrize("source", DagsterRunStatus)
@pytest.mark.parametrize("target", DagsterRunStatus)
def test_a_run_goes_where_the_table_says(source, target):
    assert (target in ALLOWED_TRANSITIONS[source]) == (target in TABLE[source])
    assert (source in sources_of(target)) == (target in TABLE[source])


def test_a_finished_run_never_changes_and_each_other_can_finish():
    for status in DagsterRunStatus:
        finished = status in FINISHED_STATUSES
        assert finished == (not ALLOWED_TRANSITIONS[status])
        assert finished or ALLOWED_TRANSITIONS[status] >= FINISHED_STATUSES


def test_no_run_goes_back():
    order = list(TABLE)

    for source, targets in ALLOWED_TRANSITIONS.items():
        assert all(order.index(target) > order.index(source) for target in targets)


def test_every_status_says_what_it_means():
    lines = inspect.getsource(runs.DagsterRunStatus).splitlines()

    for status in DagsterRunStatus:
        (number,) = [n for n, line in enumerate(lines) if re.match(rf"    {status.name} = ", line)]
        assert lines[number - 1].startswith("    #: "), status.name


def test_a_run_that_waits_starts_or_works_can_be_canceled():
    assert {QUEUED, STARTING, STARTED} == CANCELABLE_STATUSES
    assert all(CANCELING in ALLOWED_TRANSITIONS[status] for status in CANCELABLE_STATUSES)


@pytest.mark.parametrize("status", DagsterRunStatus)
def test_a_run_knows_its_state(status):
    told = run(status)

    assert told.is_finished == (status in FINISHED_STATUSES)
    assert told.is_success == (status is SUCCESS)
    assert told.is_failure == (status is FAILURE)
    assert told.is_canceled == (status is CANCELED)
    assert told.is_failure_or_canceled == (status in {FAILURE, CANCELED})
    assert told.is_cancelable == (status in CANCELABLE_STATUSES)


def test_a_run_has_the_documented_fields_under_both_vocabularies():
    assert list(DagsterRun.__dataclass_fields__) == [
        "pipeline_name",
        "run_id",
        "run_config",
        "mode",
        "solid_selection",
        "solids_to_execute",
        "step_keys_to_execute",
        "status",
        "tags",
        "root_run_id",
        "parent_run_id",
        "pipeline_snapshot_id",
        "execution_plan_snapshot_id",
        "external_pipeline_origin",
    ]
    assert PipelineRun is DagsterRun
    assert PipelineRunStatus is DagsterRunStatus
    assert run().job_name == run().pipeline_name == "p"


def test_a_new_run_has_an_id_of_its_own():
    assert run().run_id != run().run_id
    assert str(uuid.UUID(make_new_run_id())) != make_new_run_id()


def test_a_run_knows_what_it_re_executes():
    retry = run(parent_run_id="a", root_run_id="b", tags={RESUME_RETRY_TAG: "true"})

    assert retry.previous_run_id == "a"
    assert retry.is_resume_retry
    assert not run().is_resume_retry
    assert not run(tags={RESUME_RETRY_TAG: "false"}).is_resume_retry


def test_a_run_that_was_launched_is_lost_when_nobody_begins_it_in_time():
    launched = record(DagsterRunStatus.STARTING, None)
    late = to_unix(launched.update_timestamp) + START_SECONDS

    assert not launched.is_lost(now=late)
    assert launched.is_lost(now=late + 1)
    assert not record(DagsterRunStatus.STARTING, late + 2).is_lost(now=late + 1)
    assert not launched.is_driven(now=late)


@pytest.mark.parametrize("status", DagsterRunStatus)
def test_a_run_is_lost_when_its_driver_is_silent_too_long_also_before_its_start(status):
    is_open = status not in FINISHED_STATUSES

    assert record(status, lease_until=99.0).is_lost(now=100.0) == is_open
    assert record(status, lease_until=None).is_lost(now=100.0) == (status in OWNED_STATUSES)
    assert not record(status, lease_until=101.0).is_lost(now=100.0)
    assert not record(status, lease_until=100.0).is_lost(now=100.0)


def test_a_lease_outlives_missed_renewals():
    assert LEASE_SECONDS > 3 * RENEW_SECONDS


def test_a_record_hands_out_its_run_by_both_names():
    told = record(STARTED, None)

    assert told.pipeline_run is told.dagster_run


def test_moments_are_unix_seconds_in_utc():
    moment = datetime(2024, 5, 6, 7, 8, 9, 123456, UTC)

    assert from_unix(to_unix(moment)) == moment
    assert to_unix(moment.replace(tzinfo=None)) == to_unix(moment)
    assert to_unix(moment.astimezone(timezone(timedelta(hours=5)))) == to_unix(moment)
    assert from_unix(0.0) == datetime(1970, 1, 1, tzinfo=UTC)
