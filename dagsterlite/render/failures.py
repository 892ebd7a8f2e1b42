"""Errors as people read them: the user's own traceback, as Python prints one."""

from __future__ import annotations

from collections.abc import Iterator

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.render.safe_text import cut, lines_of

_BECAUSE = "The above exception was the direct cause of the following exception:"
_IMPORTING = '  File "<frozen importlib'
_HEADLINE_WIDTH = 300


def traceback_lines(error: SerializableErrorInfo) -> list[str]:
    """Return an error's traceback, causes first; wrappings of the framework are left out."""
    lines: list[str] = []
    for info in reversed(_chain(error)):
        if lines:
            lines += ["", _BECAUSE, ""]
        frames = [frame for frame in info.stack if not frame.startswith(_IMPORTING)]
        if frames:
            lines.append("Traceback (most recent call last):")
            lines += lines_of("".join(frames))
        lines += lines_of(info.message)
    return lines


def headline(error: SerializableErrorInfo) -> str:
    """Return what was raised, in one line."""
    lines = [line.strip() for line in lines_of(_chain(error)[0].message)]
    return cut(" ".join(line for line in lines if line), _HEADLINE_WIDTH)


def _chain(error: SerializableErrorInfo) -> list[SerializableErrorInfo]:
    """Return an error and its causes without what the framework wrapped around user code's."""
    chain = list(_causes(error))
    # A wrapper says which step failed, and that stands beside the error; it has no frames.
    while len(chain) > 1 and not chain[0].stack:
        chain = chain[1:]
    return chain


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause
