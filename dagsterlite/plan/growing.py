"""The steps of a plan that are known while it is executed: more with each dynamic output. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from dagsterlite.events.engine import StepsResolved
from dagsterlite.events.receipt import Receipt, Receipts
from dagsterlite.handles import StepOutputHandle, unresolved_key
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.resolve import NEVER_YIELDED, mapping_keys_of, resolve
from dagsterlite.plan.step import ExecutionStep, FanOut, MappingKey, UnresolvedStep


@dataclass(frozen=True)
class Growth:
    """What came to be known."""

    #: In topological order.
    steps: tuple[ExecutionStep, ...] = ()
    resolved: tuple[StepsResolved, ...] = ()


class GrowingPlan:
    """The steps to execute whose number and inputs are known, and how they depend on each other.

    A step is known once all dynamic outputs that it waits for are, and all steps that it needs are
    known: at the start, or as a step with a dynamic output ends.

    Args:
        plan: The plan.
        earlier: The receipts of steps that the plan needs and does not execute.
    """

    def __init__(self, plan: ExecutionPlan, earlier: Receipts | None = None) -> None:
        self._number = {key: number for number, key in enumerate(plan.step_keys_to_execute)}
        self._place: dict[str, tuple[int, int]] = {}
        self._fan_outs: dict[str, set[FanOut]] = {}
        for unresolved in plan.unresolved_steps:
            for fan_out in unresolved.fan_outs:
                self._fan_outs.setdefault(fan_out.output.step_key, set()).add(fan_out)
        self._waiting = {step.key: step for step in plan.steps} if self._fan_outs else {}
        self._awaited = Counter(
            key for step in self._waiting.values() for key in step.upstream_keys()
        )
        #: The known steps by key.
        self.step_by_key: dict[str, ExecutionStep] = {}
        #: For each known step, the keys of the steps that it needs.
        self.upstream_keys: dict[str, frozenset[str]] = {}
        #: For each known step, the keys of the known steps that need it.
        self.consumers: dict[str, list[str]] = {}
        #: The mapping keys of the dynamic outputs that are known.
        self.mapping_keys: dict[StepOutputHandle, tuple[MappingKey, ...]] = {}
        for receipt in (earlier or {}).values():
            self._note(receipt)
        if not self._waiting:
            for number, step in enumerate(plan.steps):
                self._add(step, (number, 0), plan.upstream_keys[step.key])
        #: What is known before the first step has run.
        self.start = self._advance() if self._waiting else Growth(plan.steps)

    @property
    def is_complete(self) -> bool:
        """Whether all steps are known."""
        return not self._waiting

    @property
    def waiting(self) -> Collection[ExecutionStep]:
        """The steps of the plan that are not known yet."""
        return self._waiting.values()

    def is_awaited(self, key: str) -> bool:
        """Return whether a step that is not known yet needs this one, or all that are mapped so."""
        if not self._waiting:
            return False
        return self._awaited[key] > 0 or self._awaited[unresolved_key(key)] > 0

    def place_of(self, key: str) -> tuple[int, int]:
        """Return where a known step stands in the plan's order: the least is the first."""
        return self._place[key]

    def in_order(self, keys: Collection[str]) -> list[str]:
        """Return known steps in the plan's order, mapped ones in that of their mapping keys."""
        return sorted(keys, key=self._place.__getitem__)

    def take_up(self, receipt: Receipt) -> Growth:
        """Take up how a step has ended; return what is known by that."""
        if receipt.step_key not in self._fan_outs:
            return _NOTHING
        self._note(receipt)
        return self._advance()

    def _note(self, receipt: Receipt) -> None:
        for fan_out in self._fan_outs.get(receipt.step_key, ()):
            self.mapping_keys[fan_out.output] = mapping_keys_of(fan_out, receipt)

    def _advance(self) -> Growth:
        steps: list[ExecutionStep] = []
        mapped: dict[FanOut, list[str]] = {}
        for key, step in list(self._waiting.items()):
            if not self._can_be_known(step):
                continue
            del self._waiting[key]
            self._awaited.subtract(step.upstream_keys())
            known: tuple[ExecutionStep, ...] = (step,)
            if isinstance(step, UnresolvedStep):
                known = resolve(step, self.mapping_keys)
                if step.mapped_over is not None:
                    mapped.setdefault(step.mapped_over, []).append(key)
            for place, one in enumerate(known):
                self._add(one, (self._number[key], place), one.upstream_keys())
            steps += known
        return Growth(tuple(steps), tuple(self._told_of(mapped)))

    def _can_be_known(self, step: ExecutionStep) -> bool:
        if isinstance(step, UnresolvedStep) and not all(
            fan_out.output in self.mapping_keys for fan_out in step.fan_outs
        ):
            return False
        return self._waiting.keys().isdisjoint(step.upstream_keys())

    def _add(self, step: ExecutionStep, place: tuple[int, int], upstream: frozenset[str]) -> None:
        key = step.key
        self._place[key] = place
        self.step_by_key[key] = step
        self.upstream_keys[key] = upstream
        self.consumers[key] = []
        for source in upstream:
            if source in self.consumers:
                self.consumers[source].append(key)

    def _told_of(self, mapped: dict[FanOut, list[str]]) -> Iterable[StepsResolved]:
        for fan_out, step_keys in mapped.items():
            keys = self.mapping_keys[fan_out.output]
            if keys != NEVER_YIELDED:
                known = tuple(key for key in keys if key is not None)
                yield StepsResolved(fan_out.output, known, tuple(step_keys))


_NOTHING = Growth()
