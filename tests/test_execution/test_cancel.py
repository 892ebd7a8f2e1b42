"""Canceling a run from outside: one that is driven, one that is lost, one that has ended."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dagsterlite import DagsterInstance, execute_pipeline, lambda_solid, pipeline
from dagsterlite.errors import DagsterRunNotFoundError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.fold import fold
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.runs import DagsterRunStatus


@pytest.fixture(params=["in memory", "persistent"])
def instance(request: pytest.FixtureRequest, tmp_path: Path) -> DagsterInstance:
    if request.param == "in memory":
        return DagsterInstance.ephemeral()
    return DagsterInstance.local_temp(str(tmp_path))


def started(instance: DagsterInstance, *, lease_seconds: float) -> str:
    """Return the id of a run that a driver took up and has said nothing of since."""
    run = instance.create_run("p", status=DagsterRunStatus.STARTED)
    instance.run_storage.acquire_lease(
        run.run_id, "a driver", seconds=lease_seconds, now=time.time()
    )
    return run.run_id


def status(instance: DagsterInstance, run_id: str) -> DagsterRunStatus:
    return instance.require_run(run_id).dagster_run.status


def test_a_driver_that_lives_is_asked(instance: DagsterInstance) -> None:
    run_id = started(instance, lease_seconds=60)

    assert cancel_run(run_id, instance) is CancelOutcome.ASKED

    assert status(instance, run_id) is DagsterRunStatus.CANCELING
    assert instance.run_storage.read_lease(run_id, "a driver").cancel_requested
    assert cancel_run(run_id, instance) is CancelOutcome.ASKED


def test_a_lost_run_is_canceled_and_its_event_log_says_so(instance: DagsterInstance) -> None:
    run_id = started(instance, lease_seconds=-1)

    assert cancel_run(run_id, instance) is CancelOutcome.CANCELED

    assert status(instance, run_id) is DagsterRunStatus.CANCELED
    (entry,) = instance.all_logs(run_id)
    assert entry.dagster_event_type is DagsterEventType.PIPELINE_CANCELED
    assert fold([entry]).status is DagsterRunStatus.CANCELED
    assert not instance.run_storage.read_lease(run_id, "a driver").held


def test_a_run_that_was_not_begun_is_canceled(instance: DagsterInstance) -> None:
    run = instance.create_run("p")

    assert cancel_run(run.run_id, instance) is CancelOutcome.CANCELED

    assert status(instance, run.run_id) is DagsterRunStatus.CANCELED


def test_a_run_that_has_ended_stays_as_it_is(instance: DagsterInstance) -> None:
    @lambda_solid
    def one() -> int:
        return 1

    @pipeline
    def p() -> None:
        one()

    run_id = execute_pipeline(p, instance=instance).run_id
    before = len(instance.all_logs(run_id))

    assert cancel_run(run_id, instance) is CancelOutcome.ENDED

    assert status(instance, run_id) is DagsterRunStatus.SUCCESS
    assert len(instance.all_logs(run_id)) == before


def test_an_unknown_run_is_an_error(instance: DagsterInstance) -> None:
    with pytest.raises(DagsterRunNotFoundError, match="nowhere"):
        cancel_run("nowhere", instance)
