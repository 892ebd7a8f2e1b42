"""The contract of what keeps runs, their status and who owns them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Literal

from dagsterlite.runs import DagsterRun, DagsterRunStatus, LeaseState, RunRecord, RunsFilter

OrderColumn = Literal["id", "create_timestamp", "update_timestamp", "start_time", "end_time"]


class RunStorage(ABC):
    """Keeps runs, their status and who owns them.

    A status changes by compare-and-set only, so that a terminal one never changes again; a lease
    names the one driver that may write a run's events.
    """

    @property
    @abstractmethod
    def instance_id(self) -> str:
        """A text made with the store that no other store has: tells two homes apart."""

    @abstractmethod
    def add_run(self, run: DagsterRun) -> RunRecord:
        """Record a new run.

        Raises:
            DagsterRunAlreadyExists: its id is taken.
            DagsterSerdesError: its config or tags are not JSON-able (stores that write JSON).
        """

    @abstractmethod
    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn = "id",
        *,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        """Return the runs that pass all filters; ``cursor`` is the run id to go on after.

        Runs that are equal in the column stand in the order of their ids; one that has no value
        there comes before those that have one.

        Raises:
            DagsterRunNotFoundError: there is no run ``cursor`` (any more) to go on after.
        """

    @abstractmethod
    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        """Return how many runs pass all filters."""

    @abstractmethod
    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        """Return one run, or None."""

    @abstractmethod
    def change_status(
        self,
        run_id: str,
        status: DagsterRunStatus,
        *,
        expected: Iterable[DagsterRunStatus],
        timestamp: float,
    ) -> bool:
        """Set the status if it is among ``expected``; return whether it was set.

        ``timestamp`` (unix seconds) becomes the start time when the status is STARTED, and the
        end time when it is terminal; a terminal status also ends the lease. A terminal status is
        never changed, whatever is expected.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run, over those it has.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def request_cancel(self, run_id: str) -> bool:
        """Ask the run's driver to stop: mark the run, and set CANCELING where that is allowed.

        Return whether the run was cancelable.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def acquire_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> bool:
        """Make ``driver_id`` the run's owner until ``now + seconds`` if nobody else owns it.

        Return whether it does now. An expired lease may be taken over; a finished run is owned by
        nobody.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def renew_lease(self, run_id: str, driver_id: str, *, seconds: float, now: float) -> LeaseState:
        """Extend the lease if ``driver_id`` still holds it, and tell whether to cancel.

        A lease that ran out and that nobody took over is still its driver's. A run that is gone
        is held by nobody.
        """

    @abstractmethod
    def read_lease(self, run_id: str, driver_id: str) -> LeaseState:
        """Tell whether ``driver_id`` holds the run, and whether to cancel, writing nothing."""

    @abstractmethod
    def delete_run(self, run_id: str) -> None:
        """Delete a run, its tags, its lease, and its snapshots unless another run refers to them.

        What it refers to of other runs' objects goes from the record too.

        Do nothing when there is no such run.
        """

    @abstractmethod
    def add_references(self, run_id: str, addresses: Iterable[str]) -> None:
        """Note that a run refers to stored objects of other runs; known ones are passed over."""

    @abstractmethod
    def release_objects(self, run_id: str, own: Iterable[str]) -> list[str]:
        """Let go of all objects of a run that is to be deleted; return those that nobody needs.

        A run needs its own objects and those that it refers to. What other runs refer to of the
        run's own is needed until the last of them is released.

        Asked again before the run is deleted, it returns the same: removing them may have failed.

        Args:
            run_id: The run.
            own: The addresses of the objects that it stored itself.
        """

    @abstractmethod
    def add_snapshot(self, snapshot_id: str, kind: str, body: str) -> None:
        """Keep a text under its content hash; do nothing when it is there.

        A run that refers to it is added first: else it might go with another run meanwhile.
        """

    @abstractmethod
    def get_snapshot(self, snapshot_id: str) -> str | None:
        """Return a kept text, or None."""

    def close(self) -> None:
        """Release connections and files. Closing twice is allowed."""
        return
