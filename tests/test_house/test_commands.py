"""The commands of the checkout, as far as they can be tried without an installation."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_house.checkout import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a space in its path, and in it our Makefile."""
    place = tmp_path / "a checkout"
    place.mkdir()
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, place)
    return place


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    variables = {
        k: v for k, v in os.environ.items() if k not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}
    }
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_each_documented_target(folder: Path) -> None:
    documented = re.findall(
        r"^([a-z0-9-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )

    shown = make(folder, "help").stdout

    assert {"demo", "test", "lint", "types", "contracts", "unit", "clean"} <= set(documented)
    assert re.findall(r"^  make ([a-z0-9-]+)", shown, re.MULTILINE) == documented


def test_test_runs_the_cheap_checks_first(folder: Path) -> None:
    planned = make(folder, "--dry-run", "test").stdout

    steps = re.findall(r"echo '== (\w+)", planned)
    assert steps == ["environment", "install", "lint", "format", "types", "contracts", "tests"]


def test_the_demo_installs_no_more_than_it_needs(folder: Path) -> None:
    assert re.findall(r"echo '== install \((.*)\)'", make(folder, "-n", "demo").stdout) == ["demo"]


def test_without_a_new_enough_python_the_message_says_what_to_do(folder: Path) -> None:
    result = make(folder, ".venv/bin/python", "CANDIDATES=no-such-python")

    assert result.returncode == 2
    assert "No Python >= 3.11 found (looked for no-such-python)" in " ".join(result.stderr.split())
    assert "make PYTHON=" in result.stderr
    assert not (folder / ".venv").exists()


def test_a_failing_step_stops_the_rest(folder: Path) -> None:
    (folder / ".venv").mkdir()
    python = folder / "python"
    python.write_text('#!/bin/sh\n[ "$2" != mypy ]\n', encoding="utf-8")
    python.chmod(0o755)

    result = make(folder, "-j2", "test", "PY=./python", "UV=")

    assert result.returncode == 2
    assert re.findall(r"^== (\w+)", result.stdout, re.MULTILINE) == [
        "install",
        "lint",
        "format",
        "types",
    ]


def test_the_script_of_continuous_integration_is_an_executable_bash_script() -> None:
    script = ROOT / ".ci" / "run"

    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in script.read_text("utf-8").splitlines()
    assert subprocess.run(["bash", "-n", script], check=False).returncode == 0
