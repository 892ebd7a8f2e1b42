"""``dagsterlite pipeline list`` and ``print``."""

from __future__ import annotations

from pathlib import Path

from tests.test_cli.command import invoke


def test_list_tells_name_place_and_description(folder: Path) -> None:
    result = invoke("pipeline", "list", "-f", "pipelines.py")

    assert result.stdout.splitlines()[0] == "counting  pipelines.py:counting  Count rows."


def test_print_tells_graph_config_and_presets(folder: Path) -> None:
    result = invoke("pipeline", "print", "-f", "pipelines.py", "counting")

    assert result.exit_code == 0
    assert "    in  rows: Any ← load.result" in result.stdout
    assert "rows?: Int = 3" in result.stdout
    assert "# How many rows." in result.stdout
    assert "seed" not in result.stdout
    assert "  one  mode default" in result.stdout


def test_print_shows_the_config_of_the_mode_that_is_named(folder: Path) -> None:
    arguments = ("pipeline", "print", "-f", "pipelines.py", "moded")

    assert "Run config in mode 'test'" in invoke(*arguments).stdout
    assert "Run config in mode 'prod'" in invoke(*arguments, "-d", "prod").stdout
    assert invoke(*arguments, "-d", "no").exit_code == 2


def test_scaffold_config_writes_a_file_that_execute_takes(folder: Path) -> None:
    scaffold = invoke("pipeline", "scaffold_config", "-f", "pipelines.py", "counting")

    assert scaffold.exit_code == 0
    assert "      # How many rows.\n      rows: 3  # Int, default\n" in scaffold.stdout
    (folder / "run.yaml").write_text(scaffold.stdout, encoding="utf-8")
    run = invoke("pipeline", "execute", "-f", "pipelines.py", "-c", "run.yaml", "counting")
    assert run.exit_code == 0


def test_scaffold_config_may_leave_out_what_is_not_required(folder: Path) -> None:
    arguments = ("pipeline", "scaffold_config", "-f", "pipelines.py", "--print-only-required")

    assert invoke(*arguments, "counting").stdout.splitlines()[1:] == ["{}"]
    assert "rows: 1  # Int\n" in invoke(*arguments, "-p", "one", "counting").stdout
    assert "in mode 'prod'" in invoke(*arguments, "-d", "prod", "moded").stdout
    assert invoke(*arguments, "-p", "no", "counting").exit_code == 2
