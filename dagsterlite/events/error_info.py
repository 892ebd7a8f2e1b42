"""An exception as data: what is kept of it in events and shown to people."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from dagsterlite.errors import (
    DagsterError,
    DagsterExecutionStepExecutionError,
    DagsterUserCodeExecutionError,
    HookExecutionError,
    type_name,
)
from dagsterlite.plugins import PLUGINS
from dagsterlite.serdes import serializable

_OURS = {path.partition(".")[0] for path in (__name__, *(p.path for p in PLUGINS.values()))}
"""The packages whose frames a user need not see: the core and its shelves."""

_DEMO = "dagsterlite.demo"
"""A user's pipeline like any other, though it comes with us."""

_BETWEEN_OURS = "contextlib"
"""The module by which our frames call one another: it tells nothing of an error of ours."""

_WRAPPERS = {cls.__name__ for cls in DagsterUserCodeExecutionError.__subclasses__()}
"""What is wrapped around users' errors. It says where they arose, and has no frames."""

_SAID_BESIDE = {DagsterExecutionStepExecutionError.__name__, HookExecutionError.__name__}
"""The wrappers that say no more than the event that holds them: which step, which hook."""

# An error is kept in the event log and shown to people: however big it is, this much of it.
_MESSAGE_WIDTH = 10_000
_FRAME_WIDTH = 2_000
_OUTERMOST_FRAMES = 10
_INNERMOST_FRAMES = 40
_FIRST_CAUSES = 10
_LAST_CAUSES = 10
_MEMBERS = 10


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

    @property
    def is_wrapper(self) -> bool:
        """Whether it says no more than where its cause, a user's error, arose."""
        return self.cause is not None and self.cls_name in _WRAPPERS

    @property
    def unwrapped(self) -> SerializableErrorInfo:
        """The error without the wrapper that says which step or hook it arose in."""
        if self.cause is None or self.cls_name not in _SAID_BESIDE:
            return self
        return self.cause.unwrapped

    @property
    def reason(self) -> str:
        """What was raised, without a line end; of what a wrapper names, also what arose there."""
        told = self.unwrapped
        message = told.message.strip()
        return f"{message}: {told.cause.reason}" if told.is_wrapper and told.cause else message


def error_info_from_exception(exc: BaseException) -> SerializableErrorInfo:
    """Return what is kept of ``exc``: of its traceback, the frames outside the framework.

    When the framework itself broke no such frame may be left; then all are kept, but not of
    what an error of the framework tells in its own words. Long messages, tracebacks and chains
    of causes are cut, and say so.
    """
    chain = list(_chain(exc))
    left_out = len(chain) - _FIRST_CAUSES - _LAST_CAUSES
    if left_out <= 0:
        infos = _without_causes(chain)
    else:
        gap = SerializableErrorInfo(f"({left_out} further causes are left out here)\n")
        infos = _without_causes(chain[:_FIRST_CAUSES])
        infos += [gap, *_without_causes(chain[-_LAST_CAUSES:])]
    info = infos.pop()
    for outer in reversed(infos):
        info = replace(outer, cause=info)
    return info


def serializable_error_info_from_exc_info(exc_info: Any) -> SerializableErrorInfo:
    """Return what is kept of the exception in a ``sys.exc_info()`` triple."""
    return error_info_from_exception(exc_info[1])


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception, what caused it, and so on; user code can tie a chain into a circle."""
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        yield exc
        if exc.__cause__ is not None or exc.__suppress_context__:
            exc = exc.__cause__
        else:
            exc = exc.__context__


def _without_causes(chain: list[BaseException]) -> list[SerializableErrorInfo]:
    infos = []
    is_worded = False
    for exc in chain:
        is_worded = is_worded or isinstance(exc, DagsterError)
        infos.append(
            SerializableErrorInfo(_message(exc), _stack(exc, is_worded), type(exc).__name__)
        )
    return infos


def _message(exc: BaseException) -> str:
    text = _last_lines(exc)
    if isinstance(exc, BaseExceptionGroup):
        text += "".join(f"  | {_last_lines(member)}" for member in exc.exceptions[:_MEMBERS])
    return _cut(text, _MESSAGE_WIDTH)


def _last_lines(exc: BaseException) -> str:
    if isinstance(exc, SyntaxError):
        return _syntax_error(exc)
    # Not by the traceback module: it would format the whole chain of causes for each error in it.
    text = _text(exc)
    lines = [f"{type_name(exc)}: {text}" if text else type_name(exc)]
    lines += [_text(note) for note in getattr(exc, "__notes__", ())]
    return "\n".join(lines) + "\n"


def _syntax_error(exc: SyntaxError) -> str:
    try:
        return "".join(traceback.format_exception_only(exc))
    except Exception:  # noqa: BLE001 - a user's subclass may raise wherever it is asked
        return f"{type_name(exc)}: {_text(exc.msg)}\n"


def _text(value: object) -> str:
    try:
        return str(value)
    except (Exception, SystemExit):  # noqa: BLE001 - user code may raise anything
        return f"(a {type_name(value)} that cannot be shown)"


def _stack(exc: BaseException, is_worded: bool) -> list[str]:
    """Return the frames that are kept of an exception; ``is_worded`` by an error of ours."""
    if isinstance(exc, DagsterUserCodeExecutionError):
        return []
    frames = list(_frames(exc.__traceback__))
    outside = [tb for tb in frames if not _is_ours(tb)]
    if isinstance(exc, DagsterError):
        outside = [tb for tb in outside if _module(tb) != _BETWEEN_OURS]
    # An error of ours is worded for its reader: our frames would tell nothing more.
    kept = outside or ([] if is_worded else frames)
    left_out = len(kept) - _OUTERMOST_FRAMES - _INNERMOST_FRAMES
    if left_out <= 0:
        return [_frame(tb) for tb in kept]
    outer = [_frame(tb) for tb in kept[:_OUTERMOST_FRAMES]]
    inner = [_frame(tb) for tb in kept[-_INNERMOST_FRAMES:]]
    return [*outer, f"  ({left_out} frames are left out here)\n", *inner]


def _frames(tb: TracebackType | None) -> Iterator[TracebackType]:
    while tb is not None:
        yield tb
        tb = tb.tb_next


def _is_ours(tb: TracebackType) -> bool:
    module = _module(tb)
    return not module.startswith(_DEMO) and module.partition(".")[0] in _OURS


def _module(tb: TracebackType) -> str:
    name = tb.tb_frame.f_globals.get("__name__")
    return name if isinstance(name, str) else ""


def _frame(tb: TracebackType) -> str:
    try:
        text = "".join(traceback.extract_tb(tb, limit=1).format())
    except Exception:  # noqa: BLE001 - the source may be gone, or be no text
        code = tb.tb_frame.f_code
        text = f'  File "{code.co_filename}", line {tb.tb_lineno}, in {code.co_name}\n'
    return _cut(text, _FRAME_WIDTH)


def _cut(text: str, width: int) -> str:
    """Return at most ``width`` characters of a text, all of which can be written as UTF-8."""
    left_out = len(text) - width
    if left_out > 0:
        text = f"{text[:width]}… ({left_out} more characters)\n"
    return text.encode("utf-8", "backslashreplace").decode()
