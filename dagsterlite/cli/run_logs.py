"""``dagsterlite run logs``: what the steps of a run have printed."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from dagsterlite.cli.exits import Refused
from dagsterlite.cli.home import find_run
from dagsterlite.compute_logs import ComputeIOType
from dagsterlite.errors import listed, near
from dagsterlite.events.log_entry import RUN_LEVEL
from dagsterlite.handles import with_compute
from dagsterlite.instance import DagsterInstance
from dagsterlite.render.safe_text import one_line


@click.command("logs")
@click.option("--step", "step_key", metavar="STEP", help="Only this step, without headings.")
@click.option(
    "--process", is_flag=True, help="Only what the process of a launched run has printed itself."
)
@click.option("-f", "--follow", is_flag=True, help="Go on until the run has ended.")
@click.argument("run_id", metavar="RUN")
@click.pass_context
def logs(
    ctx: click.Context, run_id: str, step_key: str | None, process: bool, follow: bool
) -> None:
    """Print what the steps of a run have printed, as it is: stdout to stdout, stderr to stderr.

    What log calls said is in `dagsterlite run show --events`.
    """
    if process and step_key is not None:
        raise click.UsageError("Give --step or --process: one of the two.")
    instance = ctx.with_resource(DagsterInstance.get())
    if not instance.compute_log_manager.keeps_anything:
        raise Refused(
            "This home keeps nothing of what steps print: its dagster.yaml names a "
            "NoOpComputeLogManager under compute_logs."
        )
    run = find_run(instance, run_id).dagster_run
    from dagsterlite.execution.step_logs import step_logs

    key = RUN_LEVEL if process else None if step_key is None else with_compute(step_key)
    heading = ""
    streams = {ComputeIOType.STDOUT: sys.stdout.buffer, ComputeIOType.STDERR: sys.stderr.buffer}
    for piece in step_logs(instance, run.run_id, key, follow=follow):
        attempt = f", attempt {piece.attempt}" if piece.attempt > 1 else ""
        new = f"==> {one_line(piece.step_key)}{attempt}, {piece.io_type.value} <=="
        if key is None and new != heading:
            click.echo(new)
        heading = new
        _write(streams[piece.io_type], piece.data)
    if not heading:
        if step_key is not None:
            _check_step(instance, run.run_id, with_compute(step_key))
        of = f"Step {key} of run" if key else "Run"
        click.echo(f"{of} {run.run_id} has printed nothing.", err=True)


def _check_step(instance: DagsterInstance, run_id: str, key: str) -> None:
    """Refuse a step that the run neither was to execute nor has told of."""
    from dagsterlite.api import attach_run

    known = {*attach_run(run_id, instance).step_keys, *instance.get_run_stats(run_id).steps}
    if key not in known:
        steps = f"Its steps: {listed(known)}."
        raise Refused(f"Run {run_id} has no step '{key}'.{near(key, known)} {steps}")


def _write(stream: BinaryIO, data: bytes) -> None:
    stream.write(data)
    stream.flush()
