"""Recorded runs as a list, one a line."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from dagsterlite.render.safe_text import one_line
from dagsterlite.render.times import moment, short_moment, span
from dagsterlite.runs import DagsterRunStatus, RunRecord

LOST = "LOST"
"""The status shown of a run that is under way but whose driver fell silent."""

STATUS_STYLES = {"SUCCESS": "good", "FAILURE": "bad", "CANCELED": "odd", LOST: "bad"}

_SHORT_ID = 8
_WIDE = 100


def status_of(record: RunRecord, now: float) -> str:
    """Return a run's status as people see it: ``LOST`` where its driver fell silent."""
    return LOST if record.is_lost(now) else record.dagster_run.status.value


def short_id(run_id: str) -> str:
    """Return the beginning of a run id, which is enough to name a run by."""
    return one_line(run_id[:_SHORT_ID])


def runs_table(records: Iterable[RunRecord], console: Console, now: float) -> Table:
    """Return the list of runs, one a line; on a narrow screen with short ids and without modes."""
    is_wide = console.width >= _WIDE
    mode = ["MODE"] if is_wide else []
    table = table_of("RUN", "PIPELINE", *mode, "STATUS", "STARTED", "DURATION")
    for record in records:
        run = record.dagster_run
        status = status_of(record, now)
        table.add_row(
            one_line(run.run_id) if is_wide else short_id(run.run_id),
            one_line(run.pipeline_name),
            *([one_line(run.mode)] if is_wide else []),
            Text(status, STATUS_STYLES.get(status, "")),
            (moment if is_wide else short_moment)(record.start_time),
            span(seconds_of(record, now)),
        )
    return table


def seconds_of(record: RunRecord, now: float) -> float | None:
    """Return how long a run took, or has taken up to ``now`` or its driver's last sign of life."""
    if record.start_time is None:
        return None
    if record.is_lost(now):
        return (record.heartbeat or record.start_time) - record.start_time
    return (record.end_time or now) - record.start_time


def table_of(*columns: str) -> Table:
    """Return an empty table whose cells are cut, not wrapped, where the screen is narrow."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="quiet")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table


def statuses_to_ask_for(shown: Iterable[str]) -> list[DagsterRunStatus]:
    """Return the recorded statuses of runs that are shown in one of these."""
    asked = set(shown)
    if LOST in asked:
        asked = asked - {LOST} | {"STARTING", "STARTED", "CANCELING"}
    return [status for status in DagsterRunStatus if status.value in asked]
