"""From a recorded run to its result, or to the stream of its events."""

from __future__ import annotations

from dagsterlite.api.asked import Asked
from dagsterlite.execution.output_reader import output_reader
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.execution.run import RunOutcome, drive_run
from dagsterlite.execution.run_events import RunEvents
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun


def run_to_end(
    asked: Asked, plan: ExecutionPlan, run: DagsterRun, *, raise_on_error: bool
) -> PipelineExecutionResult:
    """Execute a recorded run to its end."""
    outcome = RunOutcome()
    events = list(drive_run(plan, run, asked.instance, outcome, raise_on_error=raise_on_error))
    return PipelineExecutionResult(
        asked.pipeline,
        run.run_id,
        events,
        output_reader(run.run_id, outcome.storage, asked.instance, outcome.read_managed),
        plan.step_keys_to_execute,
        outcome.status,
    )


def run_events(asked: Asked, plan: ExecutionPlan, run: DagsterRun) -> RunEvents:
    """Return the events of a recorded run, which goes on as they are asked for."""
    events = drive_run(plan, run, asked.instance, RunOutcome(), raise_on_error=False)
    return RunEvents(run, plan.step_keys_to_execute, events)
