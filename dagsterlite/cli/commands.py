"""The command ``dagsterlite``: its groups, loaded when one of their commands is asked for.

So ``dagsterlite --help`` stays fast, and a command loads no more than it needs.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from dagsterlite.cli.exits import ends_in_order

_COMMANDS = {
    "pipeline": (
        "dagsterlite.cli.pipeline:pipeline_group",
        "Execute, launch, list and print pipelines, and scaffold their run config.",
    ),
    "job": ("dagsterlite.cli.pipeline:pipeline_group", "The same commands, for jobs."),
    "run": (
        "dagsterlite.cli.run:run_group",
        "List, show, re-execute, cancel and delete runs; read what they left.",
    ),
    "instance": ("dagsterlite.cli.instance:instance_group", "Look at $DAGSTER_HOME; migrate it."),
    "demo": ("dagsterlite.cli.demo:demo", "Run the example pipeline on real data."),
}
"""For each command, where it lies and what help says of it."""


class _LazyGroup(click.Group):
    """Loads a command when it is called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> object:
        with ends_in_order(ctx):
            return super().invoke(ctx)


@click.group(
    cls=_LazyGroup, name="dagsterlite", context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="dagsterlite", prog_name="dagsterlite")
def root() -> None:
    """Typed, configurable pipelines, and a record of every step that they ran.

    Runs are kept in the folder that $DAGSTER_HOME names. Exit codes: 0 when all went well, 1 when
    a run failed, 2 when the command or a config is wrong.
    """


def main() -> None:
    """Run the command line; exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        # A character that the terminal cannot show must not end the run that is being shown.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    root(prog_name="dagsterlite")
