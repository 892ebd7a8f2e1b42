"""``dagsterlite run``: list, show, follow, re-execute, cancel, delete and prune recorded runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import click
from rich.console import Console, RenderableType

from dagsterlite.cli.durations import Duration
from dagsterlite.cli.exits import RUN_FAILED, Failed, Refused
from dagsterlite.cli.home import find_run
from dagsterlite.cli.options import PLAIN, pick_pipeline, takes_run_options, takes_sources
from dagsterlite.cli.run_config import read_run_config, read_selection
from dagsterlite.cli.run_drive import drive
from dagsterlite.cli.run_logs import logs
from dagsterlite.cli.run_outputs import outputs
from dagsterlite.cli.sources import Source
from dagsterlite.errors import DagsterRunNotDeletedError
from dagsterlite.instance import DagsterInstance
from dagsterlite.render.run_report import RunView, event_log, run_report
from dagsterlite.render.runs import LOST, runs_table, status_of, statuses_to_ask_for
from dagsterlite.render.screen import screen
from dagsterlite.runs import RESUME_RETRY_TAG, DagsterRun, DagsterRunStatus, RunsFilter

_STATUSES = [*(status.value for status in DagsterRunStatus), LOST]
_RUN = click.argument("run_id", metavar="RUN")
_LEAVE_OUTPUTS = click.option(
    "--leave-outputs",
    is_flag=True,
    help="Leave for good what was stored, e.g. since it cannot be reached any more.",
)


@click.group()
def run_group() -> None:
    """List, show, re-execute, cancel, delete and prune the runs of $DAGSTER_HOME.

    What they left and printed can be read, too.

    RUN is a run's id, or as much of its beginning as no other run has.
    """


run_group.add_command(logs)
run_group.add_command(outputs)
run_group.add_command(drive)


@run_group.command("list")
@click.option(
    "--status",
    "statuses",
    type=click.Choice(_STATUSES, case_sensitive=False),
    multiple=True,
    help="Only runs in this status; may be repeated.",
)
@click.option(
    "--limit", type=click.IntRange(min=1), default=50, show_default=True, help="How many at most."
)
@click.pass_context
def list_runs(ctx: click.Context, statuses: Sequence[str], limit: int) -> None:
    """List runs, newest first. A run whose driver fell silent is LOST."""
    instance = ctx.with_resource(DagsterInstance.get())
    now = time.time()
    wanted = statuses_to_ask_for(statuses)
    # Whether a run is lost is not in its row, so those that are shown are counted here.
    records = instance.get_run_records(
        RunsFilter(statuses=wanted or None), None if statuses else limit
    )
    shown = [r for r in records if not statuses or status_of(r, now) in statuses][:limit]
    if not shown:
        click.echo(f"No run{' is ' + ' or '.join(statuses) if statuses else 's yet'}.")
        return
    console = screen()
    console.print(runs_table(shown, console, now))
    left_out = instance.get_runs_count() - len(shown)
    if left_out > 0 and not statuses:
        click.echo(f"… and {left_out} older runs (--limit shows more)")


@run_group.command("show")
@click.option("--events", is_flag=True, help="Print the run's event log.")
@click.option("--all-steps", is_flag=True, help="Show every step of a run with many.")
@_RUN
@click.pass_context
def show(ctx: click.Context, run_id: str, events: bool, all_steps: bool) -> None:
    """Show a run: its steps, what they wrote and checked, and what failed."""
    instance = ctx.with_resource(DagsterInstance.get())
    record = find_run(instance, run_id)
    entries = instance.all_logs(record.dagster_run.run_id)
    console = screen()
    if events:
        _print_all(console, event_log(entries))
        return
    view = RunView.of(record, entries, _step_keys(instance, record.dagster_run), time.time())
    _print_all(console, run_report(view, all_steps=all_steps))


def _step_keys(instance: DagsterInstance, run: DagsterRun) -> list[str] | None:
    if run.execution_plan_snapshot_id is None:
        return None
    text = instance.get_snapshot(run.execution_plan_snapshot_id)
    return None if text is None else list(json.loads(text)["steps"])


def _print_all(console: Console, lines: Iterable[RenderableType]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True)


@run_group.command("reexecute")
@takes_sources
@takes_run_options
@click.option(
    "-s",
    "--step-selection",
    metavar="SELECTION",
    multiple=True,
    callback=read_selection,
    help="The steps to run, e.g. '*load,clean+': queries with commas; may be repeated. By default "
    "all of them.",
)
@PLAIN
@click.option(
    "--from-failure", is_flag=True, help="Run the steps that failed, did not end or never started."
)
@_RUN
@click.pass_context
def reexecute(
    ctx: click.Context,
    sources: Sequence[Source],
    mode: str | None,
    preset: str | None,
    config_files: Sequence[str],
    tags: dict[str, Any] | None,
    plain: bool,
    step_selection: Sequence[str] | None,
    from_failure: bool,
    run_id: str,
) -> None:
    """Execute a run again, whole or in part, and show its progress.

    The pipeline is looked for as `dagsterlite pipeline execute` does it. Mode and config are those
    of the run where neither -c nor -p is given. What steps need of others that do not run again is
    taken from the run. Exit codes as there.
    """
    if from_failure and step_selection is not None:
        raise click.UsageError("--from-failure says itself which steps to run: leave out -s.")
    given = read_run_config(config_files)
    instance = ctx.with_resource(DagsterInstance.get())
    parent = find_run(instance, run_id).dagster_run
    found = pick_pipeline(ctx, sources, parent.pipeline_name)
    from dagsterlite.api import reexecute_pipeline_iterator
    from dagsterlite.cli.watch import watch_to_end

    run_config = parent.run_config if given is None and preset is None else given
    mode = parent.mode if mode is None and preset is None else mode
    events = reexecute_pipeline_iterator(
        found.definition,
        parent.run_id,
        run_config,
        step_selection,
        mode,
        preset,
        {**(tags or {}), **({RESUME_RETRY_TAG: "true"} if from_failure else {})},
        instance,
    )
    watch_to_end(ctx, events, is_kept=instance.is_persistent, plain=plain)


@run_group.command("attach")
@click.option("--plain", is_flag=True, help="Write lines, also where a display could be drawn.")
@_RUN
@click.pass_context
def attach(ctx: click.Context, run_id: str, plain: bool) -> None:
    """Follow a run that another process drives: its events so far, then live to its end.

    Ctrl-C stops watching, not the run. Exit code 0 when the run succeeded, 1 when it failed, was
    canceled, or its driver fell silent.
    """
    instance = ctx.with_resource(DagsterInstance.get())
    run = find_run(instance, run_id).dagster_run
    from dagsterlite.api import attach_run
    from dagsterlite.cli.watch import watch

    progress = watch(attach_run(run.run_id, instance), plain=plain)
    record = instance.require_run(run.run_id)
    if record.is_lost(time.time()):
        raise Failed(
            f"Run {run.run_id} is LOST: its driver fell silent. dagsterlite run cancel "
            f"{run.run_id} closes its record."
        )
    if not progress.is_success:
        ctx.exit(RUN_FAILED)


@run_group.command("cancel")
@_RUN
@click.pass_context
def cancel(ctx: click.Context, run_id: str) -> None:
    """Cancel a run. One whose driver is gone (LOST) is CANCELED at once."""
    instance = ctx.with_resource(DagsterInstance.get())
    run = find_run(instance, run_id).dagster_run
    # By its launcher, which also takes away what would start it yet.
    could_be_stopped = instance.run_launcher.terminate(run.run_id)
    record = instance.require_run(run.run_id)
    if not could_be_stopped:
        ended = record.dagster_run.status.value
        raise Refused(f"Run {run.run_id} has ended already: it is {ended}.")
    if record.cancel_requested:
        click.echo(f"Asked the driver of run {run.run_id} to stop.")
    else:
        click.echo(f"Run {run.run_id} had no driver; it is CANCELED.")


@run_group.command("delete")
@_LEAVE_OUTPUTS
@click.option("--yes", is_flag=True, help="Do not ask.")
@_RUN
@click.pass_context
def delete(ctx: click.Context, run_id: str, leave_outputs: bool, yes: bool) -> None:
    """Delete a run's record, its event log and the outputs that it stored.

    Outputs that a later run took over from it stay until that run is deleted too. Files that its
    solids wrote themselves are not touched. A run whose outputs cannot be removed stays.
    """
    instance = ctx.with_resource(DagsterInstance.get())
    record = find_run(instance, run_id)
    run = record.dagster_run
    status = status_of(record, time.time())
    if status in {"STARTED", "CANCELING"}:
        message = (
            f"Run {run.run_id} is {status}. Cancel it first: dagsterlite run cancel {run.run_id}"
        )
        raise Refused(message)
    if not yes:
        question = f"Delete run {run.run_id} of pipeline {run.pipeline_name} ({status})?"
        click.confirm(question, abort=True)
    instance.delete_run(run.run_id, leaves_outputs=leave_outputs)
    click.echo(f"Deleted run {run.run_id}.")


@run_group.command("prune")
@click.option(
    "--older-than",
    type=Duration(),
    metavar="TIME",
    help="Runs that ended so long ago, e.g. 30d, 12h or 2w.",
)
@click.option(
    "--keep-last",
    type=click.IntRange(min=0),
    metavar="N",
    help="Keep the newest N finished runs, however old.",
)
@_LEAVE_OUTPUTS
@click.option("--dry-run", is_flag=True, help="Only tell which runs would be deleted.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_context
def prune(
    ctx: click.Context,
    older_than: timedelta | None,
    keep_last: int | None,
    leave_outputs: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Delete old finished runs, with their event logs and the outputs that they stored.

    With both options, a run is deleted that is older and not among the newest. Runs that wait,
    are under way or are LOST stay, and so do outputs that later runs took over. A run whose outputs
    cannot be removed stays, and the others go.
    """
    if older_than is None and keep_last is None:
        raise click.UsageError("Say which runs to delete: --older-than 30d, --keep-last 100.")
    instance = ctx.with_resource(DagsterInstance.get())
    records = instance.runs_to_prune(older_than, keep_last)
    if dry_run or not records:
        for record in records:
            run = record.dagster_run
            click.echo(f"{run.run_id}  {run.pipeline_name}  {run.status.value}")
        click.echo(f"{len(records)} of {instance.get_runs_count()} runs to delete.")
        return
    if not yes:
        click.confirm(f"Delete {len(records)} of {instance.get_runs_count()} runs?", abort=True)
    kept: list[DagsterRunNotDeletedError] = []
    for record in records:
        try:
            instance.delete_run(record.dagster_run.run_id, leaves_outputs=leave_outputs)
        except DagsterRunNotDeletedError as exc:
            kept.append(exc)
    click.echo(f"Deleted {len(records) - len(kept)} runs.")
    if kept:
        raise Failed("\n".join(map(str, kept)))
