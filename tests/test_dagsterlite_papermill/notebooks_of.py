"""Notebooks to run as steps."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import nbformat


def notebook(folder: Path, *cells: str, parameters: str = "", name: str = "work.ipynb") -> Path:
    """Write a notebook of these cells, the parameters first, and return its path."""
    made: Any = nbformat.v4.new_notebook()
    new_cell: Any = nbformat.v4.new_code_cell
    if parameters:
        made.cells.append(new_cell(textwrap.dedent(parameters), metadata={"tags": ["parameters"]}))
    made.cells += [new_cell(textwrap.dedent(cell).strip()) for cell in cells]
    path = folder / name
    write: Any = nbformat.write
    write(made, str(path))
    return path
