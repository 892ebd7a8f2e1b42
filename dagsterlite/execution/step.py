"""One step: executed once, with its hooks, or passed over; the same on every executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

from dagsterlite.errors import (
    DagsterStepLostError,
)
from dagsterlite.events.engine import EngineEventData, StepAbandoned
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome
from dagsterlite.execution.attempt import Attempt, AttemptResult, StepAttempt
from dagsterlite.execution.capture import captured
from dagsterlite.execution.hooks import AttemptEnd, run_hooks
from dagsterlite.execution.inputs import Upstream
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.plan.decide import Abandon, Skip
from dagsterlite.plan.step import ExecutionStep

_FOLLOWED_BY_HOOKS = frozenset({StepOutcome.SUCCESS, StepOutcome.FAILURE})


def execute_attempt(
    run_context: RunContext,
    step: ExecutionStep,
    upstream: Upstream,
    resources: ResourceManager,
    retry_number: int = 0,
) -> Attempt:
    """Execute a step once, and its hooks if that ended it; yield events, and return how it ended.

    Whatever the step's code raises, SystemExit too, becomes the attempt's outcome; only what the
    sink raises is raised. Where nobody reads on, the attempt is recorded as interrupted. In a run
    that commits behind, the commit and what follows it are left to be done, as the result's rest.

    Args:
        run_context: The run.
        step: The step.
        upstream: What the steps before it left.
        resources: The run's resources in this process.
        retry_number: How often the step was tried before.
    """
    log = run_context.step_log(step)
    context = StepExecutionContext(run_context, step, log, resources, retry_number)
    attempt = StepAttempt(context, upstream)
    course = captured(
        _with_hooks(context, attempt, attempt.run()),
        run_context.compute_logs,
        (run_context.run_id, step.key, context.attempt_id),
        # While an attempt is committed, others run.
        below_python=run_context.is_alone and not run_context.commits_behind,
    )
    return (yield from course)


def tell_of_loss(
    run_context: RunContext,
    step: ExecutionStep,
    error: DagsterStepLostError,
    resources: ResourceManager,
    retry_number: int,
) -> Attempt:
    """Tell in its stead that a step took its processes down; its policy and hooks hold.

    Args:
        run_context: The run.
        step: The step.
        error: What became of it.
        resources: The run's resources in this process.
        retry_number: How often the step was tried before.
    """
    log = run_context.step_log(step)
    context = StepExecutionContext(run_context, step, log, resources, retry_number)
    attempt = StepAttempt(context, Upstream({}, {}))
    return (yield from _with_hooks(context, attempt, attempt.fail_unrun(error)))


def _with_hooks(
    context: StepExecutionContext,
    attempt: StepAttempt,
    course: Attempt,
    before: Sequence[DagsterEvent] = (),
) -> Attempt:
    """Let an attempt take its course, and then the step's hooks, if that ended it."""
    pipeline = context.run_context.pipeline_def
    hooks = pipeline.get_all_hooks_for_handle(context.step.solid_handle)
    if not hooks:
        return (yield from course)
    events = [*before]
    result = yield from _noted(course, events)
    if result.rest is not None:
        return replace(result, rest=_with_hooks(context, attempt, result.rest, events))
    receipt = result.receipt
    is_other = receipt.attempt_id != context.attempt_id
    if is_other or receipt.outcome not in _FOLLOWED_BY_HOOKS:
        return result
    end = AttemptEnd(events=events, exception=result.error, output_values=_by_name(attempt.values))
    stop = yield from run_hooks(context, hooks, end)
    return result if stop is None else replace(result, error=stop)


def _noted(course: Attempt, events: list[DagsterEvent]) -> Attempt:
    """Let an attempt take its course, and put its events down."""
    with closing(course):
        while True:
            try:
                event = next(course)
            except StopIteration as end:
                result: AttemptResult = end.value
                return result
            events.append(event)
            yield event


def pass_over(run_context: RunContext, step: ExecutionStep, decision: Skip | Abandon) -> Attempt:
    """Tell that a step does not run; return the receipt that later steps decide from."""
    log = run_context.step_log(step)
    context_log = DagsterLogManager(log, run_context.loggers)
    if isinstance(decision, Skip):
        names = ", ".join(f"{h.step_key}.{h.label}" for h in decision.missing)
        message = (
            f'Skipped execution of step "{step.key}": these outputs were not yielded: {names}.'
        )
        yield context_log.event(DagsterEventType.STEP_SKIPPED, message)
        outcome = StepOutcome.SKIPPED
    else:
        failed = ", ".join(decision.failed_step_keys)
        message = f"Dependencies for step {step.key} failed: {failed}. Not executing."
        detail = StepAbandoned(step.key, decision.failed_step_keys)
        yield context_log.event(
            DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail)
        )
        outcome = StepOutcome.ABANDONED
    receipt = Receipt(
        run_id=run_context.run_id,
        step_key=step.key,
        attempt_id=log.attempt_id,
        outcome=outcome,
        entry_count=log.count,
    )
    return AttemptResult(receipt=receipt)


def _by_name(values: Mapping[OutputPlace, Any]) -> dict[str, Any]:
    """Return values by their output's name; those of a dynamic output by mapping key in turn."""
    found: dict[str, Any] = {}
    for (name, mapping_key), value in values.items():
        if mapping_key is None:
            found[name] = value
        else:
            found.setdefault(name, {})[mapping_key] = value
    return found
