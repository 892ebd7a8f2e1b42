"""A settings file as Python data."""

from __future__ import annotations

from typing import Any

import yaml

from dagsterlite.config.yaml_document import parse_yaml, yaml_problem
from dagsterlite.errors import DagsterSettingsError


def read_yaml(path: str) -> dict[str, Any]:
    """Return the dict that the file holds; an empty file, or none, holds none.

    Raises:
        DagsterSettingsError: the file cannot be read, is not YAML (the message names the line), or
            does not hold a dict.
    """
    try:
        with open(path, "rb") as file:
            content = parse_yaml(file)
    except FileNotFoundError:
        return {}
    except yaml.MarkedYAMLError as exc:
        place, problem = yaml_problem(exc)
        raise DagsterSettingsError(f"{path}{place}: not valid YAML: {problem}.") from exc
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise DagsterSettingsError(f"{path} cannot be read as YAML: {exc}") from exc
    if content is None:
        return {}
    if not isinstance(content, dict):
        found = type(content).__name__
        raise DagsterSettingsError(f"{path} must hold sections (a dict), not a {found}.")
    return content
