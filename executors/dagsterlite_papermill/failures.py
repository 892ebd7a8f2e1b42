"""What a notebook's step fails of."""

from __future__ import annotations

from dagsterlite.errors import DagsterError


class NotebookError(DagsterError):
    """A notebook did not come to its end; a retry policy holds as for any code of the user's."""

    @property
    def is_user_code_error(self) -> bool:
        return True


class NotebookCellError(NotebookError):
    """A cell of a notebook raised; the message holds the cell and its traceback.

    Args:
        path: The notebook.
        number: The cell, counted from 1 among those with code; 0 for what a run puts before.
        source: The cell's code.
        headline: What it raised, in one line.
        traceback: The traceback, as Python prints one.
    """

    def __init__(self, path: str, number: int, source: str, headline: str, traceback: str) -> None:
        self.path = path
        self.number = number
        self.source = source
        self.headline = headline
        code = indented(source)
        super().__init__(
            f"code cell {number} of {path} raised {headline}\n\n{code}\n\n{traceback}".rstrip()
        )


class NotebookKernelError(NotebookError):
    """A notebook's kernel could not be started, or ended before the notebook did.

    The message names the cell that ran then, and ends with what the kernel said last.
    """


def indented(source: str) -> str:
    """Return a cell's code as it stands in a message."""
    return "\n".join(f"    {line}" for line in source.splitlines())
