"""Run config and tags as the command line is given them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from glob import glob
from typing import Any

import click

from dagsterlite.definitions.config_files import merge_config
from dagsterlite.errors import near
from dagsterlite.settings.yaml_file import read_yaml


def read_run_config(patterns: Sequence[str]) -> dict[str, Any] | None:
    """Return the run config of YAML files, later merged over earlier; None where none are named.

    Args:
        patterns: Paths or globs; the files of a glob come in the order of their names.

    Raises:
        BadParameter: a path or glob leads to no file.
        DagsterSettingsError: a file cannot be read, is no YAML, or holds no dict.
    """
    if not patterns:
        return None
    merged: dict[str, Any] = {}
    for path in [path for pattern in patterns for path in _files(pattern)]:
        merged = merge_config(merged, read_yaml(path))
    return merged


def _files(pattern: str) -> list[str]:
    paths = [pattern] if os.path.exists(pattern) else sorted(glob(pattern, recursive=True))
    if not paths:
        folder, name = os.path.split(pattern)
        beside = os.listdir(folder or ".") if os.path.isdir(folder or ".") else []
        message = (
            f"'{pattern}' leads to no file (the working directory is {os.getcwd()})."
            f"{near(name, beside)}"
        )
        raise click.BadParameter(message, param_hint="'-c'")
    return paths


def read_tags(
    _ctx: click.Context, _parameter: click.Parameter, text: str | None
) -> dict[str, Any] | None:
    """Return the tags that a text of JSON holds; the callback of ``--tags``.

    Raises:
        BadParameter: the text is no JSON object.
    """
    if text is None:
        return None
    expected = """Expected a JSON object, e.g. '{"team": "growth"}'."""
    try:
        tags = json.loads(text)
    except ValueError as exc:
        raise click.BadParameter(f"{text!r} is no JSON: {exc}. {expected}") from exc
    if not isinstance(tags, dict):
        raise click.BadParameter(f"{text!r} is a {type(tags).__name__}. {expected}")
    return tags


def read_selection(
    _ctx: click.Context, _parameter: click.Parameter, texts: Sequence[str]
) -> list[str] | None:
    """Return the queries of a selection, or None; the callback of ``-s``."""
    queries = [query.strip() for text in texts for query in text.split(",")]
    return [query for query in queries if query] if texts else None
