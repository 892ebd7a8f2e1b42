"""Where the command line finds pipelines: a file or a module, named on it or in a settings file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagsterlite.config import Field, Selector, Shape, String, resolve_config
from dagsterlite.config.container import Array, ScalarUnion
from dagsterlite.errors import DagsterSettingsError
from dagsterlite.settings.yaml_file import read_yaml

WORKSPACE = "workspace.yaml"
PYPROJECT = "pyproject.toml"
TABLE = "tool.dagsterlite"

NOTHING_NAMED = f"""\
Where are the pipelines? Name a file or a module:

    dagsterlite pipeline … -f my_pipelines.py
    dagsterlite pipeline … -m my_package.pipelines

or name it once for this folder, in {WORKSPACE}:

    load_from:
      - python_file: my_pipelines.py

or in {PYPROJECT}:

    [{TABLE}]
    python_file = "my_pipelines.py"
"""


@dataclass(frozen=True)
class PythonFile:
    """A file of Python."""

    path: str
    attribute: str | None = None

    def __str__(self) -> str:
        return os.path.relpath(self.path)


@dataclass(frozen=True)
class PythonModule:
    """A module that can be imported."""

    name: str
    attribute: str | None = None

    def __str__(self) -> str:
        return self.name


Source = PythonFile | PythonModule


def _entry(name: str) -> ScalarUnion:
    return ScalarUnion(String, {name: Field(String), "attribute": Field(String, is_required=False)})


_ENTRY = Selector({"python_file": _entry("relative_path"), "python_module": _entry("module_name")})
_WORKSPACE_SCHEMA = Shape({"load_from": Field(Array(_ENTRY))})
_TABLE_SCHEMA = Shape(
    {
        name: Field(String, is_required=False)
        for name in ("python_file", "python_module", "attribute")
    }
)


def configured_sources(folder: str) -> list[Source]:
    """Return the sources that a folder's settings name; none where it has no settings.

    ``workspace.yaml`` counts before ``pyproject.toml``.

    Raises:
        DagsterSettingsError: the settings are wrong; the message names the file and path.
    """
    workspace = os.path.join(folder, WORKSPACE)
    if os.path.exists(workspace):
        return _from_workspace(folder, workspace)
    return _from_pyproject(folder, os.path.join(folder, PYPROJECT))


def _from_workspace(folder: str, file: str) -> list[Source]:
    entries = _checked(_WORKSPACE_SCHEMA, read_yaml(file), WORKSPACE)["load_from"]
    sources = [_source(folder, kind, value) for entry in entries for kind, value in entry.items()]
    if not sources:
        message = f"{WORKSPACE}: load_from: names nothing. Add `- python_file: my_pipelines.py`."
        raise DagsterSettingsError(message)
    return sources


def _source(folder: str, kind: str, value: str | Mapping[str, Any]) -> Source:
    if isinstance(value, str):
        value = {"relative_path": value, "module_name": value}
    if kind == "python_module":
        return PythonModule(value["module_name"], value.get("attribute"))
    return PythonFile(os.path.join(folder, value["relative_path"]), value.get("attribute"))


def _from_pyproject(folder: str, file: str) -> list[Source]:
    table = _read_table(file)
    if table is None:
        return []
    given = _checked(_TABLE_SCHEMA, table, f"{PYPROJECT}: {TABLE}")
    kinds = [kind for kind in ("python_file", "python_module") if kind in given]
    if len(kinds) != 1:
        message = f"{PYPROJECT}: {TABLE}: must name one python_file or one python_module."
        raise DagsterSettingsError(message)
    attribute = given.get("attribute")
    if kinds == ["python_module"]:
        return [PythonModule(given["python_module"], attribute)]
    return [PythonFile(os.path.join(folder, given["python_file"]), attribute)]


def _read_table(file: str) -> Any:
    try:
        with open(file, "rb") as stream:
            return tomllib.load(stream).get("tool", {}).get("dagsterlite")
    except FileNotFoundError:
        return None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        raise DagsterSettingsError(f"{file} cannot be read as TOML: {exc}.") from exc


def _checked(schema: Shape, value: object, place: str) -> Any:
    evaluation = resolve_config(schema, value, root=place)
    if evaluation.success:
        return evaluation.value
    lines = [f"{place}: {error.message}" for error in evaluation.errors]
    raise DagsterSettingsError("\n".join(lines))
