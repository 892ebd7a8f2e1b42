"""What an instance is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

from dagsterlite import plugins
from dagsterlite.compute_logs import ComputeLogManager, NoOpComputeLogManager
from dagsterlite.instance.artifacts import LocalArtifactStorage
from dagsterlite.instance.watching import EventWatcher
from dagsterlite.run_launching import RunCoordinator, RunLauncher, Scheduler
from dagsterlite.stores import EventLogStorage, RunStorage, ScheduleStorage


class InstanceType(Enum):
    """Whether what an instance records outlives the process."""

    PERSISTENT = "PERSISTENT"
    EPHEMERAL = "EPHEMERAL"


class InstanceParts:
    """Holds the parts of an instance; see :class:`DagsterInstance` for what each is."""

    def __init__(
        self,
        instance_type: InstanceType,
        local_artifact_storage: LocalArtifactStorage,
        run_storage: RunStorage,
        event_storage: EventLogStorage,
        compute_log_manager: ComputeLogManager | None = None,
        schedule_storage: ScheduleStorage | None = None,
        scheduler: Scheduler | None = None,
        run_coordinator: RunCoordinator | None = None,
        run_launcher: RunLauncher | None = None,
        settings: Mapping[str, Any] | None = None,
        ref: Any = None,
    ) -> None:
        self._instance_type = instance_type
        self._local_artifact_storage = local_artifact_storage
        self._run_storage = run_storage
        self._event_storage = event_storage
        self.compute_log_manager = compute_log_manager or NoOpComputeLogManager()
        self._schedule_storage = schedule_storage
        self._scheduler = scheduler
        self._run_coordinator = run_coordinator
        self._run_launcher = run_launcher
        for part in (run_coordinator, run_launcher, scheduler):
            if part is not None:
                part.register_instance(self)
        self._settings = dict(settings or {})
        self._ref = ref
        self._watcher = EventWatcher(event_storage)

    @property
    def instance_type(self) -> InstanceType:
        """Whether the instance is ephemeral or persistent."""
        return self._instance_type

    @property
    def is_ephemeral(self) -> bool:
        """Whether the records go with the process."""
        return self._instance_type is InstanceType.EPHEMERAL

    @property
    def is_persistent(self) -> bool:
        """Whether the records outlive the process."""
        return self._instance_type is InstanceType.PERSISTENT

    @property
    def run_storage(self) -> RunStorage:
        """What keeps runs."""
        return self._run_storage

    @property
    def event_log_storage(self) -> EventLogStorage:
        """What keeps events."""
        return self._event_storage

    @property
    def schedule_storage(self) -> ScheduleStorage | None:
        """What keeps the state of schedules and sensors; None where nothing does."""
        if self._schedule_storage is None and self._ref is not None:
            self._schedule_storage = plugins.load("schedule_storage_from_ref")(self._ref)
        return self._schedule_storage

    @property
    def scheduler(self) -> Scheduler | None:
        """What makes schedules tick; None where nothing does."""
        return self._scheduler

    @property
    def local_artifact_storage(self) -> LocalArtifactStorage:
        """The folder for files."""
        return self._local_artifact_storage

    @property
    def run_launcher(self) -> RunLauncher:
        """What starts runs that are launched."""
        if self._run_launcher is None:
            self._run_launcher = made = plugins.load("default_run_launcher")()
            made.register_instance(self)
        return self._run_launcher

    @property
    def run_coordinator(self) -> RunCoordinator:
        """What decides when a run that was submitted is launched."""
        if self._run_coordinator is None:
            self._run_coordinator = made = plugins.load("default_run_coordinator")()
            made.register_instance(self)
        return self._run_coordinator

    @property
    def root_directory(self) -> str:
        """The folder for files, as a path."""
        return self._local_artifact_storage.base_dir

    def storage_directory(self) -> str:
        """Return the folder below which each run has its own."""
        return self._local_artifact_storage.storage_dir

    def get_settings(self, name: str) -> Any:
        """Return one of the instance's further settings, or None."""
        return self._settings.get(name)

    def dispose(self) -> None:
        """Release the connections and files of all stores."""
        for part in (self._run_coordinator, self._run_launcher, self._scheduler):
            if part is not None:
                part.dispose()
        self._watcher.close()
        if self._schedule_storage is not None:
            self._schedule_storage.close()
        self._run_storage.close()
        self._event_storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.dispose()
