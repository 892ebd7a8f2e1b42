"""Presets: a named run config, mode and selection of a pipeline."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from glob import glob
from importlib import resources
from typing import Any

import yaml

from dagsterlite.config.yaml_document import parse_yaml, yaml_problem
from dagsterlite.definitions.arguments import list_of
from dagsterlite.definitions.mode import DEFAULT_MODE
from dagsterlite.definitions.naming import check_label, check_tags
from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)


@dataclass(frozen=True, init=False)
class PresetDefinition:
    """A run config, a mode and a selection of solids under one name (seed 004).

    Args:
        name: The name of this preset. Must be unique in the presets of a pipeline.
        run_config: The config to set with the preset.
        solid_selection: A list of solid subselection (including single solid names) to execute
            with the preset, e.g. ``['*some_solid+', 'other_solid']``.
        mode: The mode to apply when executing this preset (default: ``default``).
        tags: The tags to apply when executing this preset.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: a tag's value is not JSON-able.
    """

    name: str
    run_config: Mapping[str, Any] = field(default_factory=dict)
    solid_selection: tuple[str, ...] | None = None
    mode: str = DEFAULT_MODE
    tags: Mapping[str, str] = field(default_factory=dict)

    def __init__(
        self,
        name: str,
        run_config: Mapping[str, Any] | None = None,
        solid_selection: Sequence[str] | None = None,
        mode: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> None:
        owner = f"preset '{name}'"
        if run_config is not None and not isinstance(run_config, Mapping):
            raise ParameterCheckError(owner, "run_config", "a dict", run_config)
        object.__setattr__(self, "name", check_label("preset", name))
        object.__setattr__(self, "run_config", copy.deepcopy(dict(run_config or {})))
        selection = tuple(list_of(owner, "solid_selection", solid_selection, str))
        object.__setattr__(self, "solid_selection", None if solid_selection is None else selection)
        if mode is not None and not isinstance(mode, str):
            raise ParameterCheckError(owner, "mode", "the name of a mode", mode)
        object.__setattr__(self, "mode", mode or DEFAULT_MODE)
        object.__setattr__(self, "tags", check_tags(owner, tags))

    @staticmethod
    def from_files(
        name: str,
        config_files: Iterable[str] | None = None,
        solid_selection: Sequence[str] | None = None,
        mode: str | None = None,
        tags: Mapping[str, Any] | None = None,
        *,
        environment_files: Iterable[str] | None = None,
    ) -> PresetDefinition:
        """Return a preset whose run config is read from YAML files, later over earlier.

        Dicts are merged, key by key; any other value takes the place of the earlier one.

        Args:
            name: The preset's name.
            config_files: Paths or globs; the files of a glob come in the order of their names.
            solid_selection: The selection of solids.
            mode: The mode.
            tags: The tags.
            environment_files: An older name of ``config_files``.

        Raises:
            CheckError: an argument is of the wrong type, or both names of the files are given.
            DagsterInvalidDefinitionError: a path or glob leads to no file.
            DagsterInvariantViolationError: a file cannot be read, or is no YAML mapping.
        """
        owner = f"preset '{name}'"
        if config_files is not None and environment_files is not None:
            message = (
                f"{owner}: arguments 'config_files' and 'environment_files' are two names of one "
                "argument: give one of them."
            )
            raise CheckError(message)
        given = environment_files if config_files is None else config_files
        patterns = list_of(owner, "config_files", given, str)
        texts = [text for pattern in patterns for text in _read_all(name, pattern)]
        return _from_texts(name, texts, solid_selection, mode, tags)

    @staticmethod
    def from_yaml_strings(
        name: str,
        yaml_strings: Iterable[str] | None = None,
        solid_selection: Sequence[str] | None = None,
        mode: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> PresetDefinition:
        """Return a preset whose run config is read from YAML texts, later over earlier.

        Args:
            name: The preset's name.
            yaml_strings: The texts, merged as :meth:`from_files` merges files.
            solid_selection: The selection of solids.
            mode: The mode.
            tags: The tags.

        Raises:
            CheckError: an argument is of the wrong type.
            DagsterInvariantViolationError: a text is no YAML mapping.
        """
        given = list_of(f"preset '{name}'", "yaml_strings", yaml_strings, str)
        texts = [(f"YAML string {number}", text) for number, text in enumerate(given, 1)]
        return _from_texts(name, texts, solid_selection, mode, tags)

    from_yaml = from_yaml_strings

    @staticmethod
    def from_pkg_resources(
        name: str,
        pkg_resource_defs: Iterable[tuple[str, str]] | None = None,
        solid_selection: Sequence[str] | None = None,
        mode: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> PresetDefinition:
        """Return a preset whose run config is read from files inside Python packages.

        Args:
            name: The preset's name.
            pkg_resource_defs: Pairs of package and file name, merged as :meth:`from_files` does.
            solid_selection: The selection of solids.
            mode: The mode.
            tags: The tags.

        Raises:
            CheckError: an argument is of the wrong type.
            DagsterInvariantViolationError: a file is missing or is no YAML mapping.
        """
        owner = f"preset '{name}'"
        pairs = list_of(owner, "pkg_resource_defs", pkg_resource_defs, tuple)
        for pair in pairs:
            if [type(part) for part in pair] != [str, str]:
                expected = "a list of pairs of package and file name"
                raise ParameterCheckError(owner, "pkg_resource_defs", expected, pair)
        texts = [_read_resource(name, *pair) for pair in pairs]
        return _from_texts(name, texts, solid_selection, mode, tags)

    def get_environment_yaml(self) -> str:
        """Return the run config as YAML."""
        text: str = yaml.safe_dump(dict(self.run_config), default_flow_style=False)
        return text

    def with_additional_config(self, run_config: Mapping[str, Any] | None) -> PresetDefinition:
        """Return a preset with ``run_config`` merged over this one's.

        Raises:
            CheckError: ``run_config`` is no dict.
        """
        if run_config is not None and not isinstance(run_config, Mapping):
            owner = f"preset '{self.name}'"
            raise ParameterCheckError(owner, "run_config", "a dict", run_config)
        changed = merge_config(self.run_config, run_config or {})
        return PresetDefinition(self.name, changed, self.solid_selection, self.mode, self.tags)


def file_relative_path(dunderfile: str, relative_path: str) -> str:
    """Return the path of a file that stands beside a file of Python, wherever that is run from.

    ::

        PresetDefinition.from_files("dev", [file_relative_path(__file__, "config/dev.yaml")])

    Args:
        dunderfile: The ``__file__`` of the module that asks.
        relative_path: The way from its folder; may be a glob.

    Raises:
        CheckError: an argument is no text.
    """
    for argument, value in (("dunderfile", dunderfile), ("relative_path", relative_path)):
        if not isinstance(value, str):
            raise ParameterCheckError("file_relative_path", argument, "a text", value)
    return os.path.join(os.path.dirname(dunderfile), relative_path)


def merge_config(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` merged in: mappings merge, other values are replaced."""
    merged = dict(base)
    for key, value in over.items():
        present = merged.get(key)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        merged[key] = merge_config(present, value) if both and present else value
    return merged


