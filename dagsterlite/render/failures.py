"""Errors as people read them: the user's own traceback, as Python prints one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dagsterlite import errors
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.render.safe_text import cut, lines_of

_BECAUSE = "The above exception was the direct cause of the following exception:"
_IMPORTING = '  File "<frozen importlib'
_OF_A_LIBRARY = re.compile(
    r'  File "[^"]*[/\\](?:(?:site|dist)-packages|lib[/\\]python3[.\d]*)[/\\]'
)
_HEADLINE_WIDTH = 300


def traceback_lines(error: SerializableErrorInfo) -> list[str]:
    """Return an error's traceback, causes first.

    Left out is what says only which step or hook it arose in, and, of what caused an error that
    the framework words itself, what arose in libraries alone.
    """
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
    lines = [line.strip() for line in lines_of(error.reason)]
    return cut(" ".join(line for line in lines if line), _HEADLINE_WIDTH)


def _chain(error: SerializableErrorInfo) -> list[SerializableErrorInfo]:
    """Return an error and its causes without what tells its reader nothing more."""
    first, *causes = _causes(error.unwrapped)
    if _is_worded(first):
        causes = [cause for cause in causes if _is_worded(cause) or _has_frames_of_users(cause)]
    return [first, *causes]


def _is_worded(error: SerializableErrorInfo) -> bool:
    """Return whether an error is one of ours, and tells in its own words what caused it."""
    return error.message.startswith(f"{errors.__name__}.") and not error.is_wrapper


def _has_frames_of_users(error: SerializableErrorInfo) -> bool:
    return error.is_wrapper or not all(_OF_A_LIBRARY.match(frame) for frame in error.stack)


def _causes(error: SerializableErrorInfo | None) -> Iterator[SerializableErrorInfo]:
    while error is not None:
        yield error
        error = error.cause
