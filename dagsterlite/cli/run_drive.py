"""``dagsterlite run drive``: what a launcher starts a run's process with."""

from __future__ import annotations

import sys

import click

from dagsterlite.cli.exits import RUN_FAILED
from dagsterlite.serdes import from_json


@click.command("drive", hidden=True)
@click.argument("run_id", metavar="RUN")
@click.pass_context
def drive(ctx: click.Context, run_id: str) -> None:
    """Drive a run that was launched; the ref of its instance comes by standard input."""
    from dagsterlite.api.launching import drive_launched
    from dagsterlite.settings import instance_from_ref

    instance = ctx.with_resource(instance_from_ref(from_json(sys.stdin.read())))
    if not drive_launched(run_id, instance):
        ctx.exit(RUN_FAILED)
