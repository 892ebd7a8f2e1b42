"""What is done with a step, decided from the receipts of the steps before it. Pure.

The same on every executor: it is called where the step would run.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagsterlite.events.receipt import Receipt, Receipts, StepOutcome
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
    max_retries: int, retry_number: int, seconds_to_wait: float | None
) -> Retry | None:
    """Decide about another attempt after the one numbered ``retry_number`` asked for it.

    Args:
        max_retries: How often the step may be tried again.
        retry_number: The number of the attempt that ended, from 0.
        seconds_to_wait: Seconds to wait before the next.
    """
    if retry_number >= max_retries:
        return None
    return Retry(retry_number + 1, seconds_to_wait)


def is_final(receipt: Receipt) -> bool:
    """Return whether no further attempt of the step follows."""
    return receipt.outcome is not StepOutcome.UP_FOR_RETRY
