"""The instance: one door to runs, their events and the folder for what they leave behind."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Self

from dagsterlite import plugins
from dagsterlite.compute_logs import ComputeLogManager, NoOpComputeLogManager
from dagsterlite.config import Field, StringSource
from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData
from dagsterlite.errors import DagsterHomeError, DagsterHomeNotSetError, DagsterRunNotFoundError
from dagsterlite.events.assets import AssetKey
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.payloads import ObjectStoreOperationType
from dagsterlite.run_launching import RunCoordinator, RunLauncher
from dagsterlite.runs import (
    DagsterRun,
    DagsterRunStatus,
    RunRecord,
    RunsFilter,
    make_new_run_id,
    sources_of,
)
from dagsterlite.stores import (
    EventLogRecord,
    EventLogStorage,
    EventRecordsFilter,
    OrderColumn,
    RunStorage,
)

HOME_VARIABLE = "DAGSTER_HOME"


def home_folder() -> str:
    """Return the folder that ``$DAGSTER_HOME`` names.

    Raises:
        DagsterHomeNotSetError: the variable is not set, or not an absolute path.
    """
    home = os.environ.get(HOME_VARIABLE)
    if not home:
        message = (
            f"${HOME_VARIABLE} is not set, so there is no instance to get. Set it to an "
            "absolute path of a folder that keeps runs and events, or use "
            "DagsterInstance.ephemeral()."
        )
        raise DagsterHomeNotSetError(message)
    home = os.path.expanduser(home)
    if not os.path.isabs(home):
        raise DagsterHomeNotSetError(f"${HOME_VARIABLE} must be an absolute path, not '{home}'.")
    return home


class InstanceType(Enum):
    """Whether what an instance records outlives the process."""

    PERSISTENT = "PERSISTENT"
    EPHEMERAL = "EPHEMERAL"


class LocalArtifactStorage(ConfigurableClass):
    """The one folder for all files that runs leave on this machine (seed 002).

    Args:
        base_dir: The folder; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._base_dir = os.path.abspath(os.path.expanduser(base_dir))
        self._inst_data = inst_data

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {"base_dir": Field(StringSource, description="The folder; made when needed.")}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> LocalArtifactStorage:
        return cls(config_value["base_dir"], inst_data)

    @property
    def base_dir(self) -> str:
        """The folder."""
        return self._base_dir

    @property
    def storage_dir(self) -> str:
        """The folder below which each run has its own, named by its id."""
        return os.path.join(self.base_dir, "storage")

    @property
    def file_manager_dir(self) -> str:
        """The folder of the local file manager."""
        return os.path.join(self.storage_dir, "file_manager")


