"""Who shares a resource on the workers of a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from dagsterlite.execution.resources import OnError, ResourceManager


class ResourceScope(Enum):
    """Who shares the resources that are made in one worker process."""

    #: All steps that the run has there.
    WORKER = "worker"
    #: The steps that run in one thread, one after the other.
    THREAD = "thread"
    #: Nobody: each step has its own, which are torn down at its end.
    STEP = "step"


class WorkerResources:
    """A run's resources in one worker process.

    Args:
        make: Returns what makes the resources, anew for each that does not share them.
        scope: Who shares them.
        on_error: Called with the key and the exception of each clean-up that raised.
    """

    def __init__(
        self, make: Callable[[], ResourceManager], scope: ResourceScope, on_error: OnError
    ) -> None:
        self._make = make
        self._scope = scope
        self._on_error = on_error
        self._lock = threading.Lock()
        #: What the run itself needs, its storage for one.
        self.shared = make()
        self._made = [self.shared]
        self._of_thread = threading.local()

    @contextmanager
    def of_step(self) -> Iterator[ResourceManager]:
        """Give out the resources of a step that runs in this thread."""
        match self._scope:
            case ResourceScope.WORKER:
                yield self.shared
            case ResourceScope.THREAD:
                yield self._thread_manager()
            case ResourceScope.STEP:
                manager = self._make()
                try:
                    yield manager
                finally:
                    manager.tear_down(self._on_error)

    def _thread_manager(self) -> ResourceManager:
        manager: ResourceManager | None = getattr(self._of_thread, "manager", None)
        if manager is None:
            manager = self._of_thread.manager = self._make()
            with self._lock:
                self._made.append(manager)
        return manager

    def tear_down(self) -> None:
        """Let all resources clean up after themselves, those that were made last first."""
        with self._lock:
            made, self._made = self._made, []
        for manager in reversed(made):
            manager.tear_down(self._on_error)
