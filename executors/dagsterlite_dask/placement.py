"""Where and when Dask may run a step, from the solid's tags and the run config. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from dagsterlite.errors import (
    DagsterInvalidConfigError,
    DagsterInvariantViolationError,
    listed,
    near,
    shown,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.own_tags import DASK_TAG
from dagsterlite.plan.ready import priority_of
from dagsterlite.plan.step import ExecutionStep

RESOURCES_TAG: Final = "dagster-dask/resource_requirements"

_WISHES: Final = ("allow_other_workers", "priority", "resources", "workers")


class Offer(NamedTuple):
    """What a worker offers to steps."""

    #: Amounts by resource.
    resources: Mapping[str, float]
    #: The worker's name, where it has one beside its address.
    name: str | None = None


@dataclass(frozen=True)
class Placement:
    """Where and when Dask may run a step, as Dask's own annotations say it."""

    #: Higher first.
    priority: int = 0
    #: Pairs of worker resource and amount.
    resources: tuple[tuple[str, float], ...] = ()
    #: Addresses, hosts or names of workers that may run it; empty for all.
    workers: tuple[str, ...] = ()
    #: Whether others may too, where those do not.
    allow_other_workers: bool = False

    @cached_property
    def annotations(self) -> Mapping[str, Any]:
        """Dask's annotations; empty for a step without wishes."""
        found: dict[str, Any] = {}
        if self.priority:
            found["priority"] = self.priority
        if self.resources:
            found["resources"] = dict(self.resources)
        if self.workers:
            found["workers"] = list(self.workers)
            found["allow_other_workers"] = self.allow_other_workers
        return found

    def is_offered_by(self, workers: Mapping[str, Offer]) -> bool:
        """Return whether one of the workers, given by address, may run the step."""
        return any(
            self.is_open_to(address, offer)
            and all(offer.resources.get(name, 0) >= amount for name, amount in self.resources)
            for address, offer in workers.items()
        )

    def is_open_to(self, address: str, offer: Offer) -> bool:
        """Return whether a worker is among those that may run the step, whatever it offers."""
        if not self.workers or self.allow_other_workers:
            return True
        known = {address, address.rpartition("://")[2], urlsplit(address).hostname, offer.name}
        return not known.isdisjoint(self.workers)


_NO_WISHES: Final = Placement()


def placement_of(step: ExecutionStep) -> Placement:
    """Return a step's placement by its solid's tags; the tag ``dagsterlite/dask`` weighs most.

    Raises:
        DagsterInvariantViolationError: a tag is wrong; the message names solid and tag.
    """
    priority, tags = priority_of(step), step.tags
    if RESOURCES_TAG not in tags and DASK_TAG not in tags:
        return Placement(priority) if priority else _NO_WISHES
    found = Placement(priority, _resources(step, tags.get(RESOURCES_TAG, "{}")))
    text = tags.get(DASK_TAG)
    if text is None:
        return found
    try:
        return with_wishes(found, json.loads(text))
    except ValueError as exc:
        raise DagsterInvariantViolationError(
            f"Tag '{DASK_TAG}' of {step.kind_and_path} must be a JSON object with some of "
            f"{listed(_WISHES)}: {exc}"
        ) from exc


def _resources(step: ExecutionStep, text: str) -> tuple[tuple[str, float], ...]:
    try:
        return _amounts(json.loads(text))
    except ValueError:
        raise DagsterInvariantViolationError(
            f"Tag '{RESOURCES_TAG}' of {step.kind_and_path} must be a JSON object from worker "
            f'resource to an amount above 0, e.g. {{"GPU": 1}}, not {shown(text)}.'
        ) from None


def with_wishes(placement: Placement, wishes: Any) -> Placement:
    """Return a placement with some parts replaced.

    Args:
        placement: The placement.
        wishes: A mapping with some of ``priority``, ``resources``, ``workers`` and
            ``allow_other_workers``.

    Raises:
        ValueError: it is none, or a part is wrong.
    """
    if not isinstance(wishes, Mapping):
        raise ValueError(f"{shown(wishes)} is none.")  # noqa: TRY004 - one error for wrong JSON
    changes: dict[str, Any] = {}
    for name, value in wishes.items():
        match name, value:
            case "priority", int() if not isinstance(value, bool):
                changes[name] = value
            case "resources", Mapping():
                changes[name] = _amounts(value)
            case "workers", str():
                changes[name] = (value,)
            case "workers", list() if value and all(isinstance(one, str) for one in value):
                changes[name] = tuple(value)
            case "allow_other_workers", bool():
                changes[name] = value
            case _:
                raise ValueError(f"'{name}' cannot be {shown(value)}.{near(str(name), _WISHES)}")
    return replace(placement, **changes)


def _amounts(found: Any) -> tuple[tuple[str, float], ...]:
    """Return worker resources as pairs.

    Raises:
        ValueError: they are no mapping to amounts above 0.
    """
    try:
        amounts = {str(name): float(amount) for name, amount in found.items()}
    except (TypeError, AttributeError) as exc:
        raise ValueError(f"{shown(found)} maps no worker resources to amounts.") from exc
    for name, amount in amounts.items():
        if not (isfinite(amount) and amount > 0):
            raise ValueError(f"resource '{name}' needs an amount above 0, not {amount:g}.")
    return tuple(sorted(amounts.items()))


class Placements:
    """The placement of each step: by its tags, and over them by the run config.

    Args:
        overrides: Wishes by the path of a solid, e.g. ``outer.inner``.
        where: The path of the config that says so, for messages.
    """

    def __init__(self, overrides: Mapping[str, Any], where: str) -> None:
        self._overrides = {
            solid: {name: value for name, value in wishes.items() if value is not None}
            for solid, wishes in overrides.items()
        }
        self._where = where
        self._found: dict[SolidHandle, Placement] = {}

    def __call__(self, step: ExecutionStep) -> Placement:
        """Return a step's placement; the steps of a solid have the same.

        Raises:
            DagsterInvariantViolationError: a tag is wrong.
            DagsterInvalidConfigError: what the run config says of it is.
        """
        solid = step.solid_handle
        if solid not in self._found:
            self._found[solid] = self._place(step)
        return self._found[solid]

    def _place(self, step: ExecutionStep) -> Placement:
        found = placement_of(step)
        wishes = self._overrides.get(str(step.solid_handle))
        if not wishes:
            return found
        try:
            return with_wishes(found, wishes)
        except ValueError as exc:
            message = f"{self._where}.{step.solid_handle}: {exc}"
            raise DagsterInvalidConfigError(message, (), wishes) from exc

    def check(self, plan: ExecutionPlan) -> None:
        """Refuse wishes for solids that are not there, and wrong ones for those that are.

        Raises:
            DagsterInvalidConfigError: there are some.
            DagsterInvariantViolationError: a tag is wrong.
        """
        steps = [*plan.steps, *plan.unresolved_steps]
        known = {str(step.solid_handle) for step in steps}
        for solid in self._overrides:
            if solid not in known:
                message = (
                    f"{self._where} names '{solid}', and the plan has no such solid."
                    f"{near(solid, known)} Name it by its path, e.g. outer.inner."
                )
                raise DagsterInvalidConfigError(message, (), solid)
        for step in steps:
            self(step)


def resources_of(workers: Iterable[Offer]) -> list[Mapping[str, float]]:
    """Return the resources of workers, for messages."""
    return [offer.resources for offer in workers]
