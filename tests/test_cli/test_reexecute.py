"""``dagsterlite run reexecute``."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result

from dagsterlite import DagsterInstance, DagsterRun
from tests.test_cli.command import invoke

PIPELINE = """
import os
from dagsterlite import Field, Int, pipeline, solid


@solid(config_schema={"rows": Field(Int, default_value=3)})
def load(context):
    return list(range(context.solid_config["rows"]))


@solid
def breaks_once(_context, rows):
    if not os.path.exists("mended"):
        raise ValueError("not yet")
    return len(rows)


@pipeline
def mendable():
    breaks_once(load())
"""
FILES = "intermediate_storage: {filesystem: {}}\n"
SOURCE = ("-f", "mendable.py")


@pytest.fixture
def failed(folder: Path, home: Path) -> str:
    """The id of a run whose second step failed; it would succeed now."""
    config = FILES + "solids: {load: {config: {rows: 5}}}\n"
    (folder / "mendable.py").write_text(PIPELINE, encoding="utf-8")
    (folder / "run.yaml").write_text(config, encoding="utf-8")
    result = invoke("pipeline", "execute", *SOURCE, "-c", "run.yaml", home=home)
    assert result.exit_code == 1
    (folder / "mended").touch()
    return newest(home).run_id


def newest(home: Path) -> DagsterRun:
    with DagsterInstance.local_temp(str(home)) as instance:
        return instance.get_runs(limit=1)[0]


def reexecute(home: Path, *arguments: object) -> Result:
    return invoke("run", "reexecute", *SOURCE, *arguments, home=home)


def test_a_run_is_resumed_from_where_it_failed(failed: str, home: Path) -> None:
    result = reexecute(home, "--from-failure", "--tags", '{"a": "b"}', failed[:8])

    assert result.exit_code == 0, result.output
    run = newest(home)
    assert f"dagsterlite run show {run.run_id}" in result.stdout
    assert run.is_success
    assert run.is_resume_retry
    assert run.parent_run_id == failed
    assert run.step_keys_to_execute == ("breaks_once.compute",)
    assert run.tags["a"] == "b"
    assert run.run_config["solids"] == {"load": {"config": {"rows": 5}}}


def test_steps_are_selected(failed: str, home: Path) -> None:
    assert reexecute(home, "-s", "*breaks_once", failed).exit_code == 0
    assert newest(home).step_keys_to_execute == ("load.compute", "breaks_once.compute")
    assert reexecute(home, failed).exit_code == 0
    assert newest(home).step_keys_to_execute is None


def test_config_may_be_given_anew(failed: str, folder: Path, home: Path) -> None:
    (folder / "other.yaml").write_text(FILES, encoding="utf-8")

    assert reexecute(home, "-c", "other.yaml", "-s", "breaks_once", failed).exit_code == 0
    assert "solids" not in newest(home).run_config


def test_a_run_that_fails_again_says_so_by_its_exit_code(
    failed: str, folder: Path, home: Path
) -> None:
    (folder / "mended").unlink()

    result = reexecute(home, "--from-failure", failed)

    assert result.exit_code == 1
    assert "not yet" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from-failure", "-s", "load"), "leave out -s"),
        (("-s", "laod"), "Did you mean 'load.compute'"),
        (("-d", "nope"), "no mode 'nope'"),
        (("-c", "nope.yaml"), "leads to no file"),
    ],
)
def test_misuse_is_told(failed: str, home: Path, arguments: tuple[str, ...], message: str) -> None:
    result = reexecute(home, *arguments, failed)

    assert result.exit_code == 2
    assert message in result.stderr
    assert newest(home).run_id == failed


def test_a_run_or_pipeline_that_is_not_there_is_told(failed: str, folder: Path, home: Path) -> None:
    assert "no run 'nope'" in reexecute(home, "nope").stderr
    (folder / "empty.py").touch()
    result = invoke("run", "reexecute", "-f", "empty.py", failed, home=home)
    assert result.exit_code == 2
    assert "no pipeline in empty.py" in result.stderr
    result = invoke("run", "reexecute", failed, home=home)
    assert "Where are the pipelines?" in result.stderr
