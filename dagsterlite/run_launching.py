"""Who starts runs: the contracts of launchers, coordinators and schedulers (seeds 003, 004)."""

from __future__ import annotations

import weakref
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.runs import DagsterRun


class InstancePart:
    """A part of an instance that works on the whole of it."""

    _instance_ref: Any = None

    def register_instance(self, instance: Any) -> None:
        """Take the instance that the part belongs to; called once, by the instance.

        Raises:
            DagsterInvariantViolationError: it belongs to another.
        """
        if self._instance_ref is not None and self._instance_ref() is not instance:
            raise DagsterInvariantViolationError(
                f"A {type(self).__name__} belongs to one instance, and this one has another "
                "already. Make one for each."
            )
        # The instance has its parts, not they it: it goes when nobody else has it.
        self._instance_ref = weakref.ref(instance)

    @property
    def instance(self) -> Any:
        """The instance, a DagsterInstance.

        Raises:
            DagsterInvariantViolationError: it belongs to none.
        """
        instance = None if self._instance_ref is None else self._instance_ref()
        if instance is None:
            raise DagsterInvariantViolationError(
                f"The {type(self).__name__} belongs to no instance that is still there: give it to "
                "a DagsterInstance, or name it in dagster.yaml."
            )
        return instance


@dataclass(frozen=True, kw_only=True)
class LaunchRunContext:
    """What a launcher is told."""

    #: The run, recorded and STARTING.
    pipeline_run: DagsterRun

    @property
    def dagster_run(self) -> DagsterRun:
        """The run, by its newer name."""
        return self.pipeline_run


@dataclass(frozen=True, kw_only=True)
class SubmitRunContext:
    """What a coordinator is told."""

    #: The run, recorded and not begun.
    pipeline_run: DagsterRun

    @property
    def dagster_run(self) -> DagsterRun:
        """The run, by its newer name."""
        return self.pipeline_run


class RunLauncher(InstancePart, ABC):
    """Starts runs elsewhere than in the process that asks for them."""

    @abstractmethod
    def launch_run(self, context: LaunchRunContext) -> None:
        """Have a run executed, and return without waiting for it.

        Whoever executes it opens the instance by its ref and calls ``execute_run``. What is raised
        becomes the run's failure.
        """

    @abstractmethod
    def terminate(self, run_id: str) -> bool:
        """Stop a run; return whether it could still be stopped.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def can_terminate(self, run_id: str) -> bool:
        """Return whether a run is under way, and can be stopped by :meth:`terminate`."""

    def join(self, timeout: float = 30) -> bool:
        """Wait for what was launched here; return whether all of it ended in so many seconds."""
        return True

    def dispose(self) -> None:
        """Let go of what belongs to this process; runs go on. Twice is allowed."""
        return


class RunCoordinator(InstancePart, ABC):
    """Decides when a run that was submitted is launched."""

    @abstractmethod
    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        """Take a run; return it as it stands then: launched, or queued."""

    @abstractmethod
    def cancel_run(self, run_id: str) -> bool:
        """Stop a run, or take it out of the queue; return whether that could still be done.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """

    @abstractmethod
    def can_cancel_run(self, run_id: str) -> bool:
        """Return whether :meth:`cancel_run` could do something."""

    def dispose(self) -> None:
        """Let go of what belongs to this process. Twice is allowed."""
        return


class Scheduler(InstancePart, ABC):
    """Abstract base class for a scheduler (seed 003).

    It has an external system, such as cron, execute what is scheduled again and again. Which
    schedules and sensors are on stands in the instance's ``schedule_storage``.
    """

    @abstractmethod
    def debug_info(self) -> str:
        """Return what helps to find out why nothing ticks, as text for people."""

    @abstractmethod
    def get_logs_path(self, origin_id: str) -> str:
        """Return the file that tells of an instigator's ticks; it may not be there yet.

        Args:
            origin_id: The schedule or sensor.
        """

    def dispose(self) -> None:
        """Let go of what belongs to this process. Twice is allowed."""
        return
