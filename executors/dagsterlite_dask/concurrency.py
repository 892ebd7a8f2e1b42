"""How many steps of a kind may run at once. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from dagsterlite.errors import DagsterInvalidConfigError
from dagsterlite.plan.step import ExecutionStep

_PER_VALUE: Final = "applyLimitPerUniqueValue"


@dataclass(frozen=True, kw_only=True)
class TagLimit:
    """At most so many steps with a tag run at once."""

    key: str
    #: The tag's value that it is for; None for any.
    value: str | None = None
    #: Whether steps count apart by the tag's value.
    is_per_value: bool = False
    limit: int

    def slot_of(self, step: ExecutionStep) -> str | None:
        """Return the name of what a step takes one of while it runs, if it does."""
        found = step.tags.get(self.key)
        if found is None or self.value not in {None, found}:
            return None
        return found if self.is_per_value else ""


Slots = tuple[tuple[TagLimit, str], ...]


class TagLimits:
    """Which steps have a slot of each limit that is for them.

    Args:
        limits: The limits.
    """

    def __init__(self, limits: Sequence[TagLimit] = ()) -> None:
        self._limits = tuple(limits)
        self._taken: Counter[tuple[TagLimit, str]] = Counter()
        self._slots: dict[str, Slots] = {}

    @staticmethod
    def from_config(config: Sequence[Mapping[str, Any]], where: str) -> TagLimits:
        """Return the limits that a config, resolved, asks for.

        Raises:
            DagsterInvalidConfigError: a limit is below 1.
        """
        found: list[TagLimit] = []
        for number, item in enumerate(config):
            if item["limit"] < 1:
                message = f"{where}[{number}].limit must be 1 or more, not {item['limit']}."
                raise DagsterInvalidConfigError(message, (), item["limit"])
            value = item.get("value")
            is_text = isinstance(value, str)
            found.append(
                TagLimit(
                    key=item["key"],
                    value=value if is_text else None,
                    is_per_value=not is_text and bool((value or {}).get(_PER_VALUE)),
                    limit=item["limit"],
                )
            )
        return TagLimits(found)

    def hold(self, step: ExecutionStep) -> bool:
        """Return whether a limit is for a step."""
        return bool(self._limits) and bool(self.slots_of(step))

    def take(self, step: ExecutionStep) -> bool:
        """Take what a step needs to run; return whether all of it was free."""
        slots = self.slots_of(step)
        if not self.has_room(slots):
            return False
        self._taken.update(slots)
        self._slots[step.key] = slots
        return True

    def has_room(self, slots: Slots) -> bool:
        """Return whether one of each of these is free."""
        return all(self._taken[slot] < slot[0].limit for slot in slots)

    def give_back(self, step_key: str) -> bool:
        """Give back what a step took; return whether it had taken anything."""
        slots = self._slots.pop(step_key, ())
        self._taken.subtract(slots)
        return bool(slots)

    def slots_of(self, step: ExecutionStep) -> Slots:
        """Return what a step takes one of each while it runs."""
        found = ((limit, limit.slot_of(step)) for limit in self._limits)
        return tuple((limit, slot) for limit, slot in found if slot is not None)
