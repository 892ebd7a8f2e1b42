"""``dagsterlite job``: the commands of ``dagsterlite pipeline`` under their second name."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagsterlite.cli.exits import RUN_FAILED
from tests.test_cli.command import invoke

JOBS = '''
from dagsterlite import config_mapping, graph, job, op


@op(config_schema={"rows": int})
def load(context) -> list[int]:
    """Load rows."""
    return list(range(context.op_config["rows"]))


@op(required_resource_keys={"limit"})
def count(context, rows: list[int]) -> int:
    print(f"counted {len(rows)}")
    assert len(rows) <= context.resources.limit
    return len(rows)


@graph
def counted():
    return count(load.alias("rows")())


@config_mapping(config_schema={"rows": int})
def simple(config):
    return {"ops": {"rows": {"config": config}}}


counting = counted.to_job(
    name="counting", description="Count rows.", resource_defs={"limit": 5},
    config={"ops": {"rows": {"config": {"rows": 2}}}},
)
mapped = counted.to_job(name="mapped", resource_defs={"limit": 5}, config=simple)
'''


@pytest.fixture(autouse=True)
def _jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jobs.py").write_text(JOBS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("group", ["job", "pipeline"])
def test_a_job_is_executed_with_its_own_config(group: str) -> None:
    result = invoke(group, "execute", "-f", "jobs.py", "counting", "--plain")

    assert result.exit_code == 0, result.output
    assert "counted 2" in result.output


def test_a_run_config_stands_in_place_of_the_jobs_own(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("ops: {rows: {config: {rows: 9}}}", encoding="utf-8")
    (tmp_path / "slip.yaml").write_text("ops: {rows: {config: {row: 9}}}", encoding="utf-8")
    command = ("job", "execute", "-f", "jobs.py", "-a", "counting", "--plain")

    failed = invoke(*command, "-c", "run.yaml")
    assert failed.exit_code == RUN_FAILED
    assert "counted 9" in failed.output
    wrong = invoke(*command, "-c", "slip.yaml")
    assert wrong.exit_code == 2
    assert "Error in config for job counting" in wrong.output
    assert "at path ops.rows.config" in wrong.output


def test_ops_are_selected() -> None:
    command = ("job", "execute", "-f", "jobs.py", "counting", "--plain", "--op-selection")

    assert "counted" not in invoke(*command, "rows").output
    wrong = invoke(*command, "row")
    assert wrong.exit_code == 2
    assert "No op is named 'row'. Did you mean 'rows'" in wrong.output


def test_jobs_are_listed() -> None:
    result = invoke("job", "list", "-f", "jobs.py")

    assert result.stdout.splitlines() == [
        "counting  jobs.py:counting  Count rows.",
        "mapped  jobs.py:mapped",
    ]


def test_a_job_is_printed_in_its_own_words() -> None:
    text = invoke("job", "print", "-f", "jobs.py", "counting").stdout

    assert text.startswith("job counting\n")
    assert "\nOps\n  rows (op 'load')  Load rows.\n" in text
    assert "\nBound to\n  resources: limit; executors: in_process" in text
    assert "\nRun config\n" in text
    assert "  ops: {\n" in text
    assert "Modes" not in text


def test_the_config_that_a_mapping_takes_is_printed() -> None:
    text = invoke("job", "print", "-f", "jobs.py", "mapped").stdout

    assert text.endswith("\nRun config\n  {\n    rows: Int\n  }\n")
