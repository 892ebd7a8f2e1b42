"""A run that is under way as HTML: what a notebook's cell shows and draws over again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from dagsterlite.events.engine import ClusterJoined
from dagsterlite.events.fold import StepState
from dagsterlite.render.failures import headline
from dagsterlite.render.graph_svg import legend
from dagsterlite.render.html import (
    Html,
    display,
    heading,
    joined,
    link,
    quiet,
    table,
    tag,
    text,
)
from dagsterlite.render.looks import BAD, NOT_BEGUN, badge, colored, look_of_run
from dagsterlite.render.progress import Progress
from dagsterlite.render.run_html import bar
from dagsterlite.render.runs import short_id
from dagsterlite.render.safe_text import shown_key
from dagsterlite.render.summary import counts_text
from dagsterlite.render.times import span

_RUNNING_SHOWN: Final = 8
_FAILURES_SHOWN: Final = 5
_WORKERS_SHOWN: Final = 16
_LINE_WIDTH: Final = 1_000


@dataclass(frozen=True)
class WorkerShare:
    """What a worker has done for a run up to a moment."""

    steps: int = 0
    #: Seconds that its attempts took.
    seconds: float = 0.0


@dataclass(frozen=True)
class LoggedLine:
    """A line of a run's log."""

    #: 1 for the run's first.
    number: int
    text: str
    is_alarm: bool = False


@dataclass(frozen=True, kw_only=True)
class LiveView:
    """A run at one moment."""

    progress: Progress
    #: Unix seconds of the look at it.
    now: float
    cluster: ClusterJoined | None = None
    #: What each worker has done, by its address.
    workers: Mapping[str, WorkerShare] = field(default_factory=dict)
    #: Of the lines that were logged the last ones, and the last that are alarms, in order.
    logged: Sequence[LoggedLine] = ()


def live_html(view: LiveView) -> str:
    """Return a run that is under way, or has just ended, as HTML."""
    return display(
        _head(view),
        *_progress(view),
        *_running(view),
        *_workers(view),
        *_failed(view),
        *_logged(view),
    )


def live_text(view: LiveView) -> str:
    """Return the same in one line, for a notebook that shows no HTML."""
    progress = view.progress
    elapsed = span(progress.elapsed(view.now))
    return f"{progress.run.pipeline_name}: {_status(progress)}, {counts_text(progress)}, {elapsed}"


def _status(progress: Progress) -> str:
    if progress.is_canceling:
        return "CANCELING"
    return progress.status.value if progress.status else "STARTING"


def _head(view: LiveView) -> Html:
    progress = view.progress
    run, status = progress.run, _status(progress)
    rate = progress.rate(view.now)
    facts = [
        f"run {short_id(run.run_id)}",
        span(progress.elapsed(view.now)),
        "" if rate is None else f"{rate:.1f} steps/s",
    ]
    name = tag("span", text(run.pipeline_name), cls="dl-name")
    shown = [quiet(fact) for fact in facts if fact]
    dashboard = view.cluster and view.cluster.dashboard
    if dashboard:
        shown.append(link(dashboard, "Dask dashboard"))
    return heading(name, badge(status, look_of_run(status)), *shown)


def _progress(view: LiveView) -> Iterator[Html]:
    progress = view.progress
    counts = Counter({state.value: count for state, count in progress.counts.items() if count})
    ended = progress.end_time is not None
    counts[NOT_BEGUN] = max(0, progress.total - sum(counts.values()))
    yield bar(counts)
    if ended:
        yield tag("div", text(counts_text(progress)))
    else:
        yield tag("div", quiet(f"{progress.finished} of {progress.total} steps  "), legend(counts))
        if progress.waits_for:
            yield tag("div", quiet(f"waits for {progress.waits_for}"))


def _running(view: LiveView) -> Iterator[Html]:
    running = view.progress.running
    rows = [
        (
            text(f"▸ {shown_key(step.step_key)}"),
            quiet(span(view.now - step.since)),
            quiet(f"attempt {step.attempt}" if step.attempt > 1 else ""),
        )
        for step in running[:_RUNNING_SHOWN]
    ]
    if rows:
        yield joined(tag("div", joined(row, Html("  "))) for row in rows)
    if len(running) > _RUNNING_SHOWN:
        yield tag("div", quiet(f"… {len(running) - _RUNNING_SHOWN} more running"))


def _workers(view: LiveView) -> Iterator[Html]:
    known = view.cluster.workers if view.cluster else ()
    addresses = list(dict.fromkeys([*known, *view.workers]))
    if not addresses:
        return
    rows = [
        (
            text(address.rpartition("://")[2]),
            text(view.workers.get(address, WorkerShare()).steps),
            text(span(view.workers.get(address, WorkerShare()).seconds)),
        )
        for address in addresses[:_WORKERS_SHOWN]
    ]
    yield table(("Worker", "Steps", "Busy"), rows, numbers=0b110)
    if len(addresses) > _WORKERS_SHOWN:
        yield tag("div", quiet(f"… and {len(addresses) - _WORKERS_SHOWN} more workers"))


def _failed(view: LiveView) -> Iterator[Html]:
    failed = view.progress.failed
    for step in failed[:_FAILURES_SHOWN]:
        reason = f": {headline(step.error)}" if step.error else ""
        yield tag("div", colored(f"✗ {shown_key(step.step_key)}{reason}", BAD))
    if len(failed) > _FAILURES_SHOWN:
        yield tag("div", colored(f"… and {len(failed) - _FAILURES_SHOWN} more failed steps", BAD))
    error = view.progress.error
    if error is not None and view.progress.counts[StepState.FAILURE] == 0:
        yield tag("div", colored(f"✗ {headline(error)}", BAD))


def _logged(view: LiveView) -> Iterator[Html]:
    if not view.logged:
        return
    shown: list[Html] = []
    before = 0
    for line in view.logged:
        left_out = line.number - before - 1
        if left_out:
            shown.append(quiet(f"… {left_out} more line{'s' * (left_out > 1)}"))
        shown.append(
            tag("span", text(line.text, _LINE_WIDTH), cls="dl-alarm" if line.is_alarm else None)
        )
        before = line.number
    yield tag("pre", joined(shown, Html("\n")))
