"""What the command costs before it does anything, and that it can be started both ways."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.test_cli.command import environment, invoke, run

REPORT = """
import atexit, json, sys
heavy = ("alembic", "dask", "distributed", "fsspec", "pandas", "rich", "sqlalchemy")
atexit.register(lambda: sys.stderr.write(json.dumps([m for m in heavy if m in sys.modules])))
sys.argv = ["dagsterlite", "--help"]
from dagsterlite.cli import main
main()
"""


def test_help_loads_nothing_heavy() -> None:
    result = subprocess.run(
        [sys.executable, "-c", REPORT], capture_output=True, text=True, check=True
    )

    assert "pipeline" in result.stdout
    assert json.loads(result.stderr) == []


def test_an_in_process_run_loads_no_dask(folder: Path) -> None:
    program = (
        "import sys\nsys.argv = ['dagsterlite', 'pipeline', 'execute', '-f', 'pipelines.py', "
        "'counting']\nfrom dagsterlite.cli import main\n"
        "try:\n    main()\nexcept SystemExit as exc:\n    assert not exc.code\n"
        "assert not {'dask', 'distributed'} & set(sys.modules)\n"
    )

    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, result.stderr


def test_every_command_has_help() -> None:
    for words in (
        ["pipeline"],
        ["pipeline", "execute"],
        ["pipeline", "list"],
        ["pipeline", "print"],
        ["run"],
        ["run", "list"],
        ["run", "show"],
        ["run", "cancel"],
        ["run", "delete"],
        ["instance", "info"],
        ["instance", "migrate"],
        ["demo"],
    ):
        result = invoke(*words, "-h")
        assert result.exit_code == 0
        assert result.stdout.startswith(f"Usage: dagsterlite {' '.join(words)} ")


def test_a_misspelt_command_is_refused() -> None:
    result = invoke("pipline")

    assert result.exit_code == 2
    assert "No such command 'pipline'" in result.stderr


def test_the_module_can_be_started(tmp_path: Path) -> None:
    assert run("--version", cwd=tmp_path).stdout.startswith("dagsterlite, version ")
