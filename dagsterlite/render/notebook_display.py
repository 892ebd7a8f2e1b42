"""A run shown in the cell of a notebook that executes it, drawn over again as it goes on."""

from __future__ import annotations

import contextvars
import logging
import sys
import threading
import time
from collections import deque
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Protocol, Self

from dagsterlite.events.engine import ClusterJoined, EngineEventData
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.events.payloads import StepFailureData, StepRetryData, StepSuccessData
from dagsterlite.render.event_lines import line_of_entry
from dagsterlite.render.live_html import LiveView, LoggedLine, WorkerShare, live_html, live_text
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.safe_text import shown_key
from dagsterlite.runs import DagsterRun

REDRAW_SECONDS: Final = 0.4
"""How long the cell stands as it is while the run goes on."""

IDLE_SECONDS: Final = 2.0
"""The same while nothing happens but that time goes by."""

_LINES: Final = 8
_ALARMS: Final = 20

_TOLD_ELSEWHERE: Final = frozenset(
    {
        DagsterEventType.STEP_FAILURE,
        DagsterEventType.PIPELINE_FAILURE,
        DagsterEventType.PIPELINE_INIT_FAILURE,
    }
)
"""What failed stands above the lines that were logged, for as long as the display does."""


class Canvas(Protocol):
    """A place in a cell's output."""

    def draw(self, bundle: dict[str, str]) -> None:
        """Show a text of several mime types, in place of what was shown before."""


class CellCanvas(Canvas):
    """A place in the output of the cell that runs now."""

    def __init__(self) -> None:
        self._handle: Any = None

    def draw(self, bundle: dict[str, str]) -> None:
        from IPython.display import DisplayHandle

        if self._handle is None:
            make: Any = DisplayHandle
            self._handle = make()
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)


def display_in_notebook(run: DagsterRun, total: int) -> NotebookDisplay | None:
    """Return what shows a run in this notebook's cell; None where this is no notebook.

    Args:
        run: The run.
        total: How many steps it will execute, as far as the plan tells.
    """
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return NotebookDisplay(run, total, CellCanvas()) if hasattr(shell, "kernel") else None


class NotebookDisplay:
    """Shows a run from the entries of its event log; a context manager, open while it goes on.

    Args:
        run: The run.
        total: How many steps it will execute, as far as the plan tells.
        canvas: Where it is shown.
    """

    def __init__(self, run: DagsterRun, total: int, canvas: Canvas) -> None:
        self._progress = RunProgress(run, total, time.time())
        self._canvas = canvas
        self._lock = threading.Lock()
        self._cluster: ClusterJoined | None = None
        self._workers: dict[str, WorkerShare] = {}
        self._lines: deque[LoggedLine] = deque(maxlen=_LINES)
        self._alarms: deque[LoggedLine] = deque(maxlen=_ALARMS)
        self._line_count = 0
        self._news = threading.Event()
        self._ending = threading.Event()
        # Output goes to the cell that the context belongs to.
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._loop,), name="notebook-display", daemon=True
        )

    def __enter__(self) -> Self:
        self._draw()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()
        self._draw()

    def take(self, entry: EventLogEntry) -> None:
        """Take up an entry of the run's event log."""
        event = entry.dagster_event
        if _is_line(entry):
            self._log(entry)
        if event is not None:
            self._progress.take(event, entry.timestamp)
            self._note(event)
        self._news.set()

    def _log(self, entry: EventLogEntry) -> None:
        told = line_of_entry(entry)
        is_alarm = entry.level >= logging.WARNING
        level = logging.getLevelName(entry.level) if is_alarm else ""
        parts = (shown_key(told.step_key), level, told.text)
        with self._lock:
            self._line_count += 1
            line = LoggedLine(self._line_count, "  ".join(filter(None, parts)), is_alarm)
            (self._alarms if is_alarm else self._lines).append(line)

    def _note(self, event: DagsterEvent) -> None:
        match event.event_specific_data:
            case EngineEventData(detail=ClusterJoined() as cluster):
                self._cluster = cluster
            case (
                StepSuccessData(metrics=StepMetrics(worker=worker) as metrics)
                | StepFailureData(metrics=StepMetrics(worker=worker) as metrics)
                | StepRetryData(metrics=StepMetrics(worker=worker) as metrics)
            ) if worker:
                self._count(worker, metrics.wall_seconds)

    def _count(self, worker: str, seconds: float) -> None:
        with self._lock:
            share = self._workers.get(worker, WorkerShare())
            self._workers[worker] = replace(
                share, steps=share.steps + 1, seconds=share.seconds + seconds
            )

    def view(self) -> LiveView:
        """Return the run as it stands now."""
        with self._lock:
            workers = dict(self._workers)
            logged = sorted((*self._alarms, *self._lines), key=lambda line: line.number)
        return LiveView(
            progress=self._progress.view(),
            now=time.time(),
            cluster=self._cluster,
            workers=workers,
            logged=tuple(logged),
        )

    def _loop(self) -> None:
        idle_since = time.monotonic()
        while not self._ending.wait(REDRAW_SECONDS):
            if self._news.is_set() or time.monotonic() - idle_since >= IDLE_SECONDS:
                self._draw()
                idle_since = time.monotonic()

    def _draw(self) -> None:
        self._news.clear()
        view = self.view()
        self._canvas.draw({"text/html": live_html(view), "text/plain": live_text(view)})


def _is_line(entry: EventLogEntry) -> bool:
    """Return whether an entry is a line of the log to show: a message, or trouble of any kind."""
    event = entry.dagster_event
    if event is None:
        return entry.level >= logging.INFO
    return entry.level >= logging.WARNING and event.event_type not in _TOLD_ELSEWHERE
