"""Where text goes: a terminal with its width and colors, or a pipe without."""

from __future__ import annotations

import os
import sys
from typing import TextIO

from rich.console import Console
from rich.theme import Theme

_PIPE_WIDTH = 100_000
"""Nothing is wrapped or cut on its way to a file or another program."""

#: Colors by meaning, from the terminal's own palette, so that they suit dark and light ones.
_THEME = Theme(
    {
        "good": "green",
        "bad": "bold red",
        "odd": "yellow",
        "quiet": "dim",
        "name": "bold",
        "place": "cyan",
    }
)


def screen(file: TextIO | None = None, width: int | None = None) -> Console:
    """Return a console on a file.

    What is printed is taken as it stands: nothing in it is read as markup, emoji or numbers.

    Args:
        file: The file (default: standard output as it is now).
        width: Its width in characters (default: the terminal's; without end where there is none).
    """
    file = file or sys.stdout
    if width is None and not is_terminal(file):
        width = _PIPE_WIDTH
    return Console(file=file, width=width, theme=_THEME, markup=False, emoji=False, highlight=False)


def is_terminal(file: TextIO) -> bool:
    """Return whether a person reads what is written there."""
    return not file.closed and file.isatty()


def can_redraw(file: TextIO) -> bool:
    """Return whether a display can be drawn over again there, and is wanted in color."""
    is_dumb = os.environ.get("TERM", "dumb").lower() in {"dumb", "unknown", ""}
    return is_terminal(file) and not is_dumb and "NO_COLOR" not in os.environ


def signs(file: TextIO) -> dict[str, str]:
    """Return the signs for how a step ended, in ASCII where the file takes no other."""
    encoding = (getattr(file, "encoding", None) or "ascii").lower().replace("-", "")
    return _SIGNS if encoding.startswith("utf") else _ASCII_SIGNS


_SIGNS = {"good": "✓", "bad": "✗", "odd": "↷", "runs": "▸", "full": "━", "empty": "╌"}
_ASCII_SIGNS = {"good": "+", "bad": "x", "odd": "-", "runs": ">", "full": "#", "empty": "."}
