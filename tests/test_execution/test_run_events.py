"""The stream of a run's events: what is known before the first, and what stopping means."""

from __future__ import annotations

import pytest

from dagsterlite import (
    DagsterInstance,
    PipelineDefinition,
    execute_pipeline_iterator,
    lambda_solid,
    pipeline,
)
from dagsterlite.errors import DagsterInvalidConfigError
from dagsterlite.runs import DagsterRunStatus


@pytest.fixture
def chain() -> PipelineDefinition:
    @lambda_solid
    def first() -> int:
        return 1

    @lambda_solid
    def second(value: int) -> int:
        return value + 1

    @pipeline
    def chain() -> None:
        second(first())

    return chain


def test_run_and_steps_are_known_before_the_first_event(chain: PipelineDefinition) -> None:
    instance = DagsterInstance.ephemeral()

    events = execute_pipeline_iterator(chain, instance=instance)

    assert events.step_keys == ("first.compute", "second.compute")
    assert instance.get_run_by_id(events.run_id) == events.run
    assert events.run.status is DagsterRunStatus.NOT_STARTED
    assert [event.event_type_value for event in events][-1] == "PIPELINE_SUCCESS"


def test_a_selection_shortens_the_steps(chain: PipelineDefinition) -> None:
    events = execute_pipeline_iterator(chain, solid_selection=["first"])

    assert events.step_keys == ("first.compute",)


def test_closing_in_the_middle_cancels_the_run(chain: PipelineDefinition) -> None:
    instance = DagsterInstance.ephemeral()
    events = execute_pipeline_iterator(chain, instance=instance)
    next(events)

    events.close()

    run = instance.get_run_by_id(events.run_id)
    assert run is not None
    assert run.status is DagsterRunStatus.CANCELED
    assert list(events) == []


def test_wrong_config_is_told_before_there_is_a_run(chain: PipelineDefinition) -> None:
    instance = DagsterInstance.ephemeral()

    with pytest.raises(DagsterInvalidConfigError, match="solid"):
        execute_pipeline_iterator(chain, {"solidz": {}}, instance=instance)

    assert instance.get_runs() == []
