"""``dagsterlite run drive``: what a launcher starts a run's process with."""

from __future__ import annotations

import sys

import click

from dagsterlite.cli.exits import RUN_FAILED
from dagsterlite.instance import DagsterInstance
from dagsterlite.serdes import from_json


@click.command("drive", hidden=True)
@click.argument("run_id", metavar="RUN")
@click.option("--home", is_flag=True, help="Open the instance of $DAGSTER_HOME.")
@click.option("--resume", is_flag=True, help="Go on with a run whose driver is gone.")
@click.pass_context
def drive(ctx: click.Context, run_id: str, *, home: bool, resume: bool) -> None:
    """Drive a run that was launched; the ref of its instance comes by standard input.

    With ``--resume`` the process may be started again when it ends too early. It ends well once
    the run's end is recorded, whatever that is, so that it need not be.
    """
    instance = ctx.with_resource(DagsterInstance.get() if home else _from_standard_input())
    if resume:
        from dagsterlite.api.resuming import drive_resumable

        drive_resumable(run_id, instance)
        return
    from dagsterlite.api.launching import drive_launched

    if not drive_launched(run_id, instance):
        ctx.exit(RUN_FAILED)


def _from_standard_input() -> DagsterInstance:
    from dagsterlite.settings import instance_from_ref

    return instance_from_ref(from_json(sys.stdin.read()))
