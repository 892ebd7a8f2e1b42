"""Runs as a notebook shows them: how they went, step by step, and what they left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import DagsterError
from dagsterlite.events.engine import EngineEventData, OutputsTaken
from dagsterlite.events.fold import StepState, StepStats
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.handles import COMPUTE, split_mapped_key
from dagsterlite.render.event_lines import line_of_entry
from dagsterlite.render.failures import traceback_lines
from dagsterlite.render.graph_html import graph_parts
from dagsterlite.render.graph_svg import legend
from dagsterlite.render.graph_view import States
from dagsterlite.render.html import (
    Html,
    display,
    folded,
    heading,
    joined,
    preformatted,
    quiet,
    table,
    tag,
    text,
)
from dagsterlite.render.looks import (
    NOT_BEGUN,
    TAKEN,
    Look,
    badge,
    colored,
    look_of_run,
    look_of_step,
)
from dagsterlite.render.pipeline_html import head
from dagsterlite.render.pipelines import solid_views
from dagsterlite.render.run_report import RunView, most_telling
from dagsterlite.render.runs import seconds_of, short_id, status_of
from dagsterlite.render.safe_text import shown_key
from dagsterlite.render.sizes import size
from dagsterlite.render.times import moment, span
from dagsterlite.render.told_html import assets, expectations

_STEPS_SHOWN: Final = 100
_EVENTS_SHOWN: Final = 200
_FAILURES_SHOWN: Final = 10
_HOOKS_SHOWN: Final = 3
_COSTS: Final = ("Attempts", "Time", "CPU", "Memory", "Queued", "In", "Out", "Worker")
"""What is told of each step, where it is known of any."""

_ON_ONE_LINE: Final = 0b10
"""The steps' states."""

_SOLIDS_OPEN: Final = 40
"""The graph of a larger pipeline is closed at first."""


def result_html(result: PipelineExecutionResult) -> str:
    """Return the result of a run as a notebook shows it."""
    instance = result.instance
    if instance is not None:
        try:
            view = RunView.of(
                instance.require_run(result.run_id),
                instance.all_logs(result.run_id),
                result.step_keys,
                time.time(),
            )
        except DagsterError as exc:
            return display(_short_head(result), tag("div", quiet(exc)))
        return run_html(view, result.pipeline_def)
    return display(_short_head(result))


def _short_head(result: PipelineExecutionResult) -> Html:
    status = result.status.value if result.status else "UNKNOWN"
    return joined((head("run of", result.pipeline_def.name), badge(status, look_of_run(status))))


def run_html(view: RunView, pipeline: PipelineDefinition | None) -> str:
    """Return a recorded run as a notebook shows it.

    Args:
        view: The run.
        pipeline: Its pipeline, where that is at hand.
    """
    told = [entry.dagster_event for entry in view.entries if entry.dagster_event is not None]
    return display(
        _head(view),
        *_counts(view),
        *_failures(view),
        *_hook_errors(view),
        *_graph(view, pipeline),
        *_steps(view),
        *assets(told),
        *expectations(told),
        *_events(view),
    )


def _head(view: RunView) -> Html:
    record, run = view.record, view.record.dagster_run
    status = status_of(record, view.now)
    facts = [
        f"run {short_id(run.run_id)}",
        f"mode {run.mode}" if run.mode != "default" else "",
        moment(record.start_time),
        span(seconds_of(record, view.now)),
        f"selects {', '.join(run.solid_selection)}" if run.solid_selection else "",
        f"of parent run {short_id(run.parent_run_id)}" if run.parent_run_id else "",
    ]
    name = tag("span", text(run.pipeline_name), cls="dl-name")
    shown = (quiet(fact) for fact in facts if fact)
    return heading(name, badge(status, look_of_run(status)), *shown)


def _all_states(view: RunView) -> Iterator[tuple[str, str]]:
    """Yield each step of the run with its state."""
    for step in view.stats.steps.values():
        yield step.step_key, view.state_of(step)
    for key in view.not_begun:
        yield key, NOT_BEGUN


def _counts(view: RunView) -> Iterator[Html]:
    counts = Counter(state for _, state in _all_states(view))
    if not counts:
        return
    yield bar(counts)
    yield tag("div", legend(counts))


def bar(counts: Mapping[str, int]) -> Html:
    """Return a bar whose parts stand for the steps in each state."""
    total = sum(counts.values()) or 1
    parts = (
        tag(
            "div",
            style=f"width:{100 * count / total:.3f}%;height:100%;"
            f"background:{look_of_step(state).color}",
        )
        for state, count in counts.items()
        if count and state != NOT_BEGUN
    )
    return tag("div", *parts, cls="dl-bar")


def _states(view: RunView) -> States:
    states: dict[str, Counter[str]] = {}
    for key, state in (*_taken(view), *_all_states(view)):
        path = split_mapped_key(key)[0].removesuffix(f".{COMPUTE}")
        states.setdefault(path, Counter())[state] += 1
    return states


def _taken(view: RunView) -> Iterator[tuple[str, str]]:
    """Yield each step that did not run because an earlier run left its outputs."""
    for entry in view.entries:
        match entry.dagster_event and entry.dagster_event.event_specific_data:
            case EngineEventData(detail=OutputsTaken(step_keys=keys)):
                yield from ((key, TAKEN) for key in keys if key not in view.stats.steps)


