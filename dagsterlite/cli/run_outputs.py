"""``dagsterlite run outputs``: what the steps of a run have stored."""

from __future__ import annotations

from collections.abc import Sequence
from pprint import pformat

import click

from dagsterlite.cli.exits import Refused
from dagsterlite.cli.home import find_run
from dagsterlite.errors import listed
from dagsterlite.execution.kept_outputs import KeptOutput, kept_outputs
from dagsterlite.handles import with_compute
from dagsterlite.instance import DagsterInstance
from dagsterlite.render.outputs import outputs_table
from dagsterlite.render.safe_text import lines_of
from dagsterlite.render.screen import screen


@click.command("outputs")
@click.option("--step", "step_key", metavar="STEP", help="Only those of this step.")
@click.option("--output", "label", metavar="NAME", help="Only those of this name.")
@click.option("--show", is_flag=True, help="Load the one that is left, and print it.")
@click.option("--to", "path", metavar="PATH", help="Copy the one that is left, as it is stored.")
@click.argument("run_id", metavar="RUN")
@click.pass_context
def outputs(
    ctx: click.Context,
    run_id: str,
    step_key: str | None,
    label: str | None,
    show: bool,
    path: str | None,
) -> None:
    """List what the steps of a run have stored: how it is written, and where it lies.

    --show imports what the value is made of, and executes what its pickle says.
    """
    instance = ctx.with_resource(DagsterInstance.get())
    run = find_run(instance, run_id).dagster_run
    found = kept = kept_outputs(instance, run.run_id)
    if step_key is not None:
        found = [one for one in found if one.step_key == with_compute(step_key)]
    if label is not None:
        found = [one for one in found if one.label == label]
    if kept and not found:
        raise Refused(f"No stored output is named so. There are: {_names(kept)}.")
    if path is not None:
        _copy(_only(found), path)
    if show:
        for line in lines_of(pformat(_only(found).load())):
            click.echo(line)
    elif path is None and not found:
        click.echo("No such output is stored beyond the process of its run.", err=True)
    elif path is None:
        screen().print(outputs_table(found), soft_wrap=True)


def _only(found: Sequence[KeptOutput]) -> KeptOutput:
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused("No such output is stored beyond the process of its run.")
    which = f"{len(found)} outputs: {_names(found)}"
    raise Refused(f"That names {which}. Name one by --step and --output.")


def _names(outputs: Sequence[KeptOutput]) -> str:
    return listed(f"{one.step_key} {one.label}" for one in outputs)


def _copy(output: KeptOutput, path: str) -> None:
    try:
        output.copy(path)
    except FileExistsError:
        raise Refused(f"{path} is there already: name another place.") from None
    except OSError as exc:
        raise Refused(f"{path} cannot be written: {exc}.") from exc
    click.echo(f"Copied to {path}, written as {output.stored.codec}.")
