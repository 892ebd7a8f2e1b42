"""Prints what pip is told on this machine, by files and by the environment, as one pip.conf."""

from __future__ import annotations

import ast
import subprocess
import sys

SECTIONS = ("global", "install", ":env:")


def main() -> None:
    """Print it; the environment wins, as with pip."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    settings: dict[str, str] = {}
    for line in sorted(told.splitlines(), key=lambda one: one.startswith(":env:")):
        name, _, value = line.partition("=")
        section, _, key = name.rpartition(".")
        if section in SECTIONS:
            settings[key] = ast.literal_eval(value)
    sys.stdout.write("[global]\n")
    sys.stdout.writelines(f"{key} = {value}\n" for key, value in settings.items())


main()
