"""The command line as tests call it: in this process, or as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from dagsterlite.cli.commands import root


def invoke(*arguments: object, home: Path | None = None, answer: str | None = None) -> Result:
    """Run a command in this process."""
    return CliRunner().invoke(
        root,
        [str(argument) for argument in arguments],
        env={"DAGSTER_HOME": None if home is None else str(home)},
        input=answer,
        catch_exceptions=False,
        prog_name="dagsterlite",
    )


def command(*arguments: object) -> list[str]:
    """Return the words that start a command as a process of its own."""
    return [sys.executable, "-m", "dagsterlite", *map(str, arguments)]


def environment(home: Path | None = None, **variables: str) -> Mapping[str, str]:
    """Return the environment of such a process: no home but the one that is given."""
    kept = {k: v for k, v in os.environ.items() if k not in {"DAGSTER_HOME", "NO_COLOR"}}
    return {**kept, **({} if home is None else {"DAGSTER_HOME": str(home)}), **variables}


def run(
    *arguments: object, cwd: Path, home: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own, to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(home, **variables),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
