"""The plain lines of a run, for pipes and files."""

from __future__ import annotations

import io
import re

from dagsterlite import execute_pipeline_iterator
from dagsterlite.render.display import LineDisplay
from dagsterlite.render.progress import RunProgress
from tests.test_render.runs_of import mixed


def test_each_event_worth_telling_is_one_line_and_the_summary_follows() -> None:
    file = io.StringIO()
    events = execute_pipeline_iterator(mixed)
    display = LineDisplay(RunProgress(events.run, len(events.step_keys), 0), file)

    with display:
        for event in events:
            display.take(event, events.moment)
    display.show_summary()

    told, _, summary = file.getvalue().partition("\n\n")
    lines = told.splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d  [A-Z_]+ ", line) for line in lines)
    assert lines[0].split()[1] == "PIPELINE_START"
    assert lines[-1].split()[1] == "PIPELINE_FAILURE"
    assert "STEP_INPUT" not in told
    assert summary.startswith("FAILURE  mixed")
    assert "\x1b" not in file.getvalue()
