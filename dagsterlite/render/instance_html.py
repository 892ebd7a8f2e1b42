"""An instance as a notebook shows it: where it lies, and its newest runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from dagsterlite.instance import DagsterInstance
from dagsterlite.render.html import Html, display, quiet, table, tag, text
from dagsterlite.render.looks import colored, look_of_run
from dagsterlite.render.pipeline_html import head
from dagsterlite.render.runs import seconds_of, short_id, status_of
from dagsterlite.render.times import moment, span
from dagsterlite.runs import DagsterRun, RunRecord

_RUNS_SHOWN: Final = 25

_OURS: Final = "dagster/"
"""Tags that the framework sets begin so."""


def instance_html(instance: DagsterInstance) -> str:
    """Return an instance as a notebook shows it: where it lies, and its newest runs."""
    now = time.time()
    records = instance.get_run_records(limit=_RUNS_SHOWN)
    total = instance.get_runs_count()
    where = instance.root_directory if instance.is_persistent else "in memory"
    more = total - len(records)
    return display(
        head("instance", where, f"{total} runs" if total != 1 else "1 run"),
        *([runs_table(records, now)] if records else [quiet("No run yet.")]),
        *([quiet(f"… and {more} older runs")] if more > 0 else []),
    )


def runs_table(records: Sequence[RunRecord], now: float) -> Html:
    """Return runs, one a line."""
    header = ("Run", "Pipeline", "Mode", "Status", "Started", "Time", "")
    rows = (_run(record, now) for record in records)
    return table(header, rows, numbers=0b100000, short=0b011001)


def _run(record: RunRecord, now: float) -> tuple[Html, ...]:
    run = record.dagster_run
    status = status_of(record, now)
    look = look_of_run(status)
    return (
        tag("code", text(short_id(run.run_id)), title=run.run_id),
        tag("b", text(run.pipeline_name)),
        text(run.mode),
        colored(f"{look.sign} {status}", look.color),
        text(moment(record.start_time)),
        text(span(seconds_of(record, now))),
        quiet(_told(run)),
    )


def _told(run: DagsterRun) -> str:
    """Return what else is told of a run: the run that it goes on from, and the user's own tags."""
    parts = [f"of parent run {short_id(run.parent_run_id)}"] if run.parent_run_id else []
    own = sorted(item for item in run.tags.items() if not item[0].startswith(_OURS))
    return ", ".join([*parts, *(f"{key}={value}" for key, value in own)])
