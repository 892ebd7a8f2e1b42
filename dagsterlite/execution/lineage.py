"""The runs that a re-execution descends from, as the instance and their storages tell of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dagsterlite.events.engine import EngineEventData, OutputsTaken
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.fold import StepState, fold
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.receipt import Receipt, StepOutcome, make_attempt_id
from dagsterlite.execution.recorded import opened_storage
from dagsterlite.handles import unresolved_key, with_compute
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.reexecution import Generation
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage, StepManifest

_TELLING = frozenset(
    {
        DagsterEventType.STEP_SUCCESS,
        DagsterEventType.STEP_FAILURE,
        DagsterEventType.STEP_SKIPPED,
        DagsterEventType.STEP_UP_FOR_RETRY,
        DagsterEventType.STEP_RESTARTED,
        DagsterEventType.ENGINE_EVENT,
    }
)
"""The events that tell how steps ended."""

_OUTCOME_OF = {
    StepState.SUCCESS: StepOutcome.SUCCESS,
    StepState.SKIPPED: StepOutcome.SKIPPED,
    StepState.FAILURE: StepOutcome.FAILURE,
    StepState.ABANDONED: StepOutcome.ABANDONED,
}


def generations(
    plan: ExecutionPlan, parent_run_id: str, instance: DagsterInstance
) -> Iterator[Generation]:
    """Yield what a run descends from, nearest first, as far as it is recorded.

    Args:
        plan: The run's plan.
        parent_run_id: The run that it re-executes.
        instance: Where all of them are recorded.
    """
    run = instance.get_run_by_id(parent_run_id)
    while run is not None:
        yield generation_of(plan, run, instance)
        run = instance.get_run_by_id(run.parent_run_id) if run.parent_run_id else None


def generation_of(plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance) -> Generation:
    """Return what a recorded run was to execute or took over, and how that ended.

    A step's manifest counts where the event log lacks its end: the driver may have died first.
    """
    entries = instance.all_logs(run.run_id, _TELLING)
    taken = frozenset(_taken_over(entries))
    own = frozenset(map(with_compute, run.step_keys_to_execute or plan.step_by_key))
    ended = ((key, _OUTCOME_OF.get(step.state)) for key, step in fold(entries).steps.items())
    outcomes = {key: outcome for key, outcome in ended if outcome is not None}
    outcomes |= dict.fromkeys(taken, StepOutcome.SUCCESS)
    run_keys = (key for key in plan.step_by_key if key in own or unresolved_key(key) in own)
    untold = sorted(own.union(run_keys) - outcomes.keys())
    if untold:
        with opened_storage(plan, run, instance) as storage:
            outcomes |= dict.fromkeys(_committed(storage, untold), StepOutcome.SUCCESS)
    return Generation(run_id=run.run_id, step_keys=own | taken, outcomes=outcomes)


def _taken_over(entries: Iterable[EventLogEntry]) -> Iterator[str]:
    for entry in entries:
        event = entry.dagster_event
        match event.event_specific_data if event is not None else None:
            case EngineEventData(detail=OutputsTaken(step_keys=keys)):
                yield from keys


def _committed(storage: IntermediateStorage, step_keys: list[str]) -> Iterator[str]:
    for key in step_keys:
        if storage.read_manifest(key) is not None:
            yield key


def fan_out_receipts(
    plan: ExecutionPlan, parent_run_id: str, instance: DagsterInstance
) -> dict[str, Receipt]:
    """Return the receipts of steps with dynamic outputs, as far as the nearest runs have them.

    Args:
        plan: The run's plan.
        parent_run_id: The run that it re-executes.
        instance: Where all before it are recorded.
    """
    open_keys = set(plan.fan_out_keys)
    receipts: dict[str, Receipt] = {}
    for generation in generations(plan, parent_run_id, instance) if open_keys else ():
        there = {key for key in open_keys if generation.has(key)}
        run = instance.require_run(generation.run_id).dagster_run
        with opened_storage(plan, run, instance) as storage:
            for key in sorted(filter(generation.is_done, there)):
                manifest = manifest_in(storage, generation, key)
                if manifest is not None:
                    receipts[key] = manifest.receipt
        open_keys -= there
        if not open_keys:
            break
    return receipts


def manifest_in(
    storage: IntermediateStorage, generation: Generation, step_key: str
) -> StepManifest | None:
    """Return the manifest that a step left in a run; one made here for a step that was skipped.

    Args:
        storage: What the run kept its outputs in.
        generation: The run.
        step_key: The step.
    """
    if generation.outcomes.get(step_key) is not StepOutcome.SKIPPED:
        return storage.read_manifest(step_key)
    return StepManifest(
        Receipt(
            run_id=generation.run_id,
            step_key=step_key,
            attempt_id=make_attempt_id(),
            outcome=StepOutcome.SKIPPED,
        )
    )
