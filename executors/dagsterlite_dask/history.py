"""How long the steps of a pipeline took when it last ran."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import StepSuccessData
from dagsterlite.handles import unresolved_key
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRunStatus, RunsFilter

MOST_EVENTS: Final = 2_000
"""How many steps of the last run are looked at."""

_ENDS: Final = (DagsterEventType.STEP_SUCCESS,)


def seconds_by_solid(instance: DagsterInstance, plan: ExecutionPlan) -> Mapping[str, float]:
    """Return how long steps took on average in the last successful run, by the solid's definition.

    Args:
        instance: Where runs are recorded.
        plan: The plan of the run to come; what it does not know is left out.
    """
    last = RunsFilter(job_name=plan.pipeline.name, statuses=[DagsterRunStatus.SUCCESS])
    found: dict[str, list[float]] = {}
    for run in instance.get_runs(last, limit=1):
        for record in instance.get_records_for_run(run.run_id, 0, _ENDS, MOST_EVENTS):
            event = record.event_log_entry.get_dagster_event()
            key = event.step_key or ""
            step = plan.step_by_key.get(key) or plan.step_by_key.get(unresolved_key(key))
            data = event.event_specific_data
            if step is not None and isinstance(data, StepSuccessData):
                found.setdefault(step.solid_def.name, []).append(data.duration_ms / 1000)
    return {name: sum(seconds) / len(seconds) for name, seconds in found.items()}
