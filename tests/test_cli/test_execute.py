"""``dagsterlite pipeline execute``: what runs, what is said, and how it exits."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagsterlite import DagsterInstance
from tests.test_cli.command import invoke


def runs(home: Path) -> list[str]:
    with DagsterInstance.local_temp(str(home)) as instance:
        return [run.status.value for run in instance.get_runs()]


def test_a_run_that_succeeds_exits_with_0_and_is_kept(folder: Path, home: Path) -> None:
    result = invoke("pipeline", "execute", "-f", "pipelines.py", "counting", home=home)

    assert result.exit_code == 0
    assert "counted 3" in result.stdout
    assert "SUCCESS  counting  2 of 2 steps succeeded" in result.stdout
    assert runs(home) == ["SUCCESS"]
    (run_id,) = (line.split()[-1] for line in result.stdout.splitlines() if "run show" in line)
    assert invoke("run", "show", run_id, home=home).exit_code == 0


def test_a_run_that_fails_exits_with_1_and_shows_the_user_s_traceback(
    folder: Path, home: Path
) -> None:
    result = invoke("pipeline", "execute", "-f", "pipelines.py", "breaking", home=home)

    assert result.exit_code == 1
    assert "FAILURE  breaking  0 of 2 steps succeeded, 1 failed, 1 not run" in result.stdout
    assert 'raise ValueError("no rows")' in result.stdout
    assert "dagsterlite/" not in result.stdout
    assert runs(home) == ["FAILURE"]


def test_without_a_home_one_line_says_that_nothing_is_kept(folder: Path) -> None:
    result = invoke("pipeline", "execute", "-f", "pipelines.py", "counting")

    assert result.exit_code == 0
    assert result.stderr.splitlines()[0].startswith("DAGSTER_HOME is not set: nothing is kept")
    assert "run show" not in result.stdout


def test_config_files_merge_later_over_earlier(folder: Path) -> None:
    (folder / "a.yaml").write_text("solids: {load: {config: {rows: 5}}}\nloggers: {console: {}}\n")
    (folder / "b.yaml").write_text("solids: {load: {config: {rows: 7}}}\n")
    execute = ("pipeline", "execute", "-f", "pipelines.py", "counting")

    assert "counted 7" in invoke(*execute, "-c", "a.yaml", "-c", "b.yaml").stdout
    assert "counted 5" in invoke(*execute, "-c", "b.yaml", "-c", "a.yaml").stdout
    assert "counted 7" in invoke(*execute, "-c", "*.yaml").stdout


def test_an_empty_config_file_is_no_config(folder: Path) -> None:
    (folder / "empty.yaml").write_text("# nothing\n")

    result = invoke("pipeline", "execute", "-f", "pipelines.py", "counting", "-c", "empty.yaml")

    assert "counted 3" in result.stdout


def test_presets_modes_selections_and_tags_reach_the_run(folder: Path, home: Path) -> None:
    execute = ("pipeline", "execute", "-f", "pipelines.py")

    assert "counted 1" in invoke(*execute, "-p", "one", "counting", home=home).stdout
    invoke(*execute, "-d", "prod", "--tags", '{"team": "growth", "n": 1}', "moded", home=home)
    selected = invoke(*execute, "-s", "load", "counting", home=home)

    assert "1 of 1 steps succeeded" in selected.stdout
    with DagsterInstance.local_temp(str(home)) as instance:
        selection, moded, preset = instance.get_runs()
    assert preset.run_config == {"solids": {"load": {"config": {"rows": 1}}}}
    assert (moded.mode, moded.tags) == ("prod", {"team": "growth", "n": "1"})
    assert selection.solid_selection == ("load",)


@pytest.mark.parametrize("selection", [["-s", "load,count"], ["-s", "load", "-s", "count"]])
def test_selections_are_joined_by_commas_or_repetition(folder: Path, selection: list[str]) -> None:
    result = invoke("pipeline", "execute", "-f", "pipelines.py", *selection, "counting")

    assert "2 of 2 steps succeeded" in result.stdout


# --- bad input: exit code 2, one readable message, no traceback -----------------------------------


def refusal(*arguments: object, home: Path | None = None) -> str:
    """Return the message of a command that must be refused before anything runs."""
    result = invoke("pipeline", "execute", *arguments, home=home)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert "STEP_START" not in result.output
    return result.stderr


COUNTING = ("-f", "pipelines.py", "counting")


def test_a_misspelt_config_key_and_a_wrong_type_are_told_together(folder: Path) -> None:
    (folder / "c.yaml").write_text("solids: {laod: {}, load: {config: {rows: many}}}\n")

    message = refusal(*COUNTING, "-c", "c.yaml")

    assert "Undefined field \"laod\" at path solids. Did you mean 'load'?" in message
    assert "at path solids.load.config.rows" in message
    assert '"Int"' in message


def test_a_refused_run_leaves_no_record(folder: Path, home: Path) -> None:
    (folder / "c.yaml").write_text("solidz: {}\n")

    refusal(*COUNTING, "-c", "c.yaml", home=home)

    assert runs(home) == []


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["-f", "pipelnes.py"], ["no file pipelnes.py", "Did you mean 'pipelines.py'?"]),
        (["-f", "pipelines.py", "countin"], ["no pipeline 'countin'", "Did you mean 'counting'?"]),
        (["-f", "pipelines.py"], ["several pipelines", "'breaking', 'counting', 'moded'"]),
        (["-f", "pipelines.py", "-d", "prd", "moded"], ["no mode 'prd'", "Did you mean 'prod'?"]),
        (["-f", "pipelines.py", "moded"], ["several modes", "'prod', 'test'"]),
        ([*COUNTING, "-p", "on"], ["no preset 'on'", "Did you mean 'one'?"]),
        ([*COUNTING, "-p", "one", "-d", "x"], ["mode ('x') and preset ('one'"]),
        ([*COUNTING, "-s", "laod"], ["No solid is named 'laod'", "Did you mean 'load'?"]),
        ([*COUNTING, "-s", "load**"], ["'load**' is no selection", "'*'"]),
        ([*COUNTING, "--tags", "{team"], ["is no JSON", """'{"team": "growth"}'"""]),
        ([*COUNTING, "--tags", "[1]"], ["is a list", "JSON object"]),
        ([*COUNTING, "-c", "pipeline.yaml"], ["leads to no file", "working directory"]),
        (["-f", "pipelines.py", "-m", "pipelines"], ["one of the three"]),
        (["-f", "pipelines.py", "-w", "workspace.yaml"], ["one of the three"]),
        (["-w", "workspce.yaml"], ["no workspace file workspce.yaml"]),
        (["-a", "counting"], ["give -f or -m too"]),
        (["-m", "pipeline_s"], ["No module named 'pipeline_s'", "looked in:"]),
    ],
)
def test_each_mistake_is_told_with_its_mend(
    folder: Path, arguments: list[str], parts: list[str]
) -> None:
    message = refusal(*arguments)

    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("solids: [unclosed\n", "line 2"),
        ("- a\n- list\n", "must hold sections (a dict), not a list"),
        ("solids: {}\nsolids: {}\n", "'solids' stands here a second time"),
        ("just text\n", "not a str"),
    ],
)
def test_a_config_file_of_another_form_is_told_by_its_path(
    folder: Path, text: str, part: str
) -> None:
    (folder / "bad.yaml").write_text(text)

    message = refusal(*COUNTING, "-c", "bad.yaml")

    assert "bad.yaml" in message
    assert part in message


def test_a_typo_in_dagster_yaml_is_told_by_its_path(folder: Path, home: Path) -> None:
    home.mkdir()
    (home / "dagster.yaml").write_text("run_storag: {module: a, class: B}\n")

    message = refusal(*COUNTING, home=home)

    assert "dagster.yaml" in message
    assert "Did you mean 'run_storage'?" in message
    assert sorted(path.name for path in home.iterdir()) == ["dagster.yaml"]


def test_the_home_of_another_program_is_left_as_it_was(folder: Path, home: Path) -> None:
    import sqlite3

    (home / "history").mkdir(parents=True)
    with sqlite3.connect(home / "history" / "runs.db") as connection:
        connection.execute("create table bookmarks (url text)")
    connection.close()
    before = (home / "history" / "runs.db").read_bytes()

    message = refusal(*COUNTING, home=home)

    assert "runs.db" in message
    assert (home / "history" / "runs.db").read_bytes() == before


def test_a_relative_home_is_refused(folder: Path) -> None:
    assert "absolute path" in refusal(*COUNTING, home=Path("home"))
