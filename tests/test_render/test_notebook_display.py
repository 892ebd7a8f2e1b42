"""What a cell shows of a run at each moment."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace

import pytest

from dagsterlite import DagsterInstance, execute_pipeline
from dagsterlite.events.engine import ClusterJoined
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.render import notebook_display
from dagsterlite.render.live_html import LiveView, LoggedLine, WorkerShare, live_html, live_text
from dagsterlite.render.notebook_display import Canvas, NotebookDisplay, display_in_notebook
from dagsterlite.render.progress import RunProgress
from tests.test_render.graphs_of import wide
from tests.test_render.html_of import Page
from tests.test_render.runs_of import START, hooked, mixed, played, smooth

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class Sheet(Canvas):
    """Keeps all that is drawn."""

    def __init__(self) -> None:
        self.drawn: list[dict[str, str]] = []

    def draw(self, bundle: dict[str, str]) -> None:
        self.drawn.append(bundle)


def page(view: LiveView) -> Page:
    return Page(live_html(view))


def entries_of(definition) -> tuple[DagsterInstance, list[EventLogEntry]]:
    instance = DagsterInstance.ephemeral()
    result = execute_pipeline(definition, QUIET, instance=instance, raise_on_error=False)
    return instance, list(instance.all_logs(result.run_id))


def test_here_is_no_notebook() -> None:
    progress, _ = played(mixed)

    assert display_in_notebook(progress.view().run, 6) is None


def test_a_display_draws_at_its_begin_and_at_its_end() -> None:
    instance, entries = entries_of(mixed)
    sheet = Sheet()
    with NotebookDisplay(instance.get_runs()[0], 6, sheet) as display:
        for entry in entries:
            display.take(entry)

    first, *_, last = (bundle["text/plain"] for bundle in sheet.drawn)
    assert first.startswith("mixed: STARTING, 0 of 6 steps succeeded")
    assert last.startswith("mixed: FAILURE, 3 of 6 steps succeeded, 1 failed, 1 skipped, 1 not run")
    assert "✗ break_down: ValueError: no rows" in Page(sheet.drawn[-1]["text/html"]).text


def test_while_a_drawing_stands_no_news_draws_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_display, "REDRAW_SECONDS", threading.TIMEOUT_MAX)
    instance, entries = entries_of(wide(500))
    sheet = Sheet()
    with NotebookDisplay(instance.get_runs()[0], 502, sheet) as display:
        for entry in entries:
            display.take(entry)

    assert len(sheet.drawn) == 2


def test_steps_that_run_are_listed_and_those_to_come_are_counted() -> None:
    whole, events = played(mixed)
    progress = RunProgress(whole.view().run, 6, START)
    starts = [
        event for event in events if event.event_type_value in {"PIPELINE_START", "STEP_START"}
    ]
    for event in starts[:3]:
        progress.take(event, START)
    text = page(LiveView(progress=progress.view(), now=START + 65)).text

    assert "▸ load" in text
    assert "1:05 min" in text
    assert "▸ 2 running" in text
    assert "· 4 not begun" in text


def test_of_many_running_steps_the_first_are_listed() -> None:
    whole, events = played(wide(60))
    progress = RunProgress(whole.view().run, 62, START)
    for event in events:
        if event.event_type_value == "STEP_START":
            progress.take(event, START)

    assert "… 54 more running" in page(LiveView(progress=progress.view(), now=START)).text


def test_workers_and_the_dashboard_are_shown() -> None:
    progress, _ = played(mixed)
    view = LiveView(
        progress=progress.view(),
        now=time.time(),
        cluster=ClusterJoined("tcp://a:1", ("tcp://a:2", "tcp://a:3"), "http://a:8787/status"),
        workers={"tcp://a:3": WorkerShare(4, 2.5), "tcp://b:4": WorkerShare(1, 0.5)},
    )
    shown = page(view)

    (dashboard,) = shown.named("a")
    assert dashboard["href"] == "http://a:8787/status"
    cells = "\n".join(shown.words)
    assert "a:2\n0\n0 ms\na:3\n4\n2.5 s\nb:4\n1\n500 ms" in cells


def test_what_is_logged_and_where_the_dashboard_is_said_to_be_do_no_harm() -> None:
    progress, _ = played(mixed)
    view = LiveView(
        progress=progress.view(),
        now=time.time(),
        cluster=ClusterJoined("x", (), "javascript:alert(1)"),
        logged=(LoggedLine(1, "<script>alert(1)</script>\x1b[2J"),),
    )
    shown = page(view)

    assert {name for name, _ in shown.tags}.isdisjoint({"script", "a"})
    assert "\x1b" not in shown.html
    assert "\n" not in live_text(view)


def lines_of(messages: list[tuple[int, str]]) -> Page:
    """Return the display of a run after messages of some levels."""
    instance, entries = entries_of(smooth)
    sheet = Sheet()
    with NotebookDisplay(instance.get_runs()[0], 1, sheet) as display:
        for level, message in messages:
            display.take(replace(entries[0], dagster_event=None, level=level, user_message=message))
    return Page(sheet.drawn[-1]["text/html"])


def test_the_last_lines_are_shown_and_of_what_was_before_only_alarms() -> None:
    shown = lines_of(
        [
            *((logging.INFO, f"before {number}") for number in range(5)),
            (logging.ERROR, "disk full"),
            *((logging.INFO, f"after {number}") for number in range(100)),
            (logging.DEBUG, "not for everybody"),
        ]
    )

    assert "… 5 more lines\n\n\nERROR  disk full\n\n\n… 92 more lines\n\n\nafter 92" in shown.text
    assert [part["class"] for part in shown.named("span") if part.get("class") == "dl-alarm"] != []
    assert "after 99" in shown.text
    assert "not for everybody" not in shown.text


def test_of_very_many_alarms_the_last_are_shown() -> None:
    shown = lines_of([(logging.WARNING, f"alarm {number}") for number in range(1_000)])

    assert "… 980 more lines" in shown.text
    assert "WARNING  alarm 980" in shown.text
    assert "alarm 979" not in shown.text


def test_trouble_that_is_no_steps_failure_is_shown_as_a_line() -> None:
    instance, entries = entries_of(hooked(1))
    sheet = Sheet()
    with NotebookDisplay(instance.get_runs()[0], 1, sheet) as display:
        for entry in entries:
            display.take(entry)

    assert "no such host" in Page(sheet.drawn[-1]["text/html"]).text
