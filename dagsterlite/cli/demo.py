"""``dagsterlite demo``: the example pipeline on real data, and how to look at what it left."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
import time

import click

from dagsterlite.cli.exits import RUN_FAILED
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import MissingExtraError
from dagsterlite.instance import HOME_VARIABLE, DagsterInstance
from dagsterlite.runs import DagsterRun
from dagsterlite.settings import instance_from_home

_FOLDER = "dagsterlite-demo"
_SUMMARY = "summary.json"


@click.command()
@click.option(
    "--full/--sample",
    default=True,
    help="All 336,776 flights on a cluster of two workers, or one in fifty in this process.  "
    "[default: full]",
)
@click.option(
    "--home",
    metavar="DIR",
    help=f"The folder that keeps the run (default: ${HOME_VARIABLE}, else ./{_FOLDER}).",
)
@click.pass_context
def demo(ctx: click.Context, full: bool, home: str | None) -> None:
    """Run the example pipeline: why were flights out of New York late in 2013?

    Its data comes with the extra `demo`; its code is dagsterlite/demo/, to be copied from.
    """
    home = os.path.abspath(home or os.environ.get(HOME_VARIABLE) or _FOLDER)
    definition = _load()
    from dagsterlite.api import execute_pipeline_iterator
    from dagsterlite.cli.watch import watch

    instance = ctx.with_resource(instance_from_home(home))
    preset = definition.get_preset("full" if full else "local").with_additional_config(
        # Workers know the home's files, not the home.
        {"resources": {"results": {"base_dir": instance.storage_directory()}}}
    )
    events = execute_pipeline_iterator(
        definition, preset.run_config, preset.mode, instance=instance
    )
    progress = watch(events)
    _tell(instance, home, progress.run)
    if not progress.is_success:
        ctx.exit(RUN_FAILED)


def _load() -> PipelineDefinition:
    # What is missing is told before a home is made.
    try:
        from dagsterlite.demo.flights import flights_pipeline
        from dagsterlite.demo.tables import path_of
    except ModuleNotFoundError as exc:
        raise MissingExtraError("dagsterlite demo", exc.name or "pandas", "demo") from exc
    path_of("flights")
    return flights_pipeline


def _tell(instance: DagsterInstance, home: str, run: DagsterRun) -> None:
    """Tell what the run took and left, and how to look at it."""
    from dagsterlite.render.run_report import RunView, steps_report
    from dagsterlite.render.runs import short_id
    from dagsterlite.render.screen import screen

    console = screen()
    entries = instance.all_logs(run.run_id)
    view = RunView.of(instance.require_run(run.run_id), entries, None, time.time())
    console.print()
    for part in steps_report(view):
        console.print(part)
    _tell_results(os.path.join(instance.storage_directory(), run.run_id, "results"))
    show = f"{_program()} run show {short_id(run.run_id)}"
    click.echo(f"\nRun {run.run_id} is kept. Look at it:\n")
    click.echo(f"  export {HOME_VARIABLE}={shlex.quote(home)}\n  {show}\n  {show} --events")


def _tell_results(folder: str) -> None:
    if not os.path.isdir(folder):
        return
    from dagsterlite.render.sizes import size

    names = sorted(os.listdir(folder))
    click.echo(f"\nResults in {folder}:\n")
    for name in names:
        click.echo(f"  {name:<27}{size(os.path.getsize(os.path.join(folder, name))):>9}")
    if _SUMMARY in names:
        with open(os.path.join(folder, _SUMMARY), encoding="utf-8") as file:
            findings = json.load(file)["findings"]
        click.echo("\nWhat was found:\n")
        for finding in findings:
            click.echo(f"  {finding}")


def _program() -> str:
    """Return what starts this program from the folder that it was started in."""
    if shutil.which("dagsterlite"):
        return "dagsterlite"
    python = sys.executable
    beside = os.path.relpath(python)
    return f"{shlex.quote(min(python, beside, key=len))} -m dagsterlite"
