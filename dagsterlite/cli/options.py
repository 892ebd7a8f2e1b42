"""The options that commands share, and the pipeline that they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

import click

from dagsterlite.cli.loading import FoundPipeline, folders_of, importable, load_pipelines, pick
from dagsterlite.cli.run_config import read_selection, read_tags
from dagsterlite.cli.sources import (
    NOTHING_NAMED,
    PythonFile,
    PythonModule,
    Source,
    configured_sources,
    read_workspace,
)

F = TypeVar("F", bound=Callable[..., Any])

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
_RUN_OPTIONS = (
    click.option("-d", "--mode", metavar="MODE", help="The mode to run in."),
    click.option("-p", "--preset", metavar="PRESET", help="The preset to run with."),
    click.option(
        "-c",
        "--config",
        "config_files",
        metavar="YAML",
        multiple=True,
        help="A file of run config, or a glob; may be repeated, later files over earlier ones.",
    ),
    click.option(
        "--tags", metavar="JSON", callback=read_tags, help="Tags of the run, as a JSON object."
    ),
)
PLAIN = click.option(
    "--plain", is_flag=True, help="Write lines, also on a terminal (e.g. to use context.pdb)."
)
takes_solid_selection = click.option(
    "-s",
    "--solid-selection",
    "--op-selection",
    "solid_selection",
    metavar="SELECTION",
    multiple=True,
    callback=read_selection,
    help="The solids or ops to run, e.g. '*load,clean+': queries with commas; may be repeated.",
)
NAME = click.argument("name", metavar="[PIPELINE]", required=False)


def takes_sources(function: Callable[..., None]) -> Callable[..., None]:
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


def takes_run_options(function: F) -> F:
    """Give a command the options of a run: mode, preset, config and tags."""
    for option in reversed(_RUN_OPTIONS):
        function = option(function)
    return function


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


def load_all(ctx: click.Context, sources: Sequence[Source]) -> list[FoundPipeline]:
    """Return the pipelines of sources, whose folders can be imported from until the command ends.

    Raises:
        DagsterPipelineLoadError: a source is not there, or raised an error.
    """
    # Solids may import further modules when they run, so the folders stay to the command's end.
    ctx.with_resource(importable(folders_of(sources)))
    return [found for source in sources for found in load_pipelines(source)]


def pick_pipeline(ctx: click.Context, sources: Sequence[Source], name: str | None) -> FoundPipeline:
    """Return the pipeline of a name; without one, the only one.

    Raises:
        DagsterPipelineNotFoundError: there is none, or more than one.
    """
    return pick(load_all(ctx, sources), name, ", ".join(map(str, sources)))
