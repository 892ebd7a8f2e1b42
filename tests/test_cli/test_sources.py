"""Where pipelines come from when neither -f nor -m says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from dagsterlite.cli.sources import PythonFile, PythonModule, configured_sources
from dagsterlite.errors import DagsterSettingsError
from tests.test_cli.command import invoke


def test_workspace_yaml_names_files_and_modules_in_short_and_at_length(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").write_text(
        """
load_from:
  - python_file: a.py
  - python_file: {relative_path: sub/b.py, attribute: make}
  - python_module: c.d
  - python_module: {module_name: e, attribute: all}
  - python_file: {relative_path: sub/f.py, working_directory: lib}
  - python_module: {module_name: g, working_directory: /absolute}
  - python_package: h
  - python_package: {package_name: i.j, attribute: repo}
"""
    )

    assert configured_sources(str(tmp_path)) == [
        PythonFile(str(tmp_path / "a.py")),
        PythonFile(str(tmp_path / "sub" / "b.py"), "make"),
        PythonModule("c.d"),
        PythonModule("e", "all"),
        PythonFile(str(tmp_path / "sub" / "f.py"), None, str(tmp_path / "lib")),
        PythonModule("g", None, "/absolute"),
        PythonModule("h"),
        PythonModule("i.j", "repo"),
    ]


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ('python_module = "a.b"', PythonModule("a.b")),
        ('python_module = "a.b"\nattribute = "x"', PythonModule("a.b", "x")),
        ('python_package = "a"\nworking_directory = "/w"', PythonModule("a", None, "/w")),
    ],
)
def test_pyproject_toml_names_one(tmp_path: Path, text: str, source: object) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.dagsterlite]\n{text}\n")

    assert configured_sources(str(tmp_path)) == [source]


def test_workspace_yaml_counts_before_pyproject_toml(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").write_text("load_from: [{python_module: a}]")
    (tmp_path / "pyproject.toml").write_text('[tool.dagsterlite]\npython_module = "b"\n')

    assert configured_sources(str(tmp_path)) == [PythonModule("a")]


@pytest.mark.parametrize("text", ["", "[tool.other]\nx = 1\n", "[project]\nname = 'x'\n"])
def test_a_project_of_others_names_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)

    assert configured_sources(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("file", "text", "part"),
    [
        ("workspace.yaml", "", "load_from"),
        ("workspace.yaml", "load_from: []", "names nothing"),
        ("workspace.yaml", "load_form: []", "Did you mean 'load_from'?"),
        ("workspace.yaml", "load_from: [{python_fil: a}]", "Did you mean 'python_file'?"),
        ("workspace.yaml", "load_from: [{python_file: {path: a}}]", "relative_path"),
        ("workspace.yaml", "load_from: [{python_file: 3}]", "at path load_from[0].python_file"),
        ("workspace.yaml", "load_from: [", "line 1"),
        ("pyproject.toml", "[tool.dagsterlite]\npython_fil = 'a'", "Did you mean 'python_file'?"),
        ("pyproject.toml", "[tool.dagsterlite]\nattribute = 'a'", "must name one"),
        (
            "pyproject.toml",
            "[tool.dagsterlite]\npython_file = 'a'\npython_module = 'b'",
            "must name one",
        ),
        ("pyproject.toml", "[tool.dagsterlite", "cannot be read as TOML"),
    ],
)
def test_wrong_settings_are_told_by_file_and_path(
    tmp_path: Path, file: str, text: str, part: str
) -> None:
    (tmp_path / file).write_text(text)

    with pytest.raises(DagsterSettingsError) as caught:
        configured_sources(str(tmp_path))

    assert file in str(caught.value)
    assert part in str(caught.value)


def test_without_any_the_message_shows_both_ways(folder: Path) -> None:
    result = invoke("pipeline", "list")

    assert result.exit_code == 2
    assert "-f my_pipelines.py" in result.stderr
    assert "workspace.yaml" in result.stderr
    assert "[tool.dagsterlite]" in result.stderr


def test_a_workspace_file_may_be_named_from_elsewhere_several_times(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    for name, attribute in (("a", "counting"), ("b", "breaking")):
        entry = f"{{relative_path: ../pipelines.py, attribute: {attribute}}}"
        (folder / "elsewhere" / f"{name}.yaml").write_text(f"load_from: [{{python_file: {entry}}}]")

    result = invoke("pipeline", "list", "-w", "elsewhere/a.yaml", "-w", "elsewhere/b.yaml")

    assert [line.split()[0] for line in result.stdout.splitlines()] == ["counting", "breaking"]
    assert "-w" in invoke("pipeline", "list", "-w", "elsewhere/a.yaml", "-m", "x").stderr


def test_a_workspace_serves_every_command(folder: Path) -> None:
    (folder / "workspace.yaml").write_text("load_from: [{python_file: pipelines.py}]")

    listed = invoke("pipeline", "list").stdout

    assert [line.split()[0] for line in listed.splitlines()] == ["counting", "breaking", "moded"]
    assert invoke("pipeline", "execute", "counting").exit_code == 0
    assert invoke("pipeline", "print", "counting").exit_code == 0
