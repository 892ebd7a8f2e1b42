"""What a re-execution takes from the runs that it descends from, and what it does again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from dagsterlite.errors import DagsterInvalidSubsetError, DagsterStepNotStoredError
from dagsterlite.events.receipt import StepOutcome
from dagsterlite.handles import unresolved_key
from dagsterlite.plan.execution_plan import ExecutionPlan

_DONE = frozenset({StepOutcome.SUCCESS, StepOutcome.SKIPPED})


@dataclass(frozen=True, kw_only=True)
class Generation:
    """A run that a re-execution descends from: what it was to execute, and how that ended."""

    run_id: str
    #: The steps it was to execute, and those whose outputs it took over from runs before.
    step_keys: AbstractSet[str]
    #: How each step that has ended did so; of an earlier attempt, what counts in the end.
    outcomes: Mapping[str, StepOutcome] = field(default_factory=dict)

    def has(self, step_key: str) -> bool:
        """Return whether the run was to execute the step, or took its outputs over."""
        return step_key in self.step_keys or unresolved_key(step_key) in self.step_keys

    def is_done(self, step_key: str) -> bool:
        """Return whether the step ran to its end there, or was skipped."""
        return self.outcomes.get(step_key) in _DONE


def sources_of(step_keys: Iterable[str], generations: Iterable[Generation]) -> dict[str, str]:
    """Return, for each step that a run needs and does not execute, the run to take it from.

    It is the nearest run that was to execute the step: what an earlier one left of it is out of
    date, also where the nearer run failed to renew it.

    Args:
        step_keys: The steps that are needed.
        generations: The runs that it descends from, nearest first; no more are looked at than
            are needed.

    Raises:
        DagsterStepNotStoredError: a step did not come to its end in the nearest run, or none was
            to execute it.
    """
    open_keys = dict.fromkeys(step_keys)
    sources: dict[str, str] = {}
    looked_at: list[str] = []
    for generation in generations if open_keys else ():
        looked_at.append(generation.run_id)
        for key in [key for key in open_keys if generation.has(key)]:
            if not generation.is_done(key):
                raise DagsterStepNotStoredError(key, _unfinished(generation, key))
            sources[key] = generation.run_id
            del open_keys[key]
        if not open_keys:
            break
    for key in open_keys:
        runs = ", ".join(looked_at)
        raise DagsterStepNotStoredError(key, f"none of the runs before ({runs}) executed it")
    return sources


def _unfinished(generation: Generation, step_key: str) -> str:
    outcome = generation.outcomes.get(step_key)
    how = "did not end there" if outcome is None else f"is {outcome.value} there"
    return f"run {generation.run_id} has no outputs of it: it {how}"


def steps_anew(plan: ExecutionPlan) -> list[str]:
    """Return the steps of a part of a resolved plan, mapping keys left out that it renews.

    Args:
        plan: The part, of a plan that is resolved by what runs before left.
    """
    keys = frozenset(plan.step_keys_to_execute)
    renewed: set[str] = set()
    for key, step in plan.step_by_key.items():
        if step.handle.mapping_key is not None and any(
            handle.step_key in (renewed if handle.mapping_key is None else keys)
            for handle in step.upstream_outputs()
        ):
            renewed.add(key)
    return [unresolved_key(key) if key in renewed else key for key in plan.step_keys_to_execute]


def steps_to_resume(plan: ExecutionPlan, parent: Generation) -> list[str]:
    """Return the steps of the parent that failed, did not end or were never started.

    Args:
        plan: The plan of the whole parent run, resolved as far as that came to be.
        parent: The parent.

    Raises:
        DagsterInvalidSubsetError: there is none: nothing is left to do.
    """
    keys = [key for key in plan.step_by_key if parent.has(key) and not parent.is_done(key)]
    if not keys:
        message = (
            f"Nothing of run {parent.run_id} is left to do: each of its steps has succeeded or was "
            "skipped. Select the steps to execute again, or re-execute all of them."
        )
        raise DagsterInvalidSubsetError(message)
    return keys
