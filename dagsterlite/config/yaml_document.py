"""Documents of config in YAML."""

from __future__ import annotations

from collections.abc import Hashable
from typing import IO, Any

import yaml


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


def parse_yaml(document: str | bytes | IO[bytes]) -> Any:
    """Return what a document holds; None for an empty one.

    Raises:
        YAMLError: it is no YAML, or a key stands twice in one mapping.
    """
    return yaml.load(document, _UniqueKeys)  # noqa: S506 - derived from the safe loader


def yaml_problem(error: yaml.YAMLError) -> tuple[str, str]:
    """Return where a document is wrong, ``, line 2, column 1`` if that is known, and what is."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return "", str(error)
    mark = error.problem_mark or error.context_mark
    place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return place, ", ".join(part for part in (error.context, error.problem) if part)
