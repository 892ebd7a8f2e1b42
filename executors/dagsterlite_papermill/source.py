"""The notebook of a step: a file where it was written, a text where it travels to."""

from __future__ import annotations

import json
import os
from typing import Any

from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError

_PYTHON = "python"


class NotebookSource:
    """A notebook that is read anew for each run; sent to another process, it takes its text along.

    Args:
        owner: What it belongs to, for messages.
        path: The file.
        text: What is in it, where the file itself is elsewhere.

    Raises:
        ParameterCheckError: the path is none.
        DagsterInvalidDefinitionError: there is no such file, or it is no notebook in Python.
    """

    def __init__(self, owner: str, path: str | os.PathLike[str], text: str | None = None) -> None:
        if not isinstance(path, (str, os.PathLike)):
            raise ParameterCheckError(owner, "notebook_path", "a path", path)
        self.owner = owner
        self.path = os.path.abspath(path)
        self._text = text
        self.cells()

    def __reduce__(self) -> tuple[Any, ...]:
        return NotebookSource, (self.owner, self.path, self.text())

    def text(self) -> str:
        """Return what is in the notebook now.

        Raises:
            DagsterInvalidDefinitionError: the file cannot be read.
        """
        if self._text is not None:
            return self._text
        try:
            with open(self.path, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as exc:
            message = f"{self.owner}: the notebook {self.path} cannot be read: {exc}."
            raise DagsterInvalidDefinitionError(message) from exc

    def cells(self) -> dict[str, Any]:
        """Return the notebook as data.

        Raises:
            DagsterInvalidDefinitionError: the file cannot be read, or is no notebook in Python.
        """
        try:
            found = json.loads(self.text())
        except ValueError:
            found = None
        if not isinstance(found, dict) or not isinstance(found.get("cells"), list):
            message = (
                f"{self.owner}: {self.path} is no notebook (.ipynb, version 4 of the format). Save "
                "it anew from Jupyter."
            )
            raise DagsterInvalidDefinitionError(message)
        language = found.get("metadata", {}).get("kernelspec", {}).get("language", _PYTHON)
        if language != _PYTHON:
            message = f"{self.owner}: {self.path} is in {language}; only Python can be a step."
            raise DagsterInvalidDefinitionError(message)
        return found

    @property
    def name(self) -> str:
        """The file's name."""
        return os.path.basename(self.path)

    @property
    def folder(self) -> str | None:
        """The folder that the notebook's own paths are relative to; None where it is elsewhere."""
        folder = os.path.dirname(self.path)
        return folder if os.path.isdir(folder) else None
