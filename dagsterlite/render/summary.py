"""How a run ended, in a few lines: the counts, then what failed and why."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from dagsterlite.errors import DagsterExecutionInterruptedError
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.fold import StepState, StepStats
from dagsterlite.render.failures import headline, traceback_lines
from dagsterlite.render.progress import Progress
from dagsterlite.render.safe_text import one_line
from dagsterlite.render.times import span
from dagsterlite.runs import DagsterRunStatus

_TRACEBACKS = 5
_NAMES = 20

_STYLES = {
    DagsterRunStatus.SUCCESS: "good",
    DagsterRunStatus.FAILURE: "bad",
    DagsterRunStatus.CANCELED: "odd",
}


def summary_lines(progress: Progress, now: float) -> Iterator[Text]:
    """Yield the lines that stand at the end of a run."""
    status = progress.status
    word = status.value if status else "NOT STARTED"
    head = Text(word, _STYLES.get(status, "quiet") if status else "quiet")
    head.append(f"  {one_line(progress.run.pipeline_name)}", "name")
    head.append(f"  {counts_text(progress)} in {span(progress.elapsed(now))}", "")
    yield head
    yield from _failures(progress)
    if progress.error is not None and status is not DagsterRunStatus.CANCELED:
        yield Text("")
        yield from _indented(progress.error)


def counts_text(progress: Progress) -> str:
    """Return how many steps came to which end; only what there is."""
    counts = progress.counts
    parts = [f"{counts[StepState.SUCCESS]} of {progress.total} steps succeeded"]
    unfinished = progress.total - progress.finished
    off = progress.expectations_failed
    hooks = progress.hooks_errored
    interrupted = sum(map(was_interrupted, progress.failed))
    for number, what in (
        (counts[StepState.FAILURE] - interrupted, "failed"),
        (interrupted, "interrupted"),
        (counts[StepState.SKIPPED], "skipped"),
        (counts[StepState.ABANDONED] + (unfinished if progress.end_time else 0), "not run"),
        (off, f"expectation{'s' * (off > 1)} failed"),
        (hooks, f"hook{'s' * (hooks > 1)} raised"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return ", ".join(parts)


def was_interrupted(step: StepStats) -> bool:
    """Return whether a step that did not succeed was stopped because its run was."""
    error = step.error
    return (
        error is not None and error.innermost.cls_name == DagsterExecutionInterruptedError.__name__
    )


def _failures(progress: Progress) -> Iterator[Text]:
    failed = [step for step in progress.failed if not was_interrupted(step)]
    for step in failed[:_TRACEBACKS]:
        yield Text("")
        yield _failed(step)
        if step.error is not None:
            yield from _indented(step.error)
    others = failed[_TRACEBACKS:]
    if others:
        yield Text("")
    for step in others[:_NAMES]:
        reason = f": {headline(step.error)}" if step.error else ""
        yield _failed(step).append(reason)
    if len(others) > _NAMES:
        yield Text(f"… and {len(others) - _NAMES} more failed steps", "bad")


def _failed(step: StepStats) -> Text:
    text = Text(f"{one_line(step.step_key)} failed", "bad")
    if step.attempts > 1:
        text.append(f" in attempt {step.attempts}")
    return text


def _indented(error: SerializableErrorInfo) -> Iterator[Text]:
    for line in traceback_lines(error):
        yield Text(f"  {line}" if line else "")
