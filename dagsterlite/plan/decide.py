"""What is done with a step, decided from the receipts of the steps before it. Pure.

The same on every executor: it is called where the step would run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.errors import (
    DagsterError,
    DagsterStepBegunBeforeError,
    DagsterStepLostError,
    DagsterStepTimeoutError,
)
from dagsterlite.events.receipt import Receipt, Receipts, StepOutcome
from dagsterlite.events.yielded import Failure, RetryRequested
from dagsterlite.handles import StepOutputHandle
from dagsterlite.plan.step import ExecutionStep


@dataclass(frozen=True)
class Run:
    """The step runs."""


@dataclass(frozen=True)
class Skip:
    """The step is skipped: these outputs that it needs were not yielded."""

    missing: tuple[StepOutputHandle, ...]


@dataclass(frozen=True)
class Abandon:
    """The step does not run: these steps that it needs failed, or were abandoned themselves."""

    failed_step_keys: tuple[str, ...]


Decision = Run | Skip | Abandon

RUN = Run()

_FAILED = frozenset({StepOutcome.FAILURE, StepOutcome.ABANDONED, StepOutcome.CANCELED})


def decide(step: ExecutionStep, receipts: Receipts) -> Decision:
    """Decide about a step all of whose upstream steps are finished.

    A failure upstream outweighs a missing output. An input that collects several outputs is
    missing only when all of them are.

    Args:
        step: The step.
        receipts: The accepted receipts of the steps that it needs, by key.
    """
    failed = tuple(sorted(key for key in step.upstream_keys() if receipts[key].outcome in _FAILED))
    if failed:
        return Abandon(failed)
    missing: list[StepOutputHandle] = []
    for step_input in step.inputs:
        handles = tuple(step_input.upstream_outputs())
        absent = [handle for handle in handles if not is_yielded(handle, receipts)]
        if absent and len(absent) == len(handles):
            missing += absent
    return Skip(tuple(missing)) if missing else RUN


def is_yielded(handle: StepOutputHandle, receipts: Receipts) -> bool:
    """Return whether an output was yielded."""
    output = receipts[handle.step_key].output(handle.output_name, handle.mapping_key)
    return output is not None


@dataclass(frozen=True)
class Retry:
    """Another attempt follows."""

    retry_number: int
    seconds_to_wait: float | None


def decide_retry(
    error: BaseException,
    policy: RetryPolicy | None,
    retry_number: int,
    chance: Callable[[], float],
) -> Retry | None:
    """Decide about another attempt after the one numbered ``retry_number``.

    What an attempt asks for by raising ``RetryRequested`` counts more than the policy.

    Args:
        error: What ended the attempt.
        policy: How the step is tried again when its code raises.
        retry_number: The number of the attempt that ended, from 0.
        chance: Gives a random number from 0 to below 1 at each call.
    """
    next_number = retry_number + 1
    if isinstance(error, RetryRequested):
        is_due = next_number <= error.max_retries
        return Retry(next_number, error.seconds_to_wait) if is_due else None
    if policy is None or next_number > policy.max_retries or not _is_for_policy(error):
        return None
    return Retry(next_number, policy.delay_after(next_number, chance))


def _is_for_policy(error: BaseException) -> bool:
    """Return whether user code raised, took too long or took its process down."""
    if isinstance(error, Failure):
        return error.allow_retries
    if isinstance(error, DagsterStepBegunBeforeError):
        return False
    if isinstance(error, (DagsterStepLostError, DagsterStepTimeoutError)):
        return True
    return isinstance(error, DagsterError) and error.is_user_code_error


def is_final(receipt: Receipt) -> bool:
    """Return whether no further attempt of the step follows."""
    return receipt.outcome is not StepOutcome.UP_FOR_RETRY
