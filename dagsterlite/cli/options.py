"""The options that commands share, and the pipeline that they lead to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from dagsterlite.cli.loading import FoundPipeline, folders_of, importable, load_pipelines, pick
from dagsterlite.cli.run_config import read_tags
from dagsterlite.cli.sources import (
    NOTHING_NAMED,
    PythonFile,
    PythonModule,
    Source,
    configured_sources,
)

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("-f", "--python-file", metavar="FILE", help="The file that holds pipelines."),
    click.option("-m", "--module-name", metavar="MODULE", help="The module that holds pipelines."),
    click.option(
        "-a",
        "--attribute",
        metavar="NAME",
        help="In it, the pipeline, a list of pipelines, or a function that returns one or the "
        "other. By default all pipelines at its top level.",
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
    click.option(
        "--plain", is_flag=True, help="Write lines, also on a terminal (e.g. to use context.pdb)."
    ),
)
NAME = click.argument("name", metavar="[PIPELINE]", required=False)


def takes_source(function: F) -> F:
    """Give a command the options that say where pipelines are."""
    return _with_options(function, _OPTIONS)


def takes_run_options(function: F) -> F:
    """Give a command the options of a run: mode, preset, config, tags and how it is shown."""
    return _with_options(function, _RUN_OPTIONS)


def _with_options(function: F, options: Sequence[Callable[[F], F]]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def sources_of(
    python_file: str | None, module_name: str | None, attribute: str | None
) -> list[Source]:
    """Return where the options, else the settings of the working directory, say pipelines are.

    Raises:
        UsageError: they contradict each other, or nothing says it.
        DagsterSettingsError: the settings are wrong.
    """
    if python_file and module_name:
        raise click.UsageError("Give a file with -f or a module with -m, not both.")
    if python_file:
        return [PythonFile(python_file, attribute)]
    if module_name:
        return [PythonModule(module_name, attribute)]
    if attribute:
        raise click.UsageError("-a names something in a file or module: give -f or -m too.")
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


def pick_pipeline(
    ctx: click.Context,
    python_file: str | None,
    module_name: str | None,
    attribute: str | None,
    name: str | None,
) -> FoundPipeline:
    """Return the pipeline of a name; without one, the only one.

    Raises:
        UsageError: the options contradict each other, or nothing says where pipelines are.
        DagsterPipelineNotFoundError: there is none, or more than one.
    """
    sources = sources_of(python_file, module_name, attribute)
    return pick(load_all(ctx, sources), name, ", ".join(map(str, sources)))
