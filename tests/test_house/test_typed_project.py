"""Users' typed code: strict type checkers accept it, and it runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import dagsterlite
from tests.test_house.checkout import ROOT, python

PROJECT = ROOT / "tests" / "typed_project"


def mypy(cache: Path, *arguments: str | Path) -> str:
    """Return what mypy --strict says of files, under no config of ours."""
    options = ("--strict", "--config-file=", f"--cache-dir={cache}", "--no-error-summary")
    result = python("-m", "mypy", *options, *map(str, arguments), cwd=cache)
    return result.stdout + result.stderr


def test_strict_type_checkers_accept_users_code(tmp_path: Path) -> None:
    names = "".join(f"    {name} as {name},\n" for name in dagsterlite.__all__)
    every_name = tmp_path / "every_name.py"
    every_name.write_text(f"from dagsterlite import (\n{names})\n", encoding="utf-8")
    slips = tmp_path / "slips.py"
    slips.write_text(
        "from dagsterlite import job, op\n"
        "@op\n"
        "def one() -> int: return 1\n"
        "@job\n"
        "def flow() -> None: one()\n"
        "result: int = flow.execute_in_process()\n"
        "other = op(nme='x')\n",
        encoding="utf-8",
    )

    assert mypy(tmp_path, every_name, PROJECT) == ""
    found = mypy(tmp_path, slips)
    assert 'expression has type "ExecuteInProcessResult"' in found
    assert 'Unexpected keyword argument "nme"' in found


@pytest.mark.parametrize("module", ["ops_and_jobs", "solids_and_pipelines"])
def test_the_typed_project_runs(module: str) -> None:
    result = python("-c", f"import {module}; assert {module}.run()", cwd=PROJECT)

    assert result.returncode == 0, result.stderr
