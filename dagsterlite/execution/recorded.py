"""Runs that were executed before, in whichever process: their events, and what they kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from dagsterlite.events.engine import AttemptSuperseded, EngineEventData
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.attempt_log import AttemptLog, Nowhere
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.managed_outputs import managed_reader
from dagsterlite.execution.output_reader import ReadOutput, output_reader
from dagsterlite.execution.run_context import RunContext, make_resource_manager
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.handles import StepOutputHandle
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import DagsterRun
from dagsterlite.stores import IntermediateStorage


@contextmanager
def opened_storage(
    plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance
) -> Iterator[IntermediateStorage]:
    """Open what a recorded run kept its outputs in, as a plan's config and mode select it.

    Resources that the storage requires are made for as long as it is open.
    """
    config = plan.environment_config
    mode = plan.pipeline.get_mode_definition(config.mode)
    log = AttemptLog(Nowhere(), run_id=run.run_id, pipeline_name=run.pipeline_name)
    interrupts = Interrupts()
    manager = make_resource_manager(
        mode,
        config,
        run,
        DagsterLogManager(log, (), interrupts),
        interrupts,
        lambda: instance,
        instance.storage_directory(),
    )
    try:
        yield make_intermediates(
            plan,
            run,
            instance.storage_directory(),
            prefers_persistent=True,
            open_instance=lambda: instance,
            resources=manager.scoped,
        )
    finally:
        manager.tear_down(lambda _key, _exc: None)


def reader_of_recorded(
    plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance
) -> ReadOutput:
    """Return what reads the outputs of a recorded run from where it kept them."""

    def read(handle: StepOutputHandle) -> Any:
        with opened_storage(plan, run, instance) as storage:
            context = RunContext(
                plan=plan,
                mode_def=plan.pipeline.get_mode_definition(plan.environment_config.mode),
                run=run,
                storage=storage,
                sink=Nowhere(),
                interrupts=Interrupts(),
                loggers=(),
                open_instance=lambda: instance,
                artifacts_dir=instance.storage_directory(),
            )
            read_managed = managed_reader(context, {})
            return output_reader(run.run_id, storage, instance, read_managed)(handle)

    return read


def accepted_events(entries: Iterable[EventLogEntry]) -> list[DagsterEvent]:
    """Return a run's events in their order, without those of attempts that stood back."""
    entries = list(entries)
    superseded = {found for entry in entries if (found := _superseded(entry)) is not None}
    return [
        entry.dagster_event
        for entry in entries
        if entry.dagster_event is not None
        and (entry.attempt_id not in superseded or _superseded(entry) is not None)
    ]


def _superseded(entry: EventLogEntry) -> str | None:
    """Return the attempt that an entry says stood back, if it says so."""
    event = entry.dagster_event
    match event.event_specific_data if event is not None else None:
        case EngineEventData(detail=AttemptSuperseded(attempt_id=attempt_id)):
            return attempt_id
    return None
