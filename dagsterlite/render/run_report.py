"""One recorded run: its facts, its steps, what they wrote and checked, and what failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.fold import RunFold, RunStats, StepState, StepStats, known_keys
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.events.payloads import PipelineFailureData, PipelineInitFailureData
from dagsterlite.render.event_lines import EventLine, line_of_entry
from dagsterlite.render.failures import traceback_lines
from dagsterlite.render.runs import LOST, STATUS_STYLES, seconds_of, status_of, table_of
from dagsterlite.render.safe_text import one_line
from dagsterlite.render.sizes import size
from dagsterlite.render.times import moment, span
from dagsterlite.runs import FINISHED_STATUSES, RunRecord

_STEPS_SHOWN = 100
_HOOK_TRACEBACKS = 5
_SHARED = "*"

_COSTS = ("ATTEMPTS", "DURATION", "CPU", "MEMORY", "QUEUED", "IN", "OUT", "WORKER")
"""What is told of each step, where it is known of any."""

_STEP_STYLES = {
    "SUCCESS": "good",
    "FAILURE": "bad",
    "SKIPPED": "odd",
    "ABANDONED": "odd",
    "UNFINISHED": "odd",
}


@dataclass(frozen=True, kw_only=True)
class RunView:
    """A recorded run with what its event log tells of it."""

    record: RunRecord
    entries: Sequence[EventLogEntry]
    stats: RunStats
    #: The steps that the run was to execute; None where that is not known.
    step_keys: Sequence[str] | None = None
    #: Unix seconds of the look at it.
    now: float
    #: What the run as a whole failed of, where it was no step's failure.
    errors: Sequence[SerializableErrorInfo] = ()

    @staticmethod
    def of(
        record: RunRecord,
        entries: Sequence[EventLogEntry],
        step_keys: Sequence[str] | None,
        now: float,
    ) -> RunView:
        """Return the view of a run from its record and the entries of its event log."""
        fold = RunFold()
        errors: list[SerializableErrorInfo] = []
        for entry in entries:
            fold.add(entry)
            match entry.dagster_event and entry.dagster_event.event_specific_data:
                case PipelineInitFailureData(error) | PipelineFailureData(error) if error:
                    errors.append(error)
        return RunView(
            record=record,
            entries=entries,
            stats=fold.stats,
            step_keys=step_keys,
            now=now,
            errors=errors,
        )

    @property
    def is_over(self) -> bool:
        """Whether no step of the run can go on: it ended, or its driver is gone."""
        run = self.record.dagster_run
        return run.status in FINISHED_STATUSES or self.record.is_lost(self.now)

    def state_of(self, step: StepStats) -> str:
        """Return a step's state as people see it."""
        open_states = {StepState.RUNNING, StepState.WAITING_FOR_RETRY}
        return "UNFINISHED" if self.is_over and step.state in open_states else step.state.value

    @property
    def not_begun(self) -> list[str]:
        """The steps that were to be executed and of which the event log tells nothing."""
        known = known_keys(self.step_keys or (), self.stats.resolved)
        return [key for key in known if key not in self.stats.steps]


def run_report(view: RunView, *, all_steps: bool = False) -> Iterator[RenderableType]:
    """Yield a run's facts, its steps, what they wrote and checked, and what failed or raised."""
    yield _facts(view)
    if view.stats.steps:
        yield Text("")
        yield from steps_report(view, all_steps=all_steps)
    if view.not_begun:
        word = "not run" if view.is_over else "not begun"
        yield Text(f"{len(view.not_begun)} steps {word}", "quiet")
    yield from _section("Materializations", _lines(view, "STEP_MATERIALIZATION"))
    yield from _section("Expectations", _lines(view, "STEP_EXPECTATION_RESULT"))
    yield from _failures(view)
    yield from _hook_errors(view)


def event_log(entries: Iterable[EventLogEntry]) -> Iterator[Text]:
    """Yield the entries of an event log, one a line."""
    for entry in entries:
        line = line_of_entry(entry)
        yield Text(line.plain(entry.timestamp), line.style)


def _facts(view: RunView) -> Table:
    record, run = view.record, view.record.dagster_run
    status = status_of(record, view.now)
    facts: list[tuple[str, str | Text]] = [
        ("run", one_line(run.run_id)),
        ("pipeline", one_line(run.pipeline_name)),
        ("mode", one_line(run.mode)),
        ("status", Text(status, STATUS_STYLES.get(status, ""))),
        ("started", moment(record.start_time)),
        ("duration", span(seconds_of(record, view.now))),
    ]
    if status == LOST and record.heartbeat is not None:
        facts.append(
            ("heartbeat", f"{moment(record.heartbeat)} by {one_line(record.driver_id or '?')}")
        )
    if run.parent_run_id:
        facts.append(("parent run", one_line(run.parent_run_id)))
    if run.solid_selection:
        facts.append(("selection", one_line(", ".join(run.solid_selection))))
    facts += [("tags", _tags(run.tags))] if run.tags else []
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="quiet", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, value)
    return table


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{one_line(key)}={one_line(value)}" for key, value in sorted(tags.items()))


