"""Recorded runs as a list, and one at length."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import DagsterInstance, PipelineDefinition, execute_pipeline, pipeline
from dagsterlite.events.fold import RunStats, StepState, StepStats
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.render.run_report import RunView, event_log, run_report, steps_report
from dagsterlite.render.runs import LOST, runs_table, status_of, statuses_to_ask_for
from dagsterlite.render.screen import screen
from dagsterlite.runs import DagsterRunStatus
from tests.test_render.runs_of import Terminal, hooked, mapped, mixed, nothing, smooth, text_of

NOW = time.time()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


def run(definition: PipelineDefinition, instance: DagsterInstance) -> str:
    return execute_pipeline(definition, instance=instance, raise_on_error=False).run_id


def lost_run(instance: DagsterInstance) -> str:
    """Record a run whose driver said nothing for a minute."""
    made = instance.create_run("p", status=DagsterRunStatus.STARTED)
    instance.run_storage.acquire_lease(made.run_id, "host:1:ab", seconds=10, now=NOW - 60)
    return made.run_id


def view_of(instance: DagsterInstance, run_id: str) -> RunView:
    record = instance.require_run(run_id)
    snapshot_id = record.dagster_run.execution_plan_snapshot_id
    keys = None
    if snapshot_id is not None:
        keys = list(json.loads(instance.run_storage.get_snapshot(snapshot_id) or "")["steps"])
    return RunView.of(record, instance.all_logs(run_id), keys, NOW)


def test_a_run_whose_driver_fell_silent_is_shown_as_lost(instance: DagsterInstance) -> None:
    record = instance.require_run(lost_run(instance))

    assert record.dagster_run.status is DagsterRunStatus.STARTED
    assert status_of(record, NOW) == LOST
    assert status_of(record, NOW - 55) == "STARTED"


def test_lost_runs_are_looked_for_among_those_under_way() -> None:
    asked = {status.value for status in statuses_to_ask_for([LOST])}
    assert asked == {"STARTING", "STARTED", "CANCELING"}
    assert [status.value for status in statuses_to_ask_for(["FAILURE"])] == ["FAILURE"]
    assert statuses_to_ask_for([]) == []


@pytest.mark.parametrize(
    ("width", "columns", "id_length"),
    [
        (60, ["RUN", "PIPELINE", "STATUS", "STARTED", "DURATION"], 8),
        (200, ["RUN", "PIPELINE", "MODE", "STATUS", "STARTED", "DURATION"], 36),
    ],
)
def test_the_list_is_shorter_on_a_narrow_terminal(
    instance: DagsterInstance, width: int, columns: list[str], id_length: int
) -> None:
    run_id = run(smooth, instance)
    console = screen(Terminal(), width)

    text = text_of([runs_table(instance.get_run_records(), console, NOW)], width)

    header, line = text.splitlines()
    assert header.split() == columns
    assert line.split()[0] == run_id[:id_length]
    assert len(line) <= width


def test_a_report_tells_steps_assets_checks_and_failures(instance: DagsterInstance) -> None:
    text = text_of(run_report(view_of(instance, run(mixed, instance))))

    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if ".compute" in line}
    assert rows["load.compute"][:2] == ["SUCCESS", "1"]
    assert rows["flaky.compute"][:2] == ["SUCCESS", "2"]
    assert rows["use_more.compute"][0] == "SKIPPED"
    assert "use_broken.compute  ABANDONED" in text
    assert "Materializations\n  check.compute  " in text
    assert "Expectations\n  check.compute  " in text
    assert text.endswith("ValueError: no rows")


def test_a_report_shows_what_hooks_raised(instance: DagsterInstance) -> None:
    text = text_of(run_report(view_of(instance, run(hooked(1), instance))))

    message = 'Error occurred during the execution of hook "tell" triggered for solid "step_0".'
    assert f"step_0.compute: {message}\n  Traceback (most recent call last):" in text
    assert text.endswith("ConnectionError: no such host")
    assert "SUCCESS" in text
    assert "failed" not in text


def test_of_many_hooks_that_raised_a_few_are_shown_at_length(instance: DagsterInstance) -> None:
    text = text_of(run_report(view_of(instance, run(hooked(8), instance))))

    assert text.count("Traceback") == 5
    assert text.endswith("… and 3 more hooks raised (--events shows them)")


def test_the_report_of_a_lost_run_tells_its_last_sign_of_life(instance: DagsterInstance) -> None:
    text = text_of(run_report(view_of(instance, lost_run(instance))))

    assert "status     LOST" in text
    assert "by host:1:ab" in text


def test_steps_that_never_began_are_counted(instance: DagsterInstance) -> None:
    made = instance.create_run(
        "p", execution_plan_snapshot=json.dumps({"steps": {"a.compute": {}, "b.compute": {}}})
    )

    assert "2 steps not begun" in text_of(run_report(view_of(instance, made.run_id)))


def test_the_steps_that_a_mapped_one_came_to_stand_for_it(instance: DagsterInstance) -> None:
    text = text_of(run_report(view_of(instance, run(mapped, instance))))

    rows = [line.split()[0] for line in text.splitlines() if ".compute" in line]
    assert {"use.compute[a]", "use_again.compute[c]"} <= set(rows)
    assert "[?]" not in text
    assert "not run" not in text


def test_of_very_many_steps_those_in_need_are_shown(instance: DagsterInstance) -> None:
    @pipeline
    def wide():
        for number in range(150):
            nothing.alias(f"step_{number}")()
        mixed.solid_named("break_down").definition.alias("zz_broken")(
            mixed.solid_named("flaky").definition.alias("source")(nothing.alias("first")())
        )

    view = view_of(instance, run(wide, instance))

    short, long = text_of(run_report(view)), text_of(run_report(view, all_steps=True))
    assert "… and 53 more steps (--all-steps shows them)" in short
    assert "zz_broken.compute" in short
    assert short.count("SUCCESS") < 110 < long.count("SUCCESS")


def cost(**facts: Any) -> StepMetrics:
    return StepMetrics(wall_seconds=1.5, cpu_seconds=1.25, **facts)


def test_steps_are_shown_with_what_they_cost_and_where_they_ran(instance: DagsterInstance) -> None:
    def step(key: str, *metrics: StepMetrics, attempts: int = 1) -> StepStats:
        return StepStats(
            step_key=key,
            state=StepState.SUCCESS,
            start_time=10.0,
            end_time=12.0,
            attempts=attempts,
            metrics=metrics,
        )

    here, there = "tcp://127.0.0.1:4001", "tcp://127.0.0.1:4002"
    steps = [
        step("plain.compute", cost(peak_memory=312_000_000, worker=here)),
        step(
            "moved.compute",
            cost(worker=here),
            cost(peak_memory=90_000_000, worker=there),
            attempts=2,
        ),
        step("beside_others_in_a_process.compute", cost(peak_memory=10**9, shared=True)),
        step("untold.compute"),
    ]
    record = instance.require_run(run(smooth, instance))
    stats = RunStats(steps={step.step_key: step for step in steps})
    view = RunView(record=record, entries=[], stats=stats, now=NOW)

    lines = text_of(steps_report(view), 100).splitlines()

    assert lines[0].split() == [
        *("STEP", "STATE", "ATTEMPTS", "DURATION", "CPU", "MEMORY", "WORKER")
    ]
    assert lines[1].split()[2:] == ["1", "1.5", "s", "1.2", "s", "312", "MB", "127.0.0.1:4001"]
    assert lines[2].split()[6:] == ["s", "90", "MB", "127.0.0.1:4002", "+1"]
    assert lines[3].split()[7:] == ["1.0", "GB*"]
    assert lines[4].split()[2:] == ["1", "2.0", "s"]
    assert lines[5] == "* other steps ran in the same process meanwhile"
    assert max(map(len, lines)) <= 100


def test_waits_and_bytes_are_shown_where_any_step_tells_of_them(instance: DagsterInstance) -> None:
    waited = cost(queue_seconds=0.5, bytes_received=2_000_000, transfer_seconds=0.25)
    again = cost(attempt=2, bytes_read=1_000_000, bytes_written=250)
    step = StepStats(
        step_key="a.compute", state=StepState.SUCCESS, attempts=2, metrics=(waited, again)
    )
    plain = StepStats(step_key="b.compute", state=StepState.SUCCESS, metrics=(cost(),))
    record = instance.require_run(run(smooth, instance))

    def lines(*steps: StepStats) -> list[str]:
        stats = RunStats(steps={step.step_key: step for step in steps})
        view = RunView(record=record, entries=[], stats=stats, now=NOW)
        return text_of(steps_report(view), 120).splitlines()

    header, first, second = lines(step, plain)
    assert header.split() == ["STEP", "STATE", "ATTEMPTS", "CPU", "QUEUED", "IN", "OUT"]
    assert first.split()[3:] == ["2.5", "s", "500", "ms", "3.0", "MB", "250", "bytes"]
    assert second.split() == ["b.compute", "SUCCESS", "1.2", "s"]
    assert lines(plain)[0].split() == ["STEP", "STATE", "CPU"]


def test_the_event_log_is_a_line_an_entry(instance: DagsterInstance) -> None:
    entries = instance.all_logs(run(smooth, instance))

    lines = text_of(event_log(entries)).splitlines()

    assert len(lines) == len(entries)
    assert "PIPELINE_START" in lines[0]
    assert "STEP_OUTPUT" in "".join(lines)
