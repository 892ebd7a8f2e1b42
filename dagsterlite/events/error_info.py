"""An exception as data: what is kept of it in events and shown to people."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from dagsterlite.errors import DagsterUserCodeExecutionError
from dagsterlite.serdes import serializable

_CORE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_INNERMOST_FRAMES = 50


@serializable("SerializableErrorInfo")
@dataclass(frozen=True)
class SerializableErrorInfo:
    """An exception's message, traceback and cause as text (seed 003)."""

    #: The exception's last traceback line, e.g. ``ValueError: no rows``, with a line end.
    message: str
    #: Traceback entries as :func:`traceback.format_tb` writes them, outermost first.
    stack: list[str] = field(default_factory=list)
    cls_name: str | None = None
    cause: SerializableErrorInfo | None = None

    def to_string(self) -> str:
        """Return the error as Python prints one: traceback, message, then its cause."""
        stack = f"Stack Trace:\n{''.join(self.stack)}" if self.stack else ""
        if self.cause is None:
            return f"{self.message}{stack}"
        cause = self.cause.to_string()
        return f"{self.message}{stack}\nThe above exception was caused by:\n{cause}"

    def __str__(self) -> str:
        return self.to_string()

    @property
    def innermost(self) -> SerializableErrorInfo:
        """The error at the end of the chain of causes: usually the user's own."""
        return self.cause.innermost if self.cause else self


def error_info_from_exception(exc: BaseException) -> SerializableErrorInfo:
    """Return what is kept of ``exc``: of its traceback, the frames outside the framework.

    When the framework itself is at fault no such frame may be left; then all are kept.
    """
    cause = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
    return SerializableErrorInfo(
        message="".join(traceback.format_exception_only(exc)),
        stack=_user_frames(exc),
        cls_name=type(exc).__name__,
        cause=error_info_from_exception(cause) if cause is not None else None,
    )


def serializable_error_info_from_exc_info(exc_info: Any) -> SerializableErrorInfo:
    """Return what is kept of the exception in a ``sys.exc_info()`` triple."""
    return error_info_from_exception(exc_info[1])


def _user_frames(exc: BaseException) -> list[str]:
    frames = list(_frames(exc.__traceback__))
    if isinstance(exc, DagsterUserCodeExecutionError):
        return []
    outside = [text for filename, text in frames if not filename.startswith(_CORE)]
    return (outside or [text for _, text in frames])[-_INNERMOST_FRAMES:]


def _frames(tb: TracebackType | None) -> Iterator[tuple[str, str]]:
    summaries = traceback.extract_tb(tb)
    for summary, text in zip(summaries, summaries.format(), strict=True):
        yield os.path.abspath(summary.filename), text