def steps_report(view: RunView, *, all_steps: bool = False) -> Iterator[RenderableType]:
    """Yield a run's steps, one a line; of very many the most telling."""
    steps = list(view.stats.steps.values())
    shown = steps if all_steps or len(steps) <= _STEPS_SHOWN else most_telling(steps)
    yield _steps_table(view, shown)
    if len(shown) < len(steps):
        yield Text(f"… and {len(steps) - len(shown)} more steps (--all-steps shows them)", "quiet")
    if any(step.most_memory and step.most_memory.shared for step in shown):
        yield Text(f"{_SHARED} other steps ran in the same process meanwhile", "quiet")


def _steps_table(view: RunView, steps: Sequence[StepStats]) -> Table:
    rows = [_costs(step) for step in steps]
    known = [name for name in _COSTS if any(row[name].strip() for row in rows)]
    table = table_of("STEP", "STATE", *known)
    for name, column in zip(known, table.columns[2:], strict=True):
        column.justify = "left" if name == "WORKER" else "right"
    for step, row in zip(steps, rows, strict=True):
        state = view.state_of(step)
        shown = Text(state, _STEP_STYLES.get(state, "place"))
        table.add_row(one_line(step.step_key), shown, *(row[name] for name in known))
    return table


def _costs(step: StepStats) -> dict[str, str]:
    """Return what a step took, by the column that it stands in."""
    cells = (
        str(step.attempts or ""),
        span(step.seconds),
        span(step.cpu_seconds),
        _memory(step.most_memory),
        span(step.queue_seconds),
        size(step.bytes_in or None),
        size(step.bytes_out or None),
        _worker(step.workers),
    )
    return dict(zip(_COSTS, cells, strict=True))


def _memory(metrics: StepMetrics | None) -> str:
    if metrics is None:
        return ""
    return size(metrics.peak_memory) + (_SHARED if metrics.shared else " ")


def _worker(addresses: Sequence[str]) -> str:
    """Return where a step's last attempt ran, and how many other workers tried it."""
    if not addresses:
        return ""
    others = f" +{len(addresses) - 1}" if addresses[1:] else ""
    return one_line(addresses[-1].rpartition("://")[2]) + others


def most_telling(steps: Sequence[StepStats]) -> list[StepStats]:
    """Return those that did not succeed, and the first of the others, in their order."""
    in_need = sorted(steps, key=lambda step: step.state is StepState.SUCCESS)[:_STEPS_SHOWN]
    keys = {step.step_key for step in in_need}
    return [step for step in steps if step.step_key in keys]


def _lines(view: RunView, kind: str) -> list[EventLine]:
    events = (entry for entry in view.entries if entry.dagster_event is not None)
    lines = map(line_of_entry, events)
    return [line for line in lines if line.kind == kind]


def _section(title: str, lines: Sequence[EventLine]) -> Iterator[Text]:
    if not lines:
        return
    yield Text("")
    yield Text(title, "name")
    for line in lines:
        yield Text(f"  {line.step_key}  ", "quiet").append(line.text, line.style)


def _failures(view: RunView) -> Iterator[Text]:
    failed = [step for step in view.stats.steps.values() if step.state is StepState.FAILURE]
    for step in failed:
        yield Text("")
        yield Text(f"{one_line(step.step_key)} failed", "bad")
        if step.error is not None:
            yield from _traceback(step.error)
    for error in view.errors:
        yield Text("")
        yield Text("The run failed", "bad")
        yield from _traceback(error)


def _hook_errors(view: RunView) -> Iterator[Text]:
    events = (entry.dagster_event for entry in view.entries)
    errored = [event for event in events if event is not None and event.is_hook_errored]
    for event in errored[:_HOOK_TRACEBACKS]:
        yield Text("")
        yield Text(f"{one_line(event.step_key or '')}: {one_line(event.message)}", "bad")
        yield from _traceback(event.hook_errored_data.error)
    left_out = len(errored) - _HOOK_TRACEBACKS
    if left_out > 0:
        yield Text("")
        yield Text(f"… and {left_out} more hooks raised (--events shows them)", "bad")


def _traceback(error: SerializableErrorInfo) -> Iterator[Text]:
    for line in traceback_lines(error):
        yield Text(f"  {line}" if line else "")