class DagsterInstance:
    """Core abstraction for managing access to storage and other resources (seeds 002, 003).

    Use :meth:`get` for the instance of ``$DAGSTER_HOME``, :meth:`ephemeral` for one in memory and
    :meth:`local_temp` for a persistent one in a temporary folder.

    Args:
        instance_type: Whether the instance is ephemeral or persistent.
        local_artifact_storage: The folder for files.
        run_storage: Keeps runs.
        event_storage: Keeps events.
        compute_log_manager: Keeps what steps print; by default nothing does.
        schedule_storage: Keeps schedules.
        scheduler: Runs schedules.
        run_coordinator: Decides when a submitted run starts; by default at once.
        run_launcher: Starts runs elsewhere; by default in processes of their own on this machine.
        settings: Further settings of the instance.
        ref: How another process opens this instance.
    """

    def __init__(
        self,
        instance_type: InstanceType,
        local_artifact_storage: LocalArtifactStorage,
        run_storage: RunStorage,
        event_storage: EventLogStorage,
        compute_log_manager: ComputeLogManager | None = None,
        schedule_storage: Any = None,
        scheduler: Any = None,
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
        self.schedule_storage = schedule_storage
        self.scheduler = scheduler
        self._run_coordinator = run_coordinator
        self._run_launcher = run_launcher
        for part in (run_coordinator, run_launcher):
            if part is not None:
                part.register_instance(self)
        self._settings = dict(settings or {})
        self._ref = ref

    # --- where instances come from ---

    @staticmethod
    def ephemeral(
        tempdir: str | None = None,
        preload: Sequence[Any] | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> DagsterInstance:
        """Return an instance whose records live in memory.

        Args:
            tempdir: The folder for files; by default one that goes with the instance.
            preload: Runs with their events to begin with: ``(DagsterRun, [EventLogEntry, …])``.
            settings: Settings for the instance.
        """
        instance = DagsterInstance(
            InstanceType.EPHEMERAL,
            LocalArtifactStorage(tempdir) if tempdir else _TemporaryArtifactStorage(),
            plugins.load("ephemeral_run_storage")(),
            plugins.load("ephemeral_event_log_storage")(),
            settings=settings,
        )
        for run, entries in preload or ():
            instance.add_run(run)
            instance.event_log_storage.store_entries(entries)
        return instance

    @staticmethod
    def local_temp(
        tempdir: str | None = None, overrides: Mapping[str, Any] | None = None
    ) -> DagsterInstance:
        """Return a persistent instance in a temporary folder (by default one made for it).

        Args:
            tempdir: The folder.
            overrides: Sections of ``dagster.yaml`` that stand in place of the folder's own.
        """
        if tempdir is not None:
            instance: DagsterInstance = plugins.load("instance_from_home")(tempdir, overrides)
            return instance
        folder = tempfile.TemporaryDirectory(prefix="dagsterlite-")
        instance = plugins.load("instance_from_home")(folder.name, overrides)
        weakref.finalize(instance, folder.cleanup)
        return instance

    @staticmethod
    def get() -> DagsterInstance:
        """Return the instance that ``$DAGSTER_HOME`` names.

        Raises:
            DagsterHomeError: the variable is not set, or not an absolute path, or its folder
                cannot be used.
        """
        instance: DagsterInstance = plugins.load("instance_from_home")(home_folder())
        return instance

    @staticmethod
    def from_ref(ref: Any) -> DagsterInstance:
        """Return the instance that ``ref`` describes, e.g. in another process."""
        instance: DagsterInstance = plugins.load("instance_from_ref")(ref)
        return instance

    def get_ref(self) -> Any:
        """Return what :meth:`from_ref` opens this instance by.

        Raises:
            DagsterHomeError: the instance lives in this process's memory.
        """
        if self._ref is None:
            message = "An ephemeral instance lives in one process; no other process can open it."
            raise DagsterHomeError(message)
        return self._ref

    # --- parts ---

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

    @property
    def storage_directory(self) -> str:
        """The folder below which each run has its own."""
        return self._local_artifact_storage.storage_dir

    def get_settings(self, name: str) -> Any:
        """Return one of the instance's further settings, or None."""
        return self._settings.get(name)

    def dispose(self) -> None:
        """Release the connections and files of all stores."""
        for part in (self._run_coordinator, self._run_launcher):
            if part is not None:
                part.dispose()
        self._run_storage.close()
        self._event_storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.dispose()

    # --- runs ---

    def create_run(
        self,
        pipeline_name: str,
        run_id: str | None = None,
        run_config: Mapping[str, Any] | None = None,
        mode: str | None = None,
        solids_to_execute: Iterable[str] | None = None,
        step_keys_to_execute: Sequence[str] | None = None,
        status: DagsterRunStatus | None = None,
        tags: Mapping[str, str] | None = None,
        root_run_id: str | None = None,
        parent_run_id: str | None = None,
        pipeline_snapshot: str | None = None,
        execution_plan_snapshot: str | None = None,
        parent_pipeline_snapshot: str | None = None,
        solid_selection: Sequence[str] | None = None,
        external_pipeline_origin: Any = None,
    ) -> DagsterRun:
        """Record a new run and return it (seed 004).

        Snapshots are JSON texts; each is kept once under its content hash.

        Raises:
            DagsterRunAlreadyExists: the run id is taken.
        """
        if parent_pipeline_snapshot is not None:
            self._keep_snapshot("pipeline", parent_pipeline_snapshot)
        return self.add_run(
            DagsterRun(
                pipeline_name=pipeline_name,
                run_id=run_id or make_new_run_id(),
                run_config=run_config or {},
                mode=mode or "default",
                solid_selection=tuple(solid_selection) if solid_selection else None,
                solids_to_execute=frozenset(solids_to_execute) if solids_to_execute else None,
                step_keys_to_execute=tuple(step_keys_to_execute) if step_keys_to_execute else None,
                status=status or DagsterRunStatus.NOT_STARTED,
                tags=tags or {},
                root_run_id=root_run_id,
                parent_run_id=parent_run_id,
                pipeline_snapshot_id=self._keep_snapshot("pipeline", pipeline_snapshot),
                execution_plan_snapshot_id=self._keep_snapshot("plan", execution_plan_snapshot),
                external_pipeline_origin=external_pipeline_origin,
            )
        )

    def create_run_for_pipeline(self, pipeline_def: Any, **arguments: Any) -> DagsterRun:
        """Record a run of a pipeline; takes the arguments of ``create_run_for_pipeline``."""
        made = plugins.load("create_run_for_pipeline")
        run: DagsterRun = made(pipeline_def, instance=self, **arguments)
        return run

    def _keep_snapshot(self, kind: str, body: str | None) -> str | None:
        if body is None:
            return None
        snapshot_id = hashlib.sha256(body.encode()).hexdigest()
        self._run_storage.add_snapshot(snapshot_id, kind, body)
        return snapshot_id

    def add_run(self, run: DagsterRun) -> DagsterRun:
        """Record a run that was made elsewhere.

        Raises:
            DagsterRunAlreadyExists: its id is taken.
        """
        return self._run_storage.add_run(run).dagster_run

    def has_run(self, run_id: str) -> bool:
        """Return whether a run of that id is recorded."""
        return self._run_storage.get_run_record_by_id(run_id) is not None

    def get_run_by_id(self, run_id: str) -> DagsterRun | None:
        """Return the run of that id, or None."""
        record = self._run_storage.get_run_record_by_id(run_id)
        return record.dagster_run if record else None

    def get_run_record_by_id(self, run_id: str) -> RunRecord | None:
        """Return the record of the run of that id, or None."""
        return self._run_storage.get_run_record_by_id(run_id)

    def get_run_records(
        self,
        filters: RunsFilter | None = None,
        limit: int | None = None,
        order_by: OrderColumn | None = None,
        ascending: bool = False,
        cursor: str | None = None,
    ) -> list[RunRecord]:
        """Return the records of the runs that pass the filter, newest first unless told otherwise.

        Args:
            filters: What each run must be.
            limit: Number of results to get. Defaults to infinite.
            order_by: Name of the column to sort by. Defaults to id.
            ascending: Sort the result in ascending order if True, descending otherwise.
            cursor: The run id to go on after.
        """
        return self._run_storage.get_run_records(
            filters, limit, order_by or "id", ascending=ascending, cursor=cursor
        )

    def get_runs(
        self, filters: RunsFilter | None = None, cursor: str | None = None, limit: int | None = None
    ) -> list[DagsterRun]:
        """Return the runs that pass the filter, newest first."""
        records = self.get_run_records(filters, limit, cursor=cursor)
        return [record.dagster_run for record in records]

    def get_runs_count(self, filters: RunsFilter | None = None) -> int:
        """Return how many runs pass the filter."""
        return self._run_storage.get_runs_count(filters)

    def add_run_tags(self, run_id: str, tags: Mapping[str, str]) -> None:
        """Add tags to a run.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """
        self._run_storage.add_run_tags(run_id, tags)

    def delete_run(self, run_id: str) -> None:
        """Delete a run and all events generated by that from storage.

        The outputs that it stored go too, and what its steps have printed.

        Outputs that another run refers to, since it re-executes a part of this one, stay until the
        last such run is deleted.

        Raises:
            DagsterStorageError: the outputs cannot be removed; the run is still there.
        """
        self.compute_log_manager.delete_logs(prefix=[run_id])
        own = list(self._stored_by(run_id))
        free = self._run_storage.release_objects(run_id, own)
        if self.is_persistent or own or free:
            plugins.load("remove_run_files")(run_id, self.storage_directory, own, free)
        self._event_storage.delete_events(run_id)
        self._run_storage.delete_run(run_id)

    def _stored_by(self, run_id: str) -> Iterator[str]:
        """Yield the addresses of the objects that a run stored beyond its process."""
        kind = DagsterEventType.OBJECT_STORE_OPERATION
        for entry in self.all_logs(run_id, kind):
            data = entry.get_dagster_event().object_store_operation_result_data
            is_kept = data.op is ObjectStoreOperationType.SET_OBJECT and data.metadata_entries
            if is_kept and data.address is not None:
                yield data.address

    def submit_run(self, run_id: str) -> DagsterRun:
        """Hand a recorded run to the run coordinator; return the run as it stands then.

        Raises:
            DagsterRunNotFoundError: there is no such run.
            DagsterRunConflict: it was submitted or begun before.
            DagsterLaunchFailedError: it was launched at once, and that failed.
        """
        run: DagsterRun = plugins.load("submit_run")(run_id, self)
        return run

    def launch_run(self, run_id: str) -> DagsterRun:
        """Hand a recorded run to the run launcher, past any queue; return it as it stands then.

        Raises:
            DagsterRunNotFoundError: there is no such run.
            DagsterRunConflict: it was launched or begun before.
            DagsterLaunchFailedError: it cannot be launched; the run has failed.
        """
        run: DagsterRun = plugins.load("launch_run")(run_id, self)
        return run

    def request_cancel(self, run_id: str) -> bool:
        """Ask the driver of a run to stop; return whether the run could still be canceled.

        Raises:
            DagsterRunNotFoundError: there is no such run.
        """
        return self._run_storage.request_cancel(run_id)

    # --- events ---

    def record_entries(self, entries: Sequence[EventLogEntry]) -> None:
        """Record entries of a run's event log; known ones are passed over."""
        self._event_storage.store_entries(entries)

    def record_status(self, entry: EventLogEntry) -> bool:
        """Record a run-level event and set the run's status after it; return whether it was set.

        Where the run's status does not allow it (it ended, or was never there), nothing is
        recorded: terminal states never change again.
        """
        status = STATUS_AFTER[entry.get_dagster_event().event_type]
        allowed = self._run_storage.change_status(
            entry.run_id, status, expected=sources_of(status), timestamp=entry.timestamp
        )
        if allowed:
            self._event_storage.store_entries([entry])
        return allowed

    def all_logs(
        self, run_id: str, of_type: DagsterEventType | Iterable[DagsterEventType] | None = None
    ) -> list[EventLogEntry]:
        """Return a run's entries in the order they were recorded.

        Args:
            run_id: The run.
            of_type: The type or types of events wanted; all entries by default.
        """
        types = [of_type] if isinstance(of_type, DagsterEventType) else of_type
        return self._event_storage.get_logs_for_run(run_id, types)

    def get_records_for_run(
        self,
        run_id: str,
        after: int = 0,
        of_types: Iterable[DagsterEventType] | None = None,
        limit: int | None = None,
    ) -> list[EventLogRecord]:
        """Return a run's records whose storage id is above ``after``, in the order recorded."""
        return self._event_storage.get_records_for_run(
            run_id, after=after, of_types=of_types, limit=limit
        )

    def get_event_records(
        self,
        event_records_filter: EventRecordsFilter,
        limit: int | None = None,
        ascending: bool = False,
    ) -> list[EventLogRecord]:
        """Return the asset, observation or status events of all runs that pass the filter."""
        return self._event_storage.get_event_records(
            event_records_filter, limit, ascending=ascending
        )

    def get_asset_keys(
        self,
        prefix: Sequence[str] | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> list[AssetKey]:
        """Return a filtered subset of asset keys managed by this instance.

        Args:
            prefix: Return only assets having this key prefix.
            limit: Maximum number of keys to return.
            cursor: Cursor to use for pagination: the last key's ``to_string()``.
        """
        return self._event_storage.get_asset_keys(prefix, limit, cursor)

    def has_asset_key(self, asset_key: AssetKey) -> bool:
        """Return true if this instance manages the given asset key."""
        return self._event_storage.has_asset_key(asset_key)

    def require_run(self, run_id: str) -> RunRecord:
        """Return the record of a run that must be there.

        Raises:
            DagsterRunNotFoundError: it is not.
        """
        record = self._run_storage.get_run_record_by_id(run_id)
        if record is None:
            raise DagsterRunNotFoundError(run_id)
        return record


class _TemporaryArtifactStorage(LocalArtifactStorage):
    """A folder made at first need and removed with the instance."""

    def __init__(self) -> None:
        self._inst_data = None
        self._folder: str | None = None

    @property
    def base_dir(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="dagsterlite-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder
