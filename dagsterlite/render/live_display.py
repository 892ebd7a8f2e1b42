"""The display of a run on a terminal: a few lines at its foot that are drawn over again."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.text import Text

from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.fold import StepState, StepStats
from dagsterlite.render.display import RunDisplay
from dagsterlite.render.event_lines import is_worth_telling, line_of_event
from dagsterlite.render.foreign_output import ForeignOutput
from dagsterlite.render.progress import Progress, RunningStep, RunProgress
from dagsterlite.render.safe_text import one_line
from dagsterlite.render.screen import signs
from dagsterlite.render.times import span

_REDRAWS_A_SECOND = 8

_MANY_STEPS = 100
"""Above that a line for each step would hide what is worth seeing."""

_RUNNING_SHOWN = 8
_BAR = 24

_ENDS = {StepState.SUCCESS: "good", StepState.FAILURE: "bad", StepState.SKIPPED: "odd"}


class ProgressLines:
    """The lines at the foot, drawn from the progress at the moment of drawing."""

    def __init__(self, progress: RunProgress, signs: dict[str, str]) -> None:
        self._progress = progress
        self._signs = signs

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now = time.time()
        view = self._progress.view()
        room = max(0, min(_RUNNING_SHOWN, console.height - 5))
        lines = [_title(view), self._counts(view, now)]
        if view.waits_for:
            lines.append(Text(f"  waits for {one_line(view.waits_for)}", "odd"))
        lines += [self._running(step, now) for step in view.running[:room]]
        left_out = len(view.running) - room
        if left_out > 0:
            lines.append(Text(f"  … {left_out} more running", "quiet"))
        for line in lines:
            line.no_wrap = True
            line.overflow = "ellipsis"
        yield Group(*lines)

    def _counts(self, view: Progress, now: float) -> Text:
        full = _BAR * view.finished // view.total if view.total else _BAR
        text = Text(self._signs["full"] * full, "bad" if view.failed else "good")
        text.append(self._signs["empty"] * (_BAR - full), "quiet")
        text.append(f"  {view.finished}/{view.total} steps", "name")
        counts = view.counts
        for number, what, style in (
            (len(view.running), "running", "place"),
            (counts[StepState.FAILURE], "failed", "bad"),
            (counts[StepState.SKIPPED], "skipped", "odd"),
            (counts[StepState.ABANDONED], "not run", "odd"),
            (counts[StepState.WAITING_FOR_RETRY], "wait for a retry", "odd"),
        ):
            if number:
                text.append(f"  {number} {what}", style)
        rate = view.rate(now)
        if rate is not None:
            text.append(f"  {rate:.1f}/s", "quiet")
        return text.append(f"  {span(view.elapsed(now))}", "quiet")

    def _running(self, step: RunningStep, now: float) -> Text:
        text = Text(f"  {self._signs['runs']} ", "place")
        text.append(one_line(step.step_key))
        text.append(f"  {span(now - step.since)}", "quiet")
        return text.append(f"  attempt {step.attempt}" if step.attempt > 1 else "", "odd")


def _title(view: Progress) -> Text:
    text = Text(one_line(view.run.pipeline_name), "name")
    text.append(f"  run {one_line(view.run.run_id[:8])}  mode {one_line(view.run.mode)}", "quiet")
    return text.append("  canceling …" if view.is_canceling else "", "odd")


class LiveDisplay(RunDisplay):
    """Draws the progress at the foot of the terminal that is standard output.

    What steps print and log appears above it, as do the ends of steps, where these are not too
    many to read.
    """

    def __init__(self, progress: RunProgress) -> None:
        self._foreign = ForeignOutput(self._print)
        super().__init__(progress, self._foreign.terminal)
        self._signs = signs(self._foreign.terminal)
        self._live = Live(
            ProgressLines(progress, self._signs),
            console=self.console,
            refresh_per_second=_REDRAWS_A_SECOND,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> Self:
        self._foreign.start()
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._foreign.stop()
        self._live.stop()

    def take(self, event: DagsterEvent, now: float) -> None:
        step = self.progress.take(event, now)
        line = self._end_of_step(event, step) or self._remark(event)
        if line is not None:
            self._foreign.drain()
            self._print(line)

    def _end_of_step(self, event: DagsterEvent, step: StepStats | None) -> Text | None:
        is_end = event.is_step_success or event.is_step_failure or event.is_step_skipped
        if step is None or not is_end:
            return None
        style = _ENDS[step.state]
        if style == "good" and self._has_many_steps:
            return None
        text = Text(f"{self._signs[style]} ", style).append(one_line(step.step_key))
        text.append(f"  {span(step.seconds)}", "quiet")
        what = "" if style == "good" else f"  {line_of_event(event).text}"
        return text.append(what, style)

    def _remark(self, event: DagsterEvent) -> Text | None:
        line = line_of_event(event)
        is_odd = line.style in {"bad", "odd"} and not event.is_pipeline_event
        is_news = event.is_step_materialization and not self._has_many_steps
        if not is_worth_telling(event) or not (is_odd or is_news):
            return None
        sign = self._signs.get(line.style, " ")
        text = Text(f"{sign} ", line.style).append(f"{line.step_key}  {line.text}")
        if not is_odd:
            text.truncate(self.console.width, overflow="ellipsis")
        return text

    @property
    def _has_many_steps(self) -> bool:
        return self.progress.total > _MANY_STEPS
