"""An instance as data: what another process needs to open it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.serdes import plain, serializable
from dagsterlite.settings.classes import (
    ARTIFACTS,
    LOCAL_LOGS,
    STORES,
    documented,
    plugin_class,
)
from dagsterlite.settings.sections import (
    COMPUTE_LOGS,
    CUSTOM,
    EVENT_LOG_STORAGE,
    LOCAL_ARTIFACT_STORAGE,
    RUN_COORDINATOR,
    RUN_LAUNCHER,
    RUN_STORAGE,
    SCHEDULE_STORAGE,
    SCHEDULER,
    SQLITE,
    STORAGE,
    place,
)


@serializable("InstanceRef")
@dataclass(frozen=True, kw_only=True)
class InstanceRef:
    """Serializable representation of a DagsterInstance (seed 003).

    Configs are as given: what they read from the environment is read where the instance opens.
    Runs, events and schedules are kept either by a storage of each, or by one storage for all.
    """

    local_artifact_storage_data: ConfigurableClassData
    run_storage_data: ConfigurableClassData | None = None
    event_storage_data: ConfigurableClassData | None = None
    storage_data: ConfigurableClassData | None = None
    schedule_storage_data: ConfigurableClassData | None = None
    scheduler_data: ConfigurableClassData | None = None
    compute_logs_data: ConfigurableClassData | None = None
    run_coordinator_data: ConfigurableClassData | None = None
    run_launcher_data: ConfigurableClassData | None = None
    #: The other sections of ``dagster.yaml``, by name.
    settings: Mapping[str, Any] = plain(default_factory=dict)

    @property
    def parts(self) -> Mapping[str, ConfigurableClassData]:
        """The classes that an instance is made of, by the section that names them."""
        parts = {section: getattr(self, field) for section, field in _FIELDS.items()}
        return {section: data for section, data in parts.items() if data is not None}


_FIELDS = {
    STORAGE: "storage_data",
    RUN_STORAGE: "run_storage_data",
    EVENT_LOG_STORAGE: "event_storage_data",
    LOCAL_ARTIFACT_STORAGE: "local_artifact_storage_data",
    SCHEDULE_STORAGE: "schedule_storage_data",
    SCHEDULER: "scheduler_data",
    COMPUTE_LOGS: "compute_logs_data",
    RUN_COORDINATOR: "run_coordinator_data",
    RUN_LAUNCHER: "run_launcher_data",
}


def make_ref(home: str, sections: Mapping[str, Any]) -> InstanceRef:
    """Return the instance that sections of the right form describe, with a home's defaults."""
    parts = _defaults(home, sections.get(STORAGE, {SQLITE: {}}))
    for section in [name for name in _FIELDS if name in sections and name != STORAGE]:
        parts[section] = _class_data(home, sections[section])
    parts.setdefault(COMPUTE_LOGS, _local_logs(home, parts[LOCAL_ARTIFACT_STORAGE]))
    others = {name: value for name, value in sections.items() if name not in _FIELDS}
    fields = {_FIELDS[section]: data for section, data in parts.items()}
    artifacts = fields.pop(_FIELDS[LOCAL_ARTIFACT_STORAGE])
    return InstanceRef(local_artifact_storage_data=artifacts, **fields, settings=others)


def _defaults(home: str, storage: Mapping[str, Any]) -> dict[str, ConfigurableClassData]:
    artifacts = {LOCAL_ARTIFACT_STORAGE: _data(plugin_class(ARTIFACTS), {"base_dir": home})}
    ((kind, config),) = storage.items()
    if kind == CUSTOM:
        return artifacts | {STORAGE: _class_data(home, config)}
    if kind == SQLITE:
        base_dir = anchored(home, config.get("base_dir", home))
        config = {"base_dir": os.path.join(base_dir, "history")}
    stores = {section: _data(plugin_class(name), config) for section, name in STORES[kind].items()}
    return stores | artifacts


def _local_logs(home: str, artifacts: ConfigurableClassData) -> ConfigurableClassData:
    """Return the compute logs of an instance that names none: beside its other files."""
    given = artifacts.config_dict.get("base_dir")
    folder = given if isinstance(given, str) else home
    return _data(plugin_class(LOCAL_LOGS), {"base_dir": os.path.join(folder, "storage")})


def _class_data(home: str, section: Mapping[str, Any]) -> ConfigurableClassData:
    config = dict(section.get("config") or {})
    # A folder that is relative means the same one for every process, wherever it was started.
    if isinstance(config.get("base_dir"), str):
        config["base_dir"] = anchored(home, config["base_dir"])
    return _data(documented(section["module"], section["class"]), config)


def _data(path: tuple[str, str], config: Mapping[str, Any]) -> ConfigurableClassData:
    import yaml

    return ConfigurableClassData(*path, yaml.safe_dump(dict(config)))


def anchored(home: str, folder: str) -> str:
    """Return a folder's absolute path: a relative one lies in the home."""
    return os.path.abspath(os.path.join(home, os.path.expanduser(folder)))


def config_places(sections: Mapping[str, Any], ref: InstanceRef) -> Mapping[str, str]:
    """Return where the config of each part stands in the file, for messages."""
    places = {section: place(section, "config") for section in ref.parts}
    if STORAGE in sections:
        ((kind, _),) = sections[STORAGE].items()
        stored = place(STORAGE, kind)
        shared = {
            RUN_STORAGE: stored,
            EVENT_LOG_STORAGE: stored,
            SCHEDULE_STORAGE: stored,
            STORAGE: f"{stored}.config",
        }
        places |= {section: shared[section] for section in shared.keys() & ref.parts.keys()}
    return places