def _read_all(name: str, pattern: str) -> list[tuple[str, str]]:
    paths = sorted(glob(pattern, recursive=True))
    if not paths:
        message = (
            f"preset '{name}': file or glob pattern '{pattern}' of config_files leads to no file "
            f"(the working directory is {os.getcwd()})."
        )
        raise DagsterInvalidDefinitionError(message)
    return [(path, _read(name, path)) for path in paths]


def _read(name: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as exc:
        message = f"preset '{name}': cannot read {path} of config_files as text: {exc}."
        raise DagsterInvariantViolationError(message) from exc


def _read_resource(name: str, package: str, file_name: str) -> tuple[str, str]:
    try:
        text = resources.files(package).joinpath(file_name).read_text(encoding="utf-8")
    except (ModuleNotFoundError, OSError, UnicodeDecodeError) as exc:
        message = f"preset '{name}': package '{package}' has no file '{file_name}': {exc}."
        raise DagsterInvariantViolationError(message) from exc
    return f"{package}/{file_name}", text


def _from_texts(
    name: str,
    texts: Iterable[tuple[str, str]],
    solid_selection: Sequence[str] | None,
    mode: str | None,
    tags: Mapping[str, Any] | None,
) -> PresetDefinition:
    run_config: dict[str, Any] = {}
    for source, text in texts:
        run_config = merge_config(run_config, _parse(name, source, text))
    return PresetDefinition(name, run_config, solid_selection, mode, tags)


def _parse(name: str, source: str, text: str) -> Mapping[str, Any]:
    try:
        data = parse_yaml(text)
    except yaml.YAMLError as exc:
        place, problem = yaml_problem(exc)
        message = f"preset '{name}': {source}{place} is no YAML: {problem}."
        raise DagsterInvariantViolationError(message) from exc
    if data is None:
        return {}
    if not isinstance(data, dict):
        message = f"preset '{name}': {source} must hold a mapping, not {type(data).__name__}."
        raise DagsterInvariantViolationError(message)
    return data
