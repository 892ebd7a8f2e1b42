"""How far a run has come, from its events alone."""

from __future__ import annotations

from dagsterlite import execute_pipeline_iterator
from dagsterlite.events.fold import StepState
from dagsterlite.render.progress import RunProgress
from dagsterlite.runs import DagsterRunStatus
from tests.test_render.runs_of import START, mapped, mixed, played, smooth


def test_before_the_first_event_nothing_is_finished() -> None:
    events = execute_pipeline_iterator(smooth)

    view = RunProgress(events.run, len(events.step_keys), START).view()

    assert (view.finished, view.total, view.status) == (0, 1, None)
    assert view.elapsed(START + 5) == 5
    assert view.rate(START + 5) is None
    events.close()


def test_each_fate_of_a_step_is_counted_once() -> None:
    progress, _ = played(mixed)

    view = progress.view()

    assert dict(view.counts) == {
        StepState.SUCCESS: 3,
        StepState.FAILURE: 1,
        StepState.SKIPPED: 1,
        StepState.ABANDONED: 1,
        StepState.RUNNING: 0,
        StepState.WAITING_FOR_RETRY: 0,
    }
    assert view.finished == view.total == 6
    assert view.status is DagsterRunStatus.FAILURE
    assert [step.step_key for step in view.failed] == ["break_down.compute"]
    assert (view.expectations_passed, view.expectations_failed) == (1, 1)
    assert view.running == ()


def test_steps_that_come_to_be_known_add_to_the_total() -> None:
    events = execute_pipeline_iterator(mapped)
    progress = RunProgress(events.run, len(events.step_keys), START)
    totals = [progress.view().total]
    for event in events:
        progress.take(event, START)
        totals.append(progress.view().total)

    assert sorted(set(totals)) == [4, 8]
    assert progress.view().finished == 8
    assert dict(progress.view().counts)[StepState.SUCCESS] == 8


def test_a_step_runs_between_its_start_and_its_end() -> None:
    events = execute_pipeline_iterator(smooth)
    progress = RunProgress(events.run, 1, START)
    seen = []
    for event in events:
        progress.take(event, START)
        seen.append((event.event_type_value, [s.step_key for s in progress.view().running]))

    assert ("STEP_START", ["nothing.compute"]) in seen
    assert ("STEP_OUTPUT", ["nothing.compute"]) in seen
    assert ("STEP_SUCCESS", []) in seen


def test_a_second_attempt_is_told_from_the_first() -> None:
    events = execute_pipeline_iterator(mixed)
    progress = RunProgress(events.run, 6, START)
    attempts = set()
    for event in events:
        progress.take(event, START)
        attempts |= {(s.step_key, s.attempt) for s in progress.view().running}

    assert {("flaky.compute", 1), ("flaky.compute", 2)} <= attempts


def test_rate_and_time_stop_with_the_run() -> None:
    progress, events = played(mixed)
    end = START + len(events) - 1

    view = progress.view()

    assert view.elapsed(end + 1000) == len(events) - 1
    assert view.rate(end + 1000) == 6 / (len(events) - 1)