def _graph(view: RunView, pipeline: PipelineDefinition | None) -> Iterator[Html]:
    if pipeline is None:
        return
    solids = solid_views(pipeline.graph)
    parts = graph_parts(solids, _states(view))
    yield folded(text("Graph"), *parts, is_open=len(solids) <= _SOLIDS_OPEN)


# --- steps ---


def _steps(view: RunView) -> Iterator[Html]:
    steps = list(view.stats.steps.values())
    if not steps:
        return
    shown = steps if len(steps) <= _STEPS_SHOWN else most_telling(steps)
    costs = [_costs(step) for step in shown]
    known = [name for name in _COSTS if any(row[name] for row in costs)]
    header = ["Step", "State", "When", *known]
    rows = [
        _step(view, step, [row[name] for name in known])
        for step, row in zip(shown, costs, strict=True)
    ]
    numbers = sum(1 << at for at, name in enumerate(header) if name in _COSTS and name != "Worker")
    more = len(steps) - len(shown)
    yield folded(
        text(f"Steps ({len(steps)})"),
        table(header, rows, numbers=numbers, short=_ON_ONE_LINE | 1 << len(header) - 1),
        *([quiet(f"… and {more} more, which succeeded")] if more else []),
        is_open=True,
    )


def _step(view: RunView, step: StepStats, costs: Sequence[Html]) -> list[Html]:
    state = view.state_of(step)
    look = look_of_step(state)
    return [
        text(shown_key(step.step_key)),
        colored(f"{look.sign} {state.lower().replace('_', ' ')}", look.color),
        _when(view, step, look),
        *costs,
    ]


def _costs(step: StepStats) -> dict[str, Html]:
    """Return what a step took, by the column that it stands in; empty where nothing is known."""
    memory = step.most_memory
    shared = "other steps ran in the same process meanwhile" if memory and memory.shared else None
    worker = step.workers[-1].rpartition("://")[2] if step.workers else ""
    others = f" +{len(step.workers) - 1}" if step.workers[1:] else ""
    cells = (
        text(step.attempts or ""),
        text(span(step.seconds)),
        text(span(step.cpu_seconds)),
        _titled(size(memory.peak_memory if memory else None), shared),
        text(span(step.queue_seconds)),
        _titled(size(step.bytes_in or None), _way_in(step)),
        text(size(step.bytes_out or None)),
        text(f"{worker}{others}"),
    )
    return dict(zip(_COSTS, cells, strict=True))


def _titled(shown: str, title: str | None) -> Html:
    return tag("span", text(shown), title=title) if shown else Html("")


def _way_in(step: StepStats) -> str:
    read = sum(metrics.bytes_read for metrics in step.metrics)
    received = sum(metrics.bytes_received for metrics in step.metrics)
    ways = [f"{size(read)} from storage"] if read else []
    if received:
        ways.append(f"{size(received)} from other workers in {span(step.transfer_seconds)}")
    return ", ".join(ways)


def _when(view: RunView, step: StepStats, look: Look) -> Html:
    """Return when a step ran, as a part of the run's time."""
    begun, ended = view.stats.start_time, view.stats.end_time or view.now
    if begun is None or step.start_time is None:
        return Html("")
    whole = max(ended - begun, 1e-6)
    last = step.end_time or ended
    left = min(max((step.start_time - begun) / whole, 0.0), 1.0)
    width = min(max((last - step.start_time) / whole, 0.0), 1.0 - left)
    style = f"left:{100 * left:.2f}%;width:{100 * width:.2f}%;background:{look.color}"
    told = f"{span(step.start_time - begun)} to {span(last - begun)} after the run's start"
    return tag("div", tag("div", cls="dl-span", style=style), cls="dl-lane", title=told)


# --- what failed ---


def _failures(view: RunView) -> Iterator[Html]:
    failed = [step for step in view.stats.steps.values() if step.state is StepState.FAILURE]
    for number, step in enumerate(failed[:_FAILURES_SHOWN]):
        attempts = f" in attempt {step.attempts}" if step.attempts > 1 else ""
        summary = colored(
            f"✗ {shown_key(step.step_key)} failed{attempts}", look_of_step("FAILURE").color
        )
        lines = [] if step.error is None else traceback_lines(step.error)
        yield folded(summary, preformatted(lines), is_open=number == 0)
    if len(failed) > _FAILURES_SHOWN:
        yield quiet(f"… and {len(failed) - _FAILURES_SHOWN} more failed steps")
    for error in view.errors:
        summary = colored("✗ The run failed", look_of_step("FAILURE").color)
        yield folded(summary, preformatted(traceback_lines(error)), is_open=True)


def _hook_errors(view: RunView) -> Iterator[Html]:
    events = (entry.dagster_event for entry in view.entries)
    errored = [event for event in events if event is not None and event.is_hook_errored]
    for event in errored[:_HOOKS_SHOWN]:
        told = f"✗ {shown_key(event.step_key or '')}: {event.message}"
        lines = traceback_lines(event.hook_errored_data.error)
        yield folded(colored(told, look_of_step("FAILURE").color), preformatted(lines))
    if len(errored) > _HOOKS_SHOWN:
        yield quiet(f"… and {len(errored) - _HOOKS_SHOWN} more hooks raised")


def _events(view: RunView) -> Iterator[Html]:
    entries = view.entries[-_EVENTS_SHOWN:]
    lines = [line_of_entry(entry).plain(entry.timestamp) for entry in entries]
    if not lines:
        return
    last = f"the last {len(lines)} of {len(view.entries)}"
    label = "Event log" if len(lines) == len(view.entries) else f"Event log, {last}"
    yield folded(text(label), preformatted(lines))
