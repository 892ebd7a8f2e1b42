"""What an instance is made of."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Self

from dagsterlite.compute_logs import ComputeLogManager, NoOpComputeLogManager
from dagsterlite.instance.artifacts import LocalArtifactStorage
from dagsterlite.instance.watching import EventWatcher
from dagsterlite.stores import EventLogStorage, RunStorage


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
        schedule_storage: Any = None,
        scheduler: Any = None,
        run_coordinator: Any = None,
        run_launcher: Any = None,
        settings: Mapping[str, Any] | None = None,
        ref: Any = None,
    ) -> None:
        self._instance_type = instance_type
        self._local_artifact_storage = local_artifact_storage
        self._run_storage = run_storage
        self._event_storage = event_storage
        self.compute_log_manager = compute_log_manager or NoOpComputeLogManager()
        self.schedule_storage = schedule_storage
        self.scheduler = scheduler
        self.run_coordinator = run_coordinator
        self.run_launcher = run_launcher
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
    def local_artifact_storage(self) -> LocalArtifactStorage:
        """The folder for files."""
        return self._local_artifact_storage

    @property
    def root_directory(self) -> str:
        """The folder for files, as a path."""
        return self._local_artifact_storage.base_dir

    @property
    def storage_directory(self) -> str:
        """The folder below which each run has its own."""
        return self._local_artifact_storage.storage_dir

    def get_settings(self, name: str) -> Any:
        """Return one of the instance's further settings, or None."""
        return self._settings.get(name)

    def dispose(self) -> None:
        """Release the connections and files of all stores."""
        self._watcher.close()
        self._run_storage.close()
        self._event_storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.dispose()
