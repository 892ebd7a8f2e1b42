"""Where the command line finds pipelines: a file or a module, named on it or in a settings file."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

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
    #: The folder that it imports from; by default its own.
    working_directory: str | None = None

    @property
    def folder(self) -> str:
        """The folder that it imports from."""
        return self.working_directory or os.path.dirname(self.path) or "."

    def __str__(self) -> str:
        return os.path.relpath(self.path)


@dataclass(frozen=True)
class PythonModule:
    """A module or package that can be imported."""

    name: str
    attribute: str | None = None
    #: A folder that it is looked for in first.
    working_directory: str | None = None

    @property
    def folder(self) -> str | None:
        """The folder that it is looked for in first, if there is one."""
        return self.working_directory

    def __str__(self) -> str:
        return self.name


Source = PythonFile | PythonModule


_NAMED_BY: Final = {
    "python_file": "relative_path",
    "python_module": "module_name",
    "python_package": "package_name",
}
"""For each kind of source, the field that names it."""

_OPTIONS: Final = {
    name: Field(String, is_required=False) for name in ("attribute", "working_directory")
}
_ENTRY: Final = Selector(
    {
        kind: ScalarUnion(String, {name: Field(String), **_OPTIONS})
        for kind, name in _NAMED_BY.items()
    }
)
_WORKSPACE_SCHEMA: Final = Shape({"load_from": Field(Array(_ENTRY))})
_TABLE_SCHEMA: Final = Shape(
    {kind: Field(String, is_required=False) for kind in _NAMED_BY} | _OPTIONS
)


def configured_sources(folder: str) -> list[Source]:
    """Return the sources that a folder's settings name; none where it has no settings.

    ``workspace.yaml`` counts before ``pyproject.toml``.

    Raises:
        DagsterSettingsError: the settings are wrong; the message names the file and path.
    """
    workspace = os.path.join(folder, WORKSPACE)
    if os.path.exists(workspace):
        return read_workspace(workspace)
    return _from_pyproject(folder, os.path.join(folder, PYPROJECT))


def read_workspace(file: str) -> list[Source]:
    """Return the sources that a workspace file names; their paths start from its folder.

    Raises:
        DagsterSettingsError: the file is not there or wrong; the message names it and the path.
    """
    if not os.path.isfile(file):
        message = f"There is no workspace file {file} (the working directory is {os.getcwd()})."
        raise DagsterSettingsError(message)
    folder, name = os.path.split(file)
    entries = _checked(_WORKSPACE_SCHEMA, read_yaml(file), name)["load_from"]
    sources = [_source(folder, kind, value) for entry in entries for kind, value in entry.items()]
    if not sources:
        message = f"{name}: load_from: names nothing. Add `- python_file: my_pipelines.py`."
        raise DagsterSettingsError(message)
    return sources


def _source(folder: str, kind: str, value: str | Mapping[str, Any]) -> Source:
    given = {_NAMED_BY[kind]: value} if isinstance(value, str) else value
    name, attribute = given[_NAMED_BY[kind]], given.get("attribute")
    working_directory = given.get("working_directory")
    if working_directory is not None:
        working_directory = os.path.join(folder, working_directory)
    if kind == "python_file":
        return PythonFile(os.path.join(folder, name), attribute, working_directory)
    return PythonModule(name, attribute, working_directory)


def _from_pyproject(folder: str, file: str) -> list[Source]:
    table = _read_table(file)
    if table is None:
        return []
    given = _checked(_TABLE_SCHEMA, table, f"{PYPROJECT}: {TABLE}")
    kinds = [kind for kind in _NAMED_BY if kind in given]
    if len(kinds) != 1:
        message = (
            f"{PYPROJECT}: {TABLE}: must name one python_file, python_module or python_package."
        )
        raise DagsterSettingsError(message)
    (kind,) = kinds
    return [_source(folder, kind, {**given, _NAMED_BY[kind]: given[kind]})]


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
