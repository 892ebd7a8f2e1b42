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

from dagsterlite.definitions.mode import DEFAULT_MODE
from dagsterlite.definitions.naming import check_label, check_tags
from dagsterlite.errors import (
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
        if isinstance(solid_selection, str):
            expected = "a list of names or selection queries"
            raise ParameterCheckError(owner, "solid_selection", expected, solid_selection)
        selection = None if solid_selection is None else tuple(solid_selection)
        object.__setattr__(self, "solid_selection", selection)
        object.__setattr__(self, "mode", mode or DEFAULT_MODE)
        object.__setattr__(self, "tags", check_tags(owner, tags))

    @staticmethod
    def from_files(
        name: str,
        config_files: Iterable[str] | None = None,
        solid_selection: Sequence[str] | None = None,
        mode: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> PresetDefinition:
        """Return a preset whose run config is read from YAML files, later over earlier.

        Args:
            name: The preset's name.
            config_files: Paths or globs.
            solid_selection: The selection of solids.
            mode: The mode.
            tags: The tags.

        Raises:
            DagsterInvalidDefinitionError: a path or glob leads to no file.
            DagsterInvariantViolationError: a file cannot be read, or is no YAML mapping.
        """
        if isinstance(config_files, str):
            raise ParameterCheckError(f"preset '{name}'", "config_files", "a list", config_files)
        texts = [text for pattern in config_files or () for text in _read_all(name, pattern)]
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

        Raises:
            DagsterInvariantViolationError: a text is no YAML mapping.
        """
        texts = [("a YAML string", text) for text in yaml_strings or ()]
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
            pkg_resource_defs: Pairs of package and file name.
            solid_selection: The selection of solids.
            mode: The mode.
            tags: The tags.

        Raises:
            DagsterInvariantViolationError: a file is missing or is no YAML mapping.
        """
        texts = [_read_resource(name, *pair) for pair in pkg_resource_defs or ()]
        return _from_texts(name, texts, solid_selection, mode, tags)

    def get_environment_yaml(self) -> str:
        """Return the run config as YAML."""
        text: str = yaml.safe_dump(dict(self.run_config), default_flow_style=False)
        return text

    def with_additional_config(self, run_config: Mapping[str, Any] | None) -> PresetDefinition:
        """Return a preset with ``run_config`` merged over this one's."""
        changed = merge_config(self.run_config, run_config or {})
        return PresetDefinition(self.name, changed, self.solid_selection, self.mode, self.tags)


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
        data = yaml.safe_load(text)
    except yaml.YAMLError as exc:
        message = f"preset '{name}': {source} is no YAML: {exc}"
        raise DagsterInvariantViolationError(message) from exc
    if data is None:
        return {}
    if not isinstance(data, dict):
        message = f"preset '{name}': {source} must hold a mapping, not {type(data).__name__}."
        raise DagsterInvariantViolationError(message)
    return data
