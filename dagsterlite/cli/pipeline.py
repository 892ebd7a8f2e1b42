"""``dagsterlite pipeline``, or ``job``: execute, launch, list and print pipelines and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from dagsterlite.cli.home import instance_for_new_run, tell_if_not_kept
from dagsterlite.cli.options import (
    NAME,
    PLAIN,
    load_all,
    pick_pipeline,
    takes_run_options,
    takes_solid_selection,
    takes_sources,
)
from dagsterlite.cli.run_config import read_run_config
from dagsterlite.cli.sources import Source
from dagsterlite.instance import DagsterInstance


@click.group()
def pipeline_group() -> None:
    """Execute, launch, list and print pipelines, and write run config; jobs are pipelines.

    Without -f and -m, pipelines are looked for where workspace.yaml or the table [tool.dagsterlite]
    of pyproject.toml in the working directory says.
    """


@pipeline_group.command("execute")
@takes_sources
@takes_run_options
@takes_solid_selection
@PLAIN
@click.option(
    "--detach",
    is_flag=True,
    help="Leave the run to the Dask cluster that its config joins, and do not wait for it.",
)
@NAME
@click.pass_context
def execute(
    ctx: click.Context,
    sources: Sequence[Source],
    mode: str | None,
    preset: str | None,
    config_files: Sequence[str],
    solid_selection: Sequence[str] | None,
    tags: dict[str, Any] | None,
    plain: bool,
    detach: bool,
    name: str | None,
) -> None:
    """Execute a pipeline and show its progress.

    PIPELINE is its name; the only one needs none. Exit code 0 when the run succeeded, 1 when it
    failed or was canceled, 2 when the command or the config is wrong.
    """
    run_config = read_run_config(config_files)
    found = pick_pipeline(ctx, sources, name)
    from dagsterlite.api import execute_pipeline_iterator
    from dagsterlite.cli.watch import watch_to_end

    instance = ctx.with_resource(instance_for_new_run())
    asked = (found.definition, run_config, mode, preset, tags, solid_selection, instance)
    events = execute_pipeline_iterator(*asked, detach=detach)
    if detach:
        click.echo(f"The cluster has run {events.run_id}: dagsterlite run attach {events.run_id}")
        return
    tell_if_not_kept(instance)
    watch_to_end(ctx, events, is_kept=instance.is_persistent, plain=plain)


@pipeline_group.command("launch")
@takes_sources
@takes_run_options
@takes_solid_selection
@NAME
@click.pass_context
def launch(
    ctx: click.Context,
    sources: Sequence[Source],
    mode: str | None,
    preset: str | None,
    config_files: Sequence[str],
    solid_selection: Sequence[str] | None,
    tags: dict[str, Any] | None,
    name: str | None,
) -> None:
    """Start a run of a pipeline in a process of its own, and do not wait for it.

    The run goes on when this command and its terminal are gone. It needs $DAGSTER_HOME. Exit code
    0 when the run was started, 1 when it could not be, 2 when the command or the config is wrong.
    """
    run_config = read_run_config(config_files)
    found = pick_pipeline(ctx, sources, name)
    from dagsterlite.api.launching import launch_pipeline
    from dagsterlite.cli.loading import reconstructable_from

    instance = ctx.with_resource(DagsterInstance.get())
    run = launch_pipeline(
        reconstructable_from(found), instance, run_config, mode, preset, tags, solid_selection
    )
    click.echo(
        f"Run {run.run_id} is {run.status.value}.\n"
        f"Follow what it prints: dagsterlite run logs --follow {run.run_id}\n"
        f"See how it stands:     dagsterlite run show {run.run_id}"
    )


@pipeline_group.command("list")
@takes_sources
@click.pass_context
def list_pipelines(ctx: click.Context, sources: Sequence[Source]) -> None:
    """List the pipelines of a file or module, with where each stands in it."""
    from dagsterlite.render.pipelines import pipeline_list
    from dagsterlite.render.screen import screen

    console = screen()
    for line in pipeline_list((f.definition, f.place) for f in load_all(ctx, sources)):
        console.print(line, soft_wrap=True)


@pipeline_group.command("print")
@takes_sources
@click.option("-d", "--mode", metavar="MODE", help="The mode whose run config is shown.")
@NAME
@click.pass_context
def print_pipeline(
    ctx: click.Context, sources: Sequence[Source], mode: str | None, name: str | None
) -> None:
    """Print a pipeline: what it is made of and runs with, and the run config that it takes."""
    definition = pick_pipeline(ctx, sources, name).definition
    from dagsterlite.config import print_config_type
    from dagsterlite.render.pipelines import pipeline_report
    from dagsterlite.render.screen import screen
    from dagsterlite.run_config.schema import run_config_type

    shown_mode = definition.get_mode_definition(mode or definition.get_default_mode_name())
    schema = print_config_type(run_config_type(definition, shown_mode))
    console = screen()
    for line in pipeline_report(definition, shown_mode, schema):
        console.print(line, soft_wrap=True)


@pipeline_group.command("scaffold_config")
@takes_sources
@click.option("-d", "--mode", metavar="MODE", help="The mode whose run config is written.")
@click.option(
    "-p", "--preset", metavar="PRESET", help="The preset whose run config it begins with."
)
@click.option(
    "--print-only-required", is_flag=True, help="Leave out what is neither required nor given."
)
@NAME
@click.pass_context
def scaffold(
    ctx: click.Context,
    sources: Sequence[Source],
    mode: str | None,
    preset: str | None,
    print_only_required: bool,
    name: str | None,
) -> None:
    """Write a pipeline's run config as YAML to be filled in, e.g. into a file for execute -c."""
    definition = pick_pipeline(ctx, sources, name).definition
    from dagsterlite.api import scaffold_run_config

    document = scaffold_run_config(definition, mode, preset, print_only_required)
    click.echo(document, nl=False)
