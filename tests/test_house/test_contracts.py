"""The directions of imports: they hold here, and a house that breaks one is found out."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.test_house.checkout import ROOT, package_folders, python

LINT = "from importlinter.cli import lint_imports_command as main; main()"


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    places = (house, house / "executors", house / "storage")
    path = os.pathsep.join(map(str, places))
    return python("-c", LINT, "--no-logo", "--no-cache", cwd=house, PYTHONPATH=path, COLUMNS="200")


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A house of empty packages under our own contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in package_folders():
        write(tmp_path / folder / "__init__.py", "")
    write(tmp_path / "dagsterlite" / "errors.py", "")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_the_contracts_hold() -> None:
    result = lint(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr


def test_an_empty_house_keeps_the_contracts(house: Path) -> None:
    result = lint(house)

    assert result.returncode == 0, result.stdout + result.stderr


UPWARDS = "The core's imports point down"
BORDER = "The core knows no shelf, no cluster, no database and no remote file system"
SCREEN = "Only the command line and what renders know the screen"


@pytest.mark.parametrize(
    ("module", "text", "broken"),
    [
        ("dagsterlite/runs.py", "import dagsterlite.api", UPWARDS),
        ("dagsterlite/runs.py", "def f():\n    import dagsterlite.api", UPWARDS),
        (
            "dagsterlite/runs.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import dagsterlite.api",
            UPWARDS,
        ),
        ("dagsterlite/types/__init__.py", "import dagsterlite.stores", UPWARDS),
        ("dagsterlite/gadgets.py", "", UPWARDS),
        ("dagsterlite/execution.py", "import dask.base", BORDER),
        ("dagsterlite/execution.py", "def f():\n    import dagsterlite_dask", BORDER),
        ("dagsterlite/memory.py", "import sqlalchemy", BORDER),
        ("dagsterlite/memory.py", "from dagsterlite_sql import store", BORDER),
        ("dagsterlite/api.py", "import click", SCREEN),
        ("dagsterlite/execution.py", "from rich.progress import Progress", SCREEN),
        (
            "dagsterlite/runs.py",
            "from dagsterlite import pipeline",
            "The core does not import its own public face, which names every floor",
        ),
        (
            "storage/dagsterlite_sql/store.py",
            "import dagsterlite_fsspec",
            "Shelves do not know each other",
        ),
        (
            "storage/dagsterlite_sql/store.py",
            "from distributed import Client",
            "Stores know no cluster",
        ),
    ],
)
def test_a_wrong_import_is_found(house: Path, module: str, text: str, broken: str) -> None:
    for name in ("stores.py", "api.py"):
        write(house / "dagsterlite" / name, "")
    write(house / module, text)

    result = lint(house)

    assert result.returncode == 1
    assert f"{broken} BROKEN" in result.stdout
    assert "1 broken" in result.stdout


@pytest.mark.parametrize("package", ["dagsterlite/plan", "storage/dagsterlite_sql"])
def test_a_circle_among_siblings_is_found(house: Path, package: str) -> None:
    dotted = package.removeprefix("storage/").replace("/", ".")
    write(house / package / "__init__.py", "")
    write(house / package / "step.py", f"import {dotted}.receipt")
    write(house / package / "receipt.py", f"def f():\n    import {dotted}.step")

    result = lint(house)

    assert "No package has a circle among its children BROKEN" in result.stdout
    assert "1 broken" in result.stdout


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("dagsterlite/cli/main.py", "import click\nfrom rich.console import Console"),
        ("dagsterlite/demo/flights.py", "from dagsterlite import pipeline"),
        ("dagsterlite/api.py", "from dagsterlite import runs, errors"),
        ("storage/dagsterlite_sql/store.py", "import sqlalchemy\nfrom dagsterlite import runs"),
    ],
)
def test_a_right_import_is_let_through(house: Path, module: str, text: str) -> None:
    write((house / module).parent / "__init__.py", "")
    write(house / "dagsterlite" / "runs.py", "")
    write(house / module, text)

    result = lint(house)

    assert result.returncode == 0, result.stdout + result.stderr
