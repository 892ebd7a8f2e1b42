"""Running a pipeline under the user's eyes, to its end."""

from __future__ import annotations

import sys
import time
from contextlib import closing

import click

from dagsterlite.cli.exits import RUN_FAILED, Failed
from dagsterlite.errors import DagsterError
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.render.display import LineDisplay, RunDisplay
from dagsterlite.render.progress import Progress, RunProgress
from dagsterlite.render.screen import can_redraw


def watch_to_end(
    ctx: click.Context, events: RunEvents, *, is_kept: bool, plain: bool = False
) -> None:
    """Execute a run and show it; exit with the code of its end.

    Args:
        ctx: The command.
        events: The run, not yet begun.
        is_kept: Whether it can be shown later.
        plain: Whether lines are written also where a display could be drawn.
    """
    try:
        progress = watch(events, plain=plain)
    finally:
        if is_kept:
            click.echo(f"\nThe run is kept: dagsterlite run show {events.run_id}")
    if not progress.is_success:
        ctx.exit(RUN_FAILED)


def watch(events: RunEvents, *, plain: bool = False) -> Progress:
    """Execute a run and show it; return how it ended.

    Args:
        events: The run, not yet begun.
        plain: Whether lines are written also where a display could be drawn.

    Raises:
        Failed: the run could not be recorded to its end.
        KeyboardInterrupt: it was interrupted; it is recorded as canceled.
    """
    progress = RunProgress(events.run, len(events.step_keys), time.time())
    display = _display(progress, plain=plain)
    try:
        with closing(events), display:
            for event in events:
                display.take(event, events.moment)
    except DagsterError as exc:
        raise Failed(str(exc)) from exc
    finally:
        display.show_summary()
    return progress.view()


def _display(progress: RunProgress, *, plain: bool) -> RunDisplay:
    if plain or not can_redraw(sys.stdout):
        return LineDisplay(progress, sys.stdout)
    from dagsterlite.render.live_display import LiveDisplay

    return LiveDisplay(progress)
