"""How a run ended, in a few lines."""

from __future__ import annotations

from dagsterlite import (
    ModeDefinition,
    PipelineDefinition,
    execute_pipeline_iterator,
    pipeline,
    resource,
    solid,
)
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.summary import summary_lines
from tests.test_render.runs_of import START, hooked, mixed, nothing, played, smooth, text_of


def summary_of(definition: PipelineDefinition) -> str:
    progress, events = played(definition)
    return text_of(summary_lines(progress.view(), START + len(events)))


def test_a_run_that_went_well_is_one_line() -> None:
    assert summary_of(smooth) == "SUCCESS  smooth  1 of 1 steps succeeded in 5.0 s"


def test_a_failed_run_counts_each_fate_and_shows_the_user_s_traceback() -> None:
    text = summary_of(mixed)

    assert text.startswith(
        "FAILURE  mixed  3 of 6 steps succeeded, 1 failed, 1 skipped, 1 not run, "
        "1 expectation failed in "
    )
    assert "break_down.compute failed" in text
    assert text.endswith("ValueError: no rows")
    assert "direct cause" in text
    assert "dagsterlite/" not in text


def test_hooks_that_raised_are_counted_and_change_no_verdict() -> None:
    assert summary_of(hooked(1)).startswith(
        "SUCCESS  hooked  1 of 1 steps succeeded, 1 hook raised in "
    )
    assert "2 hooks raised in" in summary_of(hooked(2))


def test_of_many_failures_a_few_are_shown_at_length_and_all_are_counted() -> None:
    @solid
    def break_down(_context):
        message = "no [bold]rows[/bold]\x1b[2J"
        raise ValueError(message)

    @pipeline
    def breaking():
        for number in range(40):
            break_down.alias(f"break_{number}")()

    text = summary_of(breaking)

    assert text.count("Traceback") == 5
    assert text.count("ValueError: no [bold]rows[/bold]\\x1b[2J") == 5 + 20
    assert text.endswith("… and 15 more failed steps")


def test_a_run_that_could_not_begin_says_why() -> None:
    @resource
    def unreachable(_init_context):
        message = "no such host"
        raise ConnectionError(message)

    @solid(required_resource_keys={"database"})
    def query(_context):
        return 1

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"database": unreachable})])
    def querying():
        query()

    text = summary_of(querying)

    assert text.startswith("FAILURE  querying  0 of 1 steps succeeded, 1 not run in ")
    assert "  ConnectionError: no such host\n" in text
    assert text.endswith("Error executing resource_fn on ResourceDefinition database")


def test_a_run_that_was_stopped_shows_no_traceback() -> None:
    @pipeline
    def two():
        nothing.alias("first")()
        nothing.alias("second")()

    events = execute_pipeline_iterator(two)
    progress = RunProgress(events.run, 2, START)
    progress.take(next(events), START)
    events.close()

    text = text_of(summary_lines(progress.view(), START + 1))

    assert text == "STARTED  two  0 of 2 steps succeeded in 1.0 s"
