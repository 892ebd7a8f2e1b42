"""The notebook as the kernel gets it: a cell with its parameters, a cell at its end. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

PARAMETERS_TAG: Final = "parameters"
INJECTED_TAG: Final = "injected-parameters"
LEAVE_TAG: Final = "dagsterlite-leave"

_LITERAL_WIDTH: Final = 200
_NUMBERS: Final = (bool, int, float)


def prepared(
    notebook: Mapping[str, Any], inputs: Mapping[str, Any], config: Sequence[str], whole: str | None
) -> dict[str, Any]:
    """Return a notebook with the cells that a run adds to it.

    Args:
        notebook: As it was written.
        inputs: The values of its inputs by name.
        config: The fields of its config that become variables.
        whole: The variable that the config as a whole becomes, if it is no dict.
    """
    made = copy.deepcopy(dict(notebook))
    cells: list[dict[str, Any]] = made["cells"]
    cells[:] = [cell for cell in cells if not is_injected(cell)]
    for cell in cells:
        if cell.get("cell_type") == "code":
            cell["outputs"], cell["execution_count"] = [], None
    at = next((n + 1 for n, cell in enumerate(cells) if PARAMETERS_TAG in _tags(cell)), 0)
    cells.insert(at, _cell(parameters(inputs, config, whole), INJECTED_TAG))
    cells.append(_cell("dagsterlite_papermill.inside.leave_step()", LEAVE_TAG))
    return made


def is_injected(cell: Mapping[str, Any]) -> bool:
    """Return whether a run put a cell into a notebook."""
    return INJECTED_TAG in _tags(cell)


def without_leaving(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return an executed notebook without the cell at its end."""
    cells = [cell for cell in notebook["cells"] if LEAVE_TAG not in _tags(cell)]
    return {**notebook, "cells": cells}


def parameters(inputs: Mapping[str, Any], config: Sequence[str], whole: str | None) -> str:
    """Return the code that gives a notebook its parameters.

    Small plain inputs stand in it for its readers. Config never does: it may hold secrets.
    """
    lines = [
        "# What the run gives to this notebook.",
        "import dagsterlite_papermill",
        "",
        "context = dagsterlite_papermill.get_context()",
    ]
    for name, value in inputs.items():
        shown = repr(value) if is_plain(value) else ""
        is_short = 0 < len(shown) <= _LITERAL_WIDTH
        lines.append(f"{name} = {shown if is_short else f'context.inputs[{name!r}]'}")
    lines += [f"{name} = context.solid_config.get({name!r})" for name in config]
    if whole is not None:
        lines.append(f"{whole} = context.solid_config")
    return "\n".join(lines)


def is_plain(value: Any) -> bool:
    """Return whether Python reads a value as it is written."""
    match value:
        case None | str():
            return True
        case float():
            return type(value) is float and value - value == 0
        case list():
            return type(value) is list and all(map(is_plain, value))
        case dict():
            return type(value) is dict and all(map(is_plain, [*value, *value.values()]))
        case _:
            return type(value) in _NUMBERS


def _tags(cell: Mapping[str, Any]) -> Sequence[str]:
    tags: Sequence[str] = cell.get("metadata", {}).get("tags", ())
    return tags


def _cell(source: str, tag: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": tag,
        "metadata": {"tags": [tag]},
        "outputs": [],
        "source": source,
    }
