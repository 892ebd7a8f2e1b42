"""The contract of what keeps the state of schedules and sensors, and their ticks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from dagsterlite.events.tick import InstigatorTick, TickData, TickStatus
from dagsterlite.instigators import InstigatorState, InstigatorStatus, InstigatorType


class ScheduleStorage(ABC):
    """Keeps which schedules and sensors are on, what they remember, and their ticks (seed 003)."""

    @abstractmethod
    def all_instigator_state(
        self,
        repository_origin_id: str | None = None,
        instigator_type: InstigatorType | None = None,
        instigator_statuses: Iterable[InstigatorStatus] | None = None,
    ) -> list[InstigatorState]:
        """Return the states that pass all filters, in the order in which they were added."""

    @abstractmethod
    def get_instigator_state(self, origin_id: str) -> InstigatorState | None:
        """Return the state of one instigator, or None."""

    @abstractmethod
    def add_instigator_state(self, state: InstigatorState) -> InstigatorState:
        """Record the state of an instigator that has none; return it.

        Raises:
            DagsterInvariantViolationError: it has one.
        """

    @abstractmethod
    def update_instigator_state(self, state: InstigatorState) -> InstigatorState:
        """Put a state in place of the one that the instigator has; return it.

        Raises:
            DagsterInvariantViolationError: it has none.
        """

    @abstractmethod
    def delete_instigator_state(self, origin_id: str) -> None:
        """Forget the state of an instigator, if it has one; its ticks stay."""

    @abstractmethod
    def create_tick(self, tick_data: TickData) -> InstigatorTick:
        """Record a tick; return it with the number that it got."""

    @abstractmethod
    def update_tick(self, tick: InstigatorTick) -> InstigatorTick:
        """Put what is known of a tick now in place of what was recorded; return it.

        Raises:
            DagsterInvariantViolationError: it was purged, or never recorded.
        """

    @abstractmethod
    def get_ticks(
        self,
        origin_id: str,
        before: float | None = None,
        after: float | None = None,
        limit: int | None = None,
        statuses: Iterable[TickStatus] | None = None,
    ) -> list[InstigatorTick]:
        """Return the ticks of an instigator, the latest first.

        Args:
            origin_id: The schedule or sensor.
            before: Only ticks that were due before these unix seconds.
            after: Only ticks that were due after these unix seconds.
            limit: How many at most.
            statuses: Only ticks that went so.
        """

    @abstractmethod
    def purge_ticks(
        self, origin_id: str, before: float, tick_statuses: Iterable[TickStatus] | None = None
    ) -> None:
        """Forget the ticks of an instigator that were due before these unix seconds.

        Args:
            origin_id: The schedule or sensor.
            before: The time, in unix seconds.
            tick_statuses: Only ticks that went so.
        """

    @abstractmethod
    def wipe(self) -> None:
        """Forget all states and ticks."""

    def close(self) -> None:
        """Release connections and files. Closing twice is allowed."""
        return
