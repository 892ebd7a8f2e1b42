"""Which class a section means: the names of the documents, and what may stand where."""

from __future__ import annotations

from collections.abc import Mapping

from dagsterlite import plugins
from dagsterlite.compute_logs import ComputeLogManager
from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData
from dagsterlite.errors import DagsterSettingsError
from dagsterlite.instance import LocalArtifactStorage
from dagsterlite.missing_names import hint_for
from dagsterlite.run_launching import RunCoordinator, RunLauncher, Scheduler
from dagsterlite.settings.sections import (
    COMPUTE_LOGS,
    CUSTOM,
    EVENT_LOG_STORAGE,
    LOCAL_ARTIFACT_STORAGE,
    MYSQL,
    POSTGRES,
    RUN_COORDINATOR,
    RUN_LAUNCHER,
    RUN_STORAGE,
    SCHEDULE_STORAGE,
    SCHEDULER,
    SQLITE,
    STORAGE,
    place,
)
from dagsterlite.stores import DagsterStorage, EventLogStorage, RunStorage, ScheduleStorage

ARTIFACTS = "local_artifact_storage"
LOCAL_LOGS = "local_compute_log_manager"
_SQLITE_RUNS = "sqlite_run_storage"
_SQLITE_EVENTS = "sqlite_event_log_storage"
_CONSOLIDATED_SQLITE_EVENTS = "consolidated_sqlite_event_log_storage"
_SQLITE_SCHEDULES = "sqlite_schedule_storage"
_POSTGRES_RUNS = "postgres_run_storage"
_POSTGRES_EVENTS = "postgres_event_log_storage"
_POSTGRES_SCHEDULES = "postgres_schedule_storage"
_MYSQL_RUNS = "mysql_run_storage"
_MYSQL_EVENTS = "mysql_event_log_storage"
_MYSQL_SCHEDULES = "mysql_schedule_storage"

STORES: Mapping[str, Mapping[str, str]] = {
    SQLITE: {
        RUN_STORAGE: _SQLITE_RUNS,
        EVENT_LOG_STORAGE: _SQLITE_EVENTS,
        SCHEDULE_STORAGE: _SQLITE_SCHEDULES,
    },
    POSTGRES: {
        RUN_STORAGE: _POSTGRES_RUNS,
        EVENT_LOG_STORAGE: _POSTGRES_EVENTS,
        SCHEDULE_STORAGE: _POSTGRES_SCHEDULES,
    },
    MYSQL: {
        RUN_STORAGE: _MYSQL_RUNS,
        EVENT_LOG_STORAGE: _MYSQL_EVENTS,
        SCHEDULE_STORAGE: _MYSQL_SCHEDULES,
    },
}
"""The plugins that a kind of ``storage`` means, by the section that could name each alone."""

_DOCUMENTED: Mapping[tuple[str, str], str] = {
    ("core.storage.runs", "SqliteRunStorage"): _SQLITE_RUNS,
    ("core.storage.event_log", "SqliteEventLogStorage"): _SQLITE_EVENTS,
    ("core.storage.event_log", "ConsolidatedSqliteEventLogStorage"): _CONSOLIDATED_SQLITE_EVENTS,
    ("core.storage.schedules", "SqliteScheduleStorage"): _SQLITE_SCHEDULES,
    ("core.storage.root", "LocalArtifactStorage"): ARTIFACTS,
    ("core.storage.local_compute_log_manager", "LocalComputeLogManager"): LOCAL_LOGS,
    ("core.storage.noop_compute_log_manager", "NoOpComputeLogManager"): "no_op_compute_log_manager",
    ("aws.s3.compute_log_manager", "S3ComputeLogManager"): "s3_compute_log_manager",
    ("aws.s3", "S3ComputeLogManager"): "s3_compute_log_manager",
    ("core.launcher", "DefaultRunLauncher"): "default_run_launcher",
    ("core.run_coordinator", "DefaultRunCoordinator"): "default_run_coordinator",
    ("k8s", "K8sRunLauncher"): "k8s_run_launcher",
    ("k8s.launcher", "K8sRunLauncher"): "k8s_run_launcher",
    ("postgres.run_storage", "PostgresRunStorage"): _POSTGRES_RUNS,
    ("postgres.event_log", "PostgresEventLogStorage"): _POSTGRES_EVENTS,
    ("postgres.schedule_storage", "PostgresScheduleStorage"): _POSTGRES_SCHEDULES,
    ("mysql.run_storage", "MySQLRunStorage"): _MYSQL_RUNS,
    ("mysql.event_log", "MySQLEventLogStorage"): _MYSQL_EVENTS,
    ("mysql.schedule_storage", "MySQLScheduleStorage"): _MYSQL_SCHEDULES,
}
"""The pairs of module and class that the documents print, and the plugin that each means.

The modules' names stand without ``dagster``, ``dagsterlite`` and underscores.
"""

_KINDS: Mapping[str, type] = {
    STORAGE: DagsterStorage,
    RUN_STORAGE: RunStorage,
    EVENT_LOG_STORAGE: EventLogStorage,
    LOCAL_ARTIFACT_STORAGE: LocalArtifactStorage,
    COMPUTE_LOGS: ComputeLogManager,
    RUN_LAUNCHER: RunLauncher,
    RUN_COORDINATOR: RunCoordinator,
    SCHEDULE_STORAGE: ScheduleStorage,
    SCHEDULER: Scheduler,
}
"""The contract that the class of a section fulfils."""


def documented(module: str, class_name: str) -> tuple[str, str]:
    """Return module and class in this version for a pair that the documents print, or the pair."""
    plugin = _DOCUMENTED.get((_without_prefix(module), class_name))
    return (module, class_name) if plugin is None else plugin_class(plugin)


def _without_prefix(module: str) -> str:
    for prefix in ("dagsterlite", "dagster"):
        if module.startswith((f"{prefix}.", f"{prefix}_")):
            return module[len(prefix) + 1 :].removeprefix("_")
    return module


def _is_of_the_documents(module: str) -> bool:
    return module in {"dagster", "dagsterlite"} or module != _without_prefix(module)


def plugin_class(name: str) -> tuple[str, str]:
    """Return the module and the class that a plugin of ours lies in."""
    module, _, class_name = plugins.PLUGINS[name].path.partition(":")
    return module, class_name


def check_kind(section: str, data: ConfigurableClassData) -> type[ConfigurableClass]:
    """Return the class that stands in a section.

    Raises:
        DagsterSettingsError: there is none, or it does not belong there; the message names the
            section where it does.
    """
    section_place = place(STORAGE, CUSTOM) if section == STORAGE else place(section)
    hint = hint_for(data.class_name)
    if hint is not None and _is_of_the_documents(data.module_name):
        raise DagsterSettingsError(f"{section_place}.class: there is no '{data}': {hint}.")
    cls = data.load_class(section_place)
    if issubclass(cls, _KINDS[section]):
        return cls
    right = [name for name, kind in _KINDS.items() if issubclass(cls, kind)]
    mend = f" It belongs under '{right[0]}'." if right else ""
    expected = _KINDS[section].__name__
    raise DagsterSettingsError(f"{section_place}.class: '{data}' is not a {expected}.{mend}")
