"""``dagsterlite pipeline``, or ``job``: execute, list and print pipelines and jobs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from dagsterlite.cli.exits import RUN_FAILED
from dagsterlite.cli.home import instance_for_new_run, tell_if_not_kept
from dagsterlite.cli.loading import FoundPipeline, folders_of, importable, load_pipelines, pick
from dagsterlite.cli.run_config import read_run_config, read_selection, read_tags
from dagsterlite.cli.sources import (
    NOTHING_NAMED,
    PythonFile,
    PythonModule,
    Source,
    configured_sources,
    read_workspace,
)

_OPTIONS = (
    click.option("-f", "--python-file", metavar="FILE", help="The file that holds pipelines."),
    click.option("-m", "--module-name", metavar="MODULE", help="The module that holds pipelines."),
    click.option(
        "-a",
        "--attribute",
        metavar="NAME",
        help="In it, a pipeline, a list of pipelines, a repository, or a function that returns one "
        "of them. By default the repositories at its top level; without any, the pipelines there.",
    ),
    click.option(
        "-w",
        "--workspace",
        "workspaces",
        metavar="YAML",
        multiple=True,
        help="A workspace file that names files and modules; may be repeated.",
    ),
)
_NAME = click.argument("name", metavar="[PIPELINE]", required=False)


def _takes_sources(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say where pipelines are; it is handed the sources."""

    @wraps(function)
    def command(
        *args: Any,
        python_file: str | None,
        module_name: str | None,
        attribute: str | None,
        workspaces: Sequence[str],
        **kwargs: Any,
    ) -> None:
        sources = _sources(python_file, module_name, attribute, workspaces)
        function(*args, sources=sources, **kwargs)

    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group()
def pipeline_group() -> None:
    """Execute, list and print pipelines, and write run config for them; jobs are pipelines.

    Without -f and -m, pipelines are looked for where workspace.yaml or the table [tool.dagsterlite]
    of pyproject.toml in the working directory says.
    """


@pipeline_group.command("execute")
@_takes_sources
@click.option("-d", "--mode", metavar="MODE", help="The mode to run in.")
@click.option("-p", "--preset", metavar="PRESET", help="The preset to run with.")
@click.option(
    "-c",
    "--config",
    "config_files",
    metavar="YAML",
    multiple=True,
    help="A file of run config, or a glob; may be repeated, later files over earlier ones.",
)
@click.option(
    "-s",
    "--solid-selection",
    "--op-selection",
    "solid_selection",
    metavar="SELECTION",
    multiple=True,
    callback=read_selection,
    help="The solids or ops to run, e.g. '*load,clean+': queries with commas; may be repeated.",
)
@click.option(
    "--tags", metavar="JSON", callback=read_tags, help="Tags of the run, as a JSON object."
)
@click.option(
    "--plain", is_flag=True, help="Write lines, also on a terminal (e.g. to use context.pdb)."
)
@_NAME
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
    name: str | None,
) -> None:
    """Execute a pipeline and show its progress.

    PIPELINE is its name; the only one needs none. Exit code 0 when the run succeeded, 1 when it
    failed or was canceled, 2 when the command or the config is wrong.
    """
    run_config = read_run_config(config_files)
    found = _pick(ctx, sources, name)
    from dagsterlite.api import execute_pipeline_iterator
    from dagsterlite.cli.watch import watch

    instance = ctx.with_resource(instance_for_new_run())
    events = execute_pipeline_iterator(
        found.definition,
        run_config,
        mode,
        preset,
        tags,
        solid_selection,
        instance,
    )
    tell_if_not_kept(instance)
    try:
        progress = watch(events, plain=plain)
    finally:
        if instance.is_persistent:
            click.echo(f"\nThe run is kept: dagsterlite run show {events.run_id}")
    if not progress.is_success:
        ctx.exit(RUN_FAILED)


@pipeline_group.command("list")
@_takes_sources
@click.pass_context
def list_pipelines(ctx: click.Context, sources: Sequence[Source]) -> None:
    """List the pipelines of a file or module, with where each stands in it."""
    from dagsterlite.render.pipelines import pipeline_list
    from dagsterlite.render.screen import screen

    console = screen()
    for line in pipeline_list((f.definition, f.place) for f in _load(ctx, sources)):
        console.print(line, soft_wrap=True)


@pipeline_group.command("print")
@_takes_sources
@click.option("-d", "--mode", metavar="MODE", help="The mode whose run config is shown.")
@_NAME
@click.pass_context
def print_pipeline(
    ctx: click.Context, sources: Sequence[Source], mode: str | None, name: str | None
) -> None:
    """Print a pipeline: what it is made of and runs with, and the run config that it takes."""
    definition = _pick(ctx, sources, name).definition
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
@_takes_sources
@click.option("-d", "--mode", metavar="MODE", help="The mode whose run config is written.")
@click.option(
    "-p", "--preset", metavar="PRESET", help="The preset whose run config it begins with."
)
@click.option(
    "--print-only-required", is_flag=True, help="Leave out what is neither required nor given."
)
@_NAME
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
    definition = _pick(ctx, sources, name).definition
    from dagsterlite.api import scaffold_run_config

    document = scaffold_run_config(definition, mode, preset, print_only_required)
    click.echo(document, nl=False)


def _sources(
    python_file: str | None,
    module_name: str | None,
    attribute: str | None,
    workspaces: Sequence[str],
) -> list[Source]:
    if sum(map(bool, (python_file, module_name, workspaces))) > 1:
        message = "Give a file with -f, a module with -m or a workspace with -w: one of the three."
        raise click.UsageError(message)
    if python_file:
        return [PythonFile(python_file, attribute)]
    if module_name:
        return [PythonModule(module_name, attribute)]
    if attribute:
        raise click.UsageError("-a names something in a file or module: give -f or -m too.")
    if workspaces:
        return [source for file in workspaces for source in read_workspace(file)]
    sources = configured_sources(os.getcwd())
    if not sources:
        raise click.UsageError(NOTHING_NAMED)
    return sources


def _load(ctx: click.Context, sources: Sequence[Source]) -> list[FoundPipeline]:
    # Solids may import further modules when they run, so the folders stay to the command's end.
    ctx.with_resource(importable(folders_of(sources)))
    return [found for source in sources for found in load_pipelines(source)]


def _pick(ctx: click.Context, sources: Sequence[Source], name: str | None) -> FoundPipeline:
    return pick(_load(ctx, sources), name, ", ".join(map(str, sources)))
