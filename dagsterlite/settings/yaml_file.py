"""A settings file as Python data."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml

from dagsterlite.errors import DagsterSettingsError


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would let the last one win and say nothing."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                problem = f"the key '{key.value}' stands here a second time"
                raise yaml.MarkedYAMLError(None, None, problem, key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: str) -> dict[str, Any]:
    """Return the dict that the file holds; an empty file, or none, holds none.

    Raises:
        DagsterSettingsError: the file cannot be read, is not YAML (the message names the line), or
            does not hold a dict.
    """
    try:
        with open(path, "rb") as file:
            content = yaml.load(file, _UniqueKeys)  # noqa: S506 - derived from the safe loader
    except FileNotFoundError:
        return {}
    except yaml.MarkedYAMLError as exc:
        raise DagsterSettingsError(_not_yaml(path, exc)) from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise DagsterSettingsError(f"{path} cannot be read as YAML: {exc}") from exc
    if content is None:
        return {}
    if not isinstance(content, dict):
        found = type(content).__name__
        raise DagsterSettingsError(f"{path} must hold sections (a dict), not a {found}.")
    return content


def _not_yaml(path: str, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    what = ", ".join(part for part in (error.context, error.problem) if part)
    return f"{path}{place}: not valid YAML: {what}."
