"""Keeping what a step writes to standard output and error, while its own code runs."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from dagsterlite.compute_logs import ComputeLogManager, LogKey
from dagsterlite.events.event import DagsterEvent
from dagsterlite.standard_streams import Capture


@dataclass(frozen=True, kw_only=True)
class Course:
    """How far something has come that is captured."""

    #: What is still to come of it, for whoever goes on with it in whichever thread.
    rest: Generator[DagsterEvent, None, Any] | None = None


R = TypeVar("R", bound=Course)

_logger = logging.getLogger(__name__)


def captured(
    course: Generator[DagsterEvent, None, R],
    manager: ComputeLogManager,
    log_key: LogKey,
    *,
    below_python: bool,
) -> Generator[DagsterEvent, None, R]:
    """Let an attempt take its course, and keep what is written meanwhile.

    What whoever reads the events writes in between is not the step's. Where something cannot be
    kept, the process's log tells it; no step fails by that. What the attempt leaves to be done
    later is captured as well.

    Args:
        course: The attempt.
        manager: Keeps it.
        log_key: What it is kept by.
        below_python: Whether what C code and subprocesses write is kept as well.
    """
    if not manager.keeps_anything:
        return (yield from course)
    stack = ExitStack()
    capture: Capture | None = None
    with _losses_told(log_key):
        capture = stack.enter_context(manager.open_capture(log_key, below_python=below_python))
    if capture is None:
        return (yield from course)
    is_over = True
    try:
        result = yield from _routed(course, capture)
        if result.rest is not None:
            rest = _to_its_end(_routed(result.rest, capture), stack, log_key)
            result, is_over = replace(result, rest=rest), False
        return result
    finally:
        if is_over:
            with _losses_told(log_key):
                stack.close()


def _to_its_end(
    course: Generator[DagsterEvent, None, R], stack: ExitStack, log_key: LogKey
) -> Generator[DagsterEvent, None, R]:
    try:
        return (yield from course)
    finally:
        with _losses_told(log_key):
            stack.close()


def _routed(
    course: Generator[DagsterEvent, None, R], capture: Capture
) -> Generator[DagsterEvent, None, R]:
    try:
        while True:
            token = capture.enter()
            try:
                event = next(course)
            except StopIteration as end:
                result: R = end.value
                return result
            finally:
                capture.leave(token)
            yield event
    finally:
        with capture.routed():
            course.close()


@contextmanager
def _losses_told(log_key: LogKey) -> Iterator[None]:
    try:
        yield
    except Exception:
        run_id, step_key, *_ = log_key
        text = "Not all that step '%s' of run %s wrote to stdout and stderr was kept."
        _logger.warning(text, step_key, run_id, exc_info=True)
