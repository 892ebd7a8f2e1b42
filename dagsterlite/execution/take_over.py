"""Taking over what a re-execution needs of the runs before it: by reference, nothing is copied."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dagsterlite.errors import DagsterInvariantViolationError, DagsterStepNotStoredError
from dagsterlite.events.engine import EngineEventData, OutputsTaken
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import Receipt
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.execution.lineage import generations, manifest_in
from dagsterlite.execution.recorded import opened_storage
from dagsterlite.handles import unresolved_key, with_compute
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.reexecution import Generation, sources_of
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage, StepManifest

Taken = Mapping[str, list[str]]
"""For each run that something is taken from, the keys of the steps."""


def take_over(
    plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance, storage: IntermediateStorage
) -> Taken:
    """Let the run have what it needs of the runs that it descends from.

    Each step that is needed and not executed gets a manifest in the run's own storage, which
    refers to the outputs where they lie; the run store lists what is referred to.

    Args:
        plan: The run's plan, or a part of it.
        run: The run.
        instance: Where it and those before it are recorded.
        storage: What the run keeps its outputs in.

    Raises:
        DagsterInvariantViolationError: the run keeps its outputs in memory.
        DagsterStepNotStoredError: the outputs of a step are not there.
    """
    if run.parent_run_id is None or run.step_keys_to_execute is None:
        return {}
    # Which steps are needed behind dynamic outputs is known once those are there.
    fan_outs = _never_executed(plan.awaited_keys, run)
    taken, receipts = _take(plan, run, instance, storage, fan_outs)
    needed = _never_executed(plan.resolve(receipts).needed_keys, run)
    more, _ = _take(plan, run, instance, storage, [key for key in needed if key not in receipts])
    return {
        run_id: sorted([*taken.get(run_id, []), *more.get(run_id, [])])
        for run_id in {**taken, **more}
    }


def _never_executed(step_keys: Iterable[str], run: DagsterRun) -> list[str]:
    own = frozenset(map(with_compute, run.step_keys_to_execute or ()))
    return [key for key in step_keys if key not in own and unresolved_key(key) not in own]


def _take(
    plan: ExecutionPlan,
    run: DagsterRun,
    instance: DagsterInstance,
    storage: IntermediateStorage,
    step_keys: list[str],
) -> tuple[Taken, dict[str, Receipt]]:
    if not step_keys or run.parent_run_id is None:
        return {}, {}
    if not storage.is_persistent:
        raise DagsterInvariantViolationError(_in_memory(run, step_keys))
    seen: dict[str, Generation] = {}
    sources = sources_of(step_keys, _noted(plan, run.parent_run_id, instance, seen))
    taken: dict[str, list[str]] = {}
    for key, run_id in sources.items():
        taken.setdefault(run_id, []).append(key)
    receipts: dict[str, Receipt] = {}
    for run_id, keys in taken.items():
        receipts |= _refer(plan, run, instance, storage, seen[run_id], keys)
    return taken, receipts


def _noted(
    plan: ExecutionPlan, parent_run_id: str, instance: DagsterInstance, seen: dict[str, Generation]
) -> Iterator[Generation]:
    for generation in generations(plan, parent_run_id, instance):
        seen[generation.run_id] = generation
        yield generation


def _refer(
    plan: ExecutionPlan,
    run: DagsterRun,
    instance: DagsterInstance,
    storage: IntermediateStorage,
    source: Generation,
    step_keys: list[str],
) -> dict[str, Receipt]:
    source_run = instance.require_run(source.run_id).dagster_run
    with opened_storage(plan, source_run, instance) as there:
        found = [_manifest(there, source, key) for key in step_keys]
    manifests = [StepManifest(one.receipt, taken_by=run.run_id) for one in found]
    outputs = (output for manifest in manifests for output in manifest.receipt.outputs)
    addresses = [output.address for output in outputs if not output.is_managed]
    # Listed before they are used: what is deleted meanwhile must not be one of them.
    instance.run_storage.add_references(run.run_id, addresses)
    for manifest in manifests:
        storage.commit(manifest)
    return {manifest.receipt.step_key: manifest.receipt for manifest in manifests}


def _manifest(storage: IntermediateStorage, source: Generation, step_key: str) -> StepManifest:
    manifest = manifest_in(storage, source, step_key)
    if manifest is None:
        where = storage.address or "memory"
        reason = (
            f"run {source.run_id} has no stored outputs of it in {where}: it kept them in memory, "
            "or elsewhere than this run's intermediate storage looks"
        )
        raise DagsterStepNotStoredError(step_key, reason)
    return manifest


def _in_memory(run: DagsterRun, step_keys: list[str]) -> str:
    return (
        f"Run {run.run_id} re-executes a part of run {run.parent_run_id} and needs the outputs of "
        f"{', '.join(step_keys)}, but it keeps its intermediates in memory, where none are found. "
        "Select a storage that keeps them, as that run must have done: intermediate_storage: "
        "{filesystem: {}}. Or execute all steps again."
    )


def told_of_taken(context: PlanOrchestrationContext, taken: Taken) -> Iterator[DagsterEvent]:
    """Tell of what was taken over."""
    for run_id, keys in taken.items():
        text = f"The outputs of these steps are taken from run {run_id}: {', '.join(keys)}."
        detail = OutputsTaken(run_id, tuple(keys))
        yield context.engine_event(text, EngineEventData(detail=detail))
