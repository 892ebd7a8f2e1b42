"""Presets: a named run config, mode and selection of a pipeline."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from dagsterlite.definitions.arguments import list_of
from dagsterlite.definitions.config_files import (
    config_from_files,
    config_from_pkg_resources,
    config_from_yaml_strings,
    merge_config,
)
from dagsterlite.definitions.mode import DEFAULT_MODE
from dagsterlite.definitions.naming import check_label, check_tags
from dagsterlite.errors import CheckError, ParameterCheckError


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
        """Return a preset whose run config is read from YAML files.

        Dicts are merged, later over earlier, key by key; any other value takes the place of the
        earlier one.

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
        run_config = config_from_files(given or (), owner)
        return PresetDefinition(name, run_config, solid_selection, mode, tags)

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
        run_config = config_from_yaml_strings(yaml_strings or (), f"preset '{name}'")
        return PresetDefinition(name, run_config, solid_selection, mode, tags)

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
        run_config = config_from_pkg_resources(pkg_resource_defs or (), f"preset '{name}'")
        return PresetDefinition(name, run_config, solid_selection, mode, tags)

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
