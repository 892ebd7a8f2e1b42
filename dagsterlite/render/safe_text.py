"""Text that users wrote, made harmless for a terminal and for a line of a log.

Names and messages may hold line ends, escape sequences that move the cursor, or bytes that were no
text at all. They are shown as what they are, and do nothing.
"""

from __future__ import annotations

import unicodedata

from dagsterlite.handles import COMPUTE

_JOINERS = "\u200c\u200d"
"""Invisible too, but part of how words of some scripts, and some signs, are written."""


def one_line(text: str) -> str:
    """Return a text on one line: line ends and control characters become visible escapes."""
    return text if text.isprintable() else "".join(_visible(char) for char in text)


def lines_of(text: str) -> list[str]:
    """Return a text's lines, control characters made visible, tabs as four blanks."""
    return [one_line(line.expandtabs(4)) for line in text.rstrip("\n").split("\n")]


def first_line(text: str, width: int = 200) -> str:
    """Return the first line of a text that is not blank, cut at a width."""
    line = next((line for line in text.strip().split("\n") if line.strip()), "")
    return cut(one_line(line.strip()), width)


def cut(text: str, width: int) -> str:
    """Return at most ``width`` characters of a text; an ellipsis stands for the rest."""
    return text if len(text) <= width else f"{text[: max(0, width - 1)]}…"


def shown_key(step_key: str) -> str:
    """Return a step's key as people call the step: ``a`` for ``a.compute``."""
    return step_key.replace(f".{COMPUTE}", "", 1)


def _visible(char: str) -> str:
    # Cc: control; Cf: invisible, may turn the direction of writing; Cs: half of a character.
    if char not in _JOINERS and unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}:
        return char.encode("unicode_escape").decode()
    return char
