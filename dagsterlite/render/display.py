"""What a person sees while a run goes on: plain lines, or a display that is drawn over again."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self, TextIO

from rich.text import Text

from dagsterlite.events.event import DagsterEvent
from dagsterlite.render.event_lines import is_worth_telling, line_of_event
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.screen import screen
from dagsterlite.render.summary import summary_lines


class RunDisplay(ABC):
    """Shows a run from its events; a context manager, open while the run goes on.

    Args:
        progress: Takes up the events.
        file: Where the run is shown.
    """

    def __init__(self, progress: RunProgress, file: TextIO) -> None:
        self.progress = progress
        self.console = screen(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return

    @abstractmethod
    def take(self, event: DagsterEvent, now: float) -> None:
        """Show an event that happened at unix seconds ``now``."""

    def show_summary(self) -> None:
        """Show how the run ended."""
        self._print(Text(""))
        for line in summary_lines(self.progress.view(), time.time()):
            self._print(line)

    def _print(self, line: Text) -> None:
        self.console.print(line, soft_wrap=True)


class LineDisplay(RunDisplay):
    """Writes a plain line for each event worth telling."""

    def __init__(self, progress: RunProgress, file: TextIO) -> None:
        super().__init__(progress, file)
        self._file = file

    def take(self, event: DagsterEvent, now: float) -> None:
        self.progress.take(event, now)
        if is_worth_telling(event):
            # Not by way of the console, which would take longer than a short step does.
            self._file.write(f"{line_of_event(event).plain(now)}\n")
            self._file.flush()
