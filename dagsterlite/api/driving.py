"""From a recorded run to its result, or to the stream of its events."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from dagsterlite import plugins
from dagsterlite.api.asked import Asked
from dagsterlite.execution.interrupts import of_this_thread
from dagsterlite.execution.output_reader import output_reader
from dagsterlite.execution.recorder import Watch
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.run import RunOutcome, drive_run
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun


def run_to_end(
    asked: Asked, plan: ExecutionPlan, run: DagsterRun, *, raise_on_error: bool
) -> PipelineExecutionResult:
    """Execute a recorded run to its end; in a notebook it is shown as it goes on."""
    outcome = RunOutcome()
    with _shown(run, plan) as watch:
        driven = drive_run(
            plan, run, asked.instance, outcome, raise_on_error=raise_on_error, watch=watch
        )
        events = list(driven)
    return PipelineExecutionResult(
        asked.pipeline,
        run.run_id,
        events,
        output_reader(run.run_id, outcome.storage, asked.instance, outcome.read_managed),
        plan.step_keys_to_execute,
        outcome.status,
        asked.instance,
    )


@contextmanager
def _shown(run: DagsterRun, plan: ExecutionPlan) -> Iterator[Watch | None]:
    """Show a run where its caller is a notebook's cell; a run inside a step is part of that."""
    is_cell = "ipykernel" in sys.modules and of_this_thread() is None
    display = (
        plugins.load("notebook_display")(run, len(plan.step_keys_to_execute)) if is_cell else None
    )
    if display is None:
        yield None
        return
    with display:
        yield display.take


def run_events(asked: Asked, plan: ExecutionPlan, run: DagsterRun) -> RunEvents:
    """Return the events of a recorded run, which goes on as they are asked for."""
    events = drive_run(plan, run, asked.instance, RunOutcome(), raise_on_error=False)
    return RunEvents(run, plan.step_keys_to_execute, events)
