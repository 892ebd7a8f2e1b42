"""The lines at the foot of the terminal, drawn from a run's progress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dagsterlite import PipelineDefinition, execute_pipeline_iterator, pipeline, solid
from dagsterlite.events.engine import EngineEventData, Waiting
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.render.live_display import ProgressLines
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.screen import signs
from tests.test_render.runs_of import Terminal, mixed, nothing, text_of


def drawn(definition: PipelineDefinition, until: str, width: int = 200) -> list[str]:
    """Return the lines as they stand after the first event of a type."""
    events = execute_pipeline_iterator(definition)
    progress = RunProgress(events.run, len(events.step_keys), 0)
    for event in events:
        progress.take(event, 0)
        if event.event_type_value == until:
            break
    events.close()
    return text_of([ProgressLines(progress, signs(Terminal()))], width).splitlines()


def test_they_tell_pipeline_counts_and_what_runs() -> None:
    title, counts, step = drawn(mixed, "STEP_START")

    assert title.startswith("mixed  run ")
    assert title.endswith("mode default")
    assert "0/6 steps  1 running" in counts
    assert "▸ load.compute" in step


def test_failures_skips_and_waits_are_counted_apart() -> None:
    _, counts = drawn(mixed, "PIPELINE_FAILURE")

    assert "6/6 steps  1 failed  1 skipped  1 not run" in counts
    assert "╌" not in counts
    assert "wait for a retry" in drawn(mixed, "STEP_UP_FOR_RETRY")[1]


@pytest.mark.parametrize("width", [20, 60, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    @solid
    def a_name_that_is_much_longer_than_any_terminal_that_people_read_from(_context):
        return None

    @pipeline
    def named():
        a_name_that_is_much_longer_than_any_terminal_that_people_read_from()

    lines = drawn(named, "STEP_START", width)

    assert len(lines) == 3
    assert max(map(len, lines)) <= width


def test_ten_thousand_steps_take_two_lines_and_the_running_one() -> None:
    @pipeline
    def wide():
        for number in range(10_000):
            nothing.alias(f"step_{number}")()

    lines = drawn(wide, "STEP_SUCCESS")

    assert len(lines) == 2
    assert "1/10000 steps" in lines[1]


def test_what_the_run_waits_for_is_told_until_a_step_moves() -> None:
    events = execute_pipeline_iterator(mixed)
    begun = next(events)
    detail = EngineEventData(detail=Waiting("paused worker tcp://1.2.3.4:5"))
    told = replace(begun, event_type=DagsterEventType.ENGINE_EVENT, event_specific_data=detail)
    progress = RunProgress(events.run, len(events.step_keys), 0)

    def lines() -> list[str]:
        return text_of([ProgressLines(progress, signs(Terminal()))], 200).splitlines()

    progress.take(begun, 0)
    progress.take(told, 0)
    assert lines()[-1] == "  waits for paused worker tcp://1.2.3.4:5"
    progress.take(next(event for event in events if event.is_step_start), 0)
    assert "waits for paused" not in "".join(lines())
    events.close()


def test_a_terminal_without_unicode_gets_ascii() -> None:
    class Ascii(Terminal):
        encoding = "ascii"

    assert all(sign.isascii() for sign in signs(Ascii()).values())
    assert signs(Ascii()).keys() == signs(Terminal()).keys()
