"""Run config that is read from YAML: files, texts, and files inside Python packages.

Dicts are merged, later over earlier, key by key; any other value replaces the earlier one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from glob import glob
from importlib import resources
from typing import Any

import yaml

from dagsterlite.config.yaml_document import parse_yaml, yaml_problem
from dagsterlite.definitions.arguments import list_of
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
)


def config_from_files(
    config_files: Iterable[str], owner: str = "config_from_files"
) -> dict[str, Any]:
    """Return the run config that YAML files hold.

    ::

        @job(config=config_from_files([file_relative_path(__file__, "config/dev.yaml")]))
        def nightly(): ...

    Args:
        config_files: Paths or globs; the files of a glob come in the order of their names.
        owner: What asks for it, for messages.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: a path or glob leads to no file.
        DagsterInvariantViolationError: a file cannot be read, or is no YAML mapping.
    """
    patterns = list_of(owner, "config_files", config_files, str)
    return _merged(owner, [text for pattern in patterns for text in _read_all(owner, pattern)])


def config_from_yaml_strings(
    yaml_strings: Iterable[str], owner: str = "config_from_yaml_strings"
) -> dict[str, Any]:
    """Return the run config that YAML texts hold.

    Args:
        yaml_strings: The texts.
        owner: What asks for it, for messages.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvariantViolationError: a text is no YAML mapping.
    """
    given = list_of(owner, "yaml_strings", yaml_strings, str)
    return _merged(owner, [(f"YAML string {n}", text) for n, text in enumerate(given, 1)])


def config_from_pkg_resources(
    pkg_resource_defs: Iterable[tuple[str, str]], owner: str = "config_from_pkg_resources"
) -> dict[str, Any]:
    """Return the run config that files inside Python packages hold.

    Args:
        pkg_resource_defs: Pairs of package and file name.
        owner: What asks for it, for messages.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvariantViolationError: a file is missing or is no YAML mapping.
    """
    pairs = list_of(owner, "pkg_resource_defs", pkg_resource_defs, tuple)
    for pair in pairs:
        if [type(part) for part in pair] != [str, str]:
            expected = "a list of pairs of package and file name"
            raise ParameterCheckError(owner, "pkg_resource_defs", expected, pair)
    return _merged(owner, [_read_resource(owner, *pair) for pair in pairs])


def merge_config(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` merged in: mappings merge, other values are replaced."""
    merged = dict(base)
    for key, value in over.items():
        present = merged.get(key)
        both = isinstance(present, Mapping) and isinstance(value, Mapping)
        merged[key] = merge_config(present, value) if both and present else value
    return merged


def _read_all(owner: str, pattern: str) -> list[tuple[str, str]]:
    paths = sorted(glob(pattern, recursive=True))
    if not paths:
        message = (
            f"{owner}: file or glob pattern '{pattern}' of config_files leads to no file "
            f"(the working directory is {os.getcwd()})."
        )
        raise DagsterInvalidDefinitionError(message)
    return [(path, _read(owner, path)) for path in paths]


def _read(owner: str, path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as exc:
        message = f"{owner}: cannot read {path} of config_files as text: {exc}."
        raise DagsterInvariantViolationError(message) from exc


def _read_resource(owner: str, package: str, file_name: str) -> tuple[str, str]:
    try:
        text = resources.files(package).joinpath(file_name).read_text(encoding="utf-8")
    except (ModuleNotFoundError, OSError, UnicodeDecodeError) as exc:
        message = f"{owner}: package '{package}' has no file '{file_name}': {exc}."
        raise DagsterInvariantViolationError(message) from exc
    return f"{package}/{file_name}", text


def _merged(owner: str, texts: Iterable[tuple[str, str]]) -> dict[str, Any]:
    run_config: dict[str, Any] = {}
    for source, text in texts:
        run_config = merge_config(run_config, _parse(owner, source, text))
    return run_config


def _parse(owner: str, source: str, text: str) -> Mapping[str, Any]:
    try:
        data = parse_yaml(text)
    except yaml.YAMLError as exc:
        place, problem = yaml_problem(exc)
        message = f"{owner}: {source}{place} is no YAML: {problem}."
        raise DagsterInvariantViolationError(message) from exc
    if data is None:
        return {}
    if not isinstance(data, dict):
        message = f"{owner}: {source} must hold a mapping, not {type(data).__name__}."
        raise DagsterInvariantViolationError(message)
    return data
