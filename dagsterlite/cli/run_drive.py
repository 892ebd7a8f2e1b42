"""``dagsterlite run drive``: what a launcher starts a run's process with."""

from __future__ import annotations

import sys
from collections.abc import Callable

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
    the run's end is recorded, whatever that is, so that it need not be. It waits for stores that
    are away.
    """
    opened = DagsterInstance.get if home else _from_ref(sys.stdin.read())
    if resume:
        from dagsterlite.api.resuming import drive_resumable
        from dagsterlite.execution.away import once_back

        drive_resumable(run_id, ctx.with_resource(once_back(opened)))
        return
    from dagsterlite.api.launching import drive_launched

    if not drive_launched(run_id, ctx.with_resource(opened())):
        ctx.exit(RUN_FAILED)


def _from_ref(text: str) -> Callable[[], DagsterInstance]:
    from dagsterlite.settings import instance_from_ref

    return lambda: instance_from_ref(from_json(text))
