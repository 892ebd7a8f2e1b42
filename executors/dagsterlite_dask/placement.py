"""Where and when Dask may run a step, from the solid's tags. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import Any, Final

from dagsterlite.errors import DagsterInvariantViolationError, shown
from dagsterlite.plan.ready import priority_of
from dagsterlite.plan.step import ExecutionStep

RESOURCES_TAG: Final = "dagster-dask/resource_requirements"


@dataclass(frozen=True)
class Placement:
    """Where and when Dask may run a step, as Dask's own annotations say it."""

    priority: int = 0
    #: Pairs of worker resource and amount.
    resources: tuple[tuple[str, float], ...] = ()

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """Dask's annotations; empty for a step without wishes."""
        found: dict[str, Any] = {}
        if self.priority:
            found["priority"] = self.priority
        if self.resources:
            found["resources"] = dict(self.resources)
        return found

    def is_offered_by(self, workers: Iterable[Mapping[str, float]]) -> bool:
        """Return whether one of the workers, each given by its resources, may run the step."""
        return any(
            all(offered.get(name, 0) >= amount for name, amount in self.resources)
            for offered in workers
        )


_NO_WISHES: Final = Placement()


def placement_of(step: ExecutionStep) -> Placement:
    """Return a step's placement.

    Raises:
        DagsterInvariantViolationError: a tag is wrong; the message names solid and tag.
    """
    priority = priority_of(step)
    text = step.tags.get(RESOURCES_TAG)
    if text is None:
        return Placement(priority) if priority else _NO_WISHES
    return Placement(priority, _resources(step, text))


def _resources(step: ExecutionStep, text: str) -> tuple[tuple[str, float], ...]:
    try:
        found = json.loads(text)
        amounts = {name: float(amount) for name, amount in found.items()}
    except (ValueError, TypeError, AttributeError):
        amounts = {"": -1.0}
    if not all(isfinite(amount) and amount > 0 for amount in amounts.values()):
        raise DagsterInvariantViolationError(
            f"Tag '{RESOURCES_TAG}' of {step.kind_and_path} must be a JSON object from worker "
            f'resource to an amount above 0, e.g. {{"GPU": 1}}, not {shown(text)}.'
        )
    return tuple(sorted(amounts.items()))
