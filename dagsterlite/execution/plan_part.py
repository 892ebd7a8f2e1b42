"""Executing a part of a run's plan here and now, for a custom executor or an outside scheduler."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from dagsterlite.config.secrets import redactor
from dagsterlite.errors import DagsterError, DagsterRunConflict
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.receipt import Receipt, StepOutcome, make_attempt_id
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.executor import PlanOrchestrationContext, tell_of_tear_down
from dagsterlite.execution.in_process import Done, PlanExecution
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.lineage import generation_of
from dagsterlite.execution.preparation import Preparation
from dagsterlite.execution.recorder import Recorder
from dagsterlite.execution.run_context import logging_tags
from dagsterlite.execution.take_over import take_over
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import LEASE_SECONDS, DagsterRun, make_driver_id

_runs: dict[str, PlanOrchestrationContext] = {}
"""The runs that drivers of this process execute."""


@contextmanager
def under_way(context: PlanOrchestrationContext) -> Iterator[None]:
    """Let parts of the run's plan be executed in its driver's place while the block runs."""
    _runs[context.run_id] = context
    try:
        yield
    finally:
        del _runs[context.run_id]


def execute_part(
    plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance
) -> Generator[DagsterEvent, None, None]:
    """Execute the steps of a plan in this process; yield their events.

    Inside the run's own driver, i.e. called by its executor, the driver records the events;
    elsewhere this call owns the run until it ends. The run's status is left as it is.

    Args:
        plan: The part of the run's plan that is to be executed.
        run: The run.
        instance: Where it is recorded.

    Raises:
        DagsterRunConflict: another process drives the run, or it has ended.
        DagsterStepNotStoredError: a step that is needed has left no outputs.
    """
    driven = _runs.get(run.run_id)
    if driven is not None:
        yield from replace(driven, raise_on_error=False).execute_plan(plan)
        return
    with _owned(run, instance) as (recorder, interrupts), ExitStack() as stack:
        log = AttemptLog(
            recorder,
            run_id=run.run_id,
            pipeline_name=run.pipeline_name,
            tags=logging_tags(run),
            redact=redactor(sorted(plan.environment_config.secrets)),
        )
        making = Preparation(plan, run, instance, log, recorder, interrupts)
        context = making.context(stack, raise_on_error=False)
        take_over(plan, run, instance, context.run_context.storage)
        resources = context.run_context.resource_manager(context.run_context.run_log())
        stack.callback(
            resources.tear_down, lambda key, exc: tell_of_tear_down(context.log, key, exc)
        )
        done = Done(dict(_fruitless(plan, run, instance)))
        yield from PlanExecution(context, plan, resources, done).run()


@contextmanager
def _owned(run: DagsterRun, instance: DagsterInstance) -> Iterator[tuple[Recorder, Interrupts]]:
    driver_id = make_driver_id()
    storage = instance.run_storage
    if not storage.acquire_lease(run.run_id, driver_id, seconds=LEASE_SECONDS, now=time.time()):
        message = (
            f"Steps of run {run.run_id} cannot be executed here: another driver owns the run, or "
            "it has ended."
        )
        raise DagsterRunConflict(message)
    interrupts = Interrupts()
    recorder = Recorder(instance, run.run_id, driver_id, interrupts)
    try:
        yield recorder, interrupts
        recorder.flush()
    finally:
        # Also where the caller stops reading: what steps told before counts.
        with suppress(DagsterError):
            recorder.flush()
        recorder.close()
        # Whoever executes the next part need not wait until the lease runs out.
        storage.renew_lease(run.run_id, driver_id, seconds=-1.0, now=time.time())


def _fruitless(
    plan: ExecutionPlan, run: DagsterRun, instance: DagsterInstance
) -> Iterator[tuple[str, Receipt]]:
    """Yield receipts of steps that were executed before and left no manifest."""
    if not plan.needed_keys:
        return
    for key, outcome in generation_of(plan, run, instance).outcomes.items():
        if outcome is not StepOutcome.SUCCESS:
            yield (
                key,
                Receipt(
                    run_id=run.run_id,
                    step_key=key,
                    attempt_id=make_attempt_id(),
                    outcome=outcome,
                ),
            )
