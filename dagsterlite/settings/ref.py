"""An instance as data: what another process needs to open it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import DagsterSettingsError
from dagsterlite.serdes import plain, serializable
from dagsterlite.settings.classes import (
    ARTIFACTS,
    SQLITE_EVENTS,
    SQLITE_RUNS,
    documented,
    no_store,
    plugin_class,
)
from dagsterlite.settings.sections import (
    EVENT_LOG_STORAGE,
    FILE_NAME,
    LOCAL_ARTIFACT_STORAGE,
    RUN_STORAGE,
    STORAGE,
)


@serializable("InstanceRef")
@dataclass(frozen=True, kw_only=True)
class InstanceRef:
    """Serializable representation of a DagsterInstance (seed 003).

    Configs are as given: what they read from the environment is read where the instance opens.
    """

    local_artifact_storage_data: ConfigurableClassData
    run_storage_data: ConfigurableClassData
    event_storage_data: ConfigurableClassData
    #: The other sections of ``dagster.yaml``, by name.
    settings: Mapping[str, Any] = plain(default_factory=dict)

    @property
    def stores(self) -> Mapping[str, ConfigurableClassData]:
        """The classes that an instance is made of, by the section that names them."""
        return {
            RUN_STORAGE: self.run_storage_data,
            EVENT_LOG_STORAGE: self.event_storage_data,
            LOCAL_ARTIFACT_STORAGE: self.local_artifact_storage_data,
        }


def make_ref(home: str, sections: Mapping[str, Any], wrong: list[str]) -> InstanceRef:
    """Return the instance that sections of the right form describe, with a home's defaults.

    Where a section names a store that this version does not have, that is added to ``wrong``.
    """
    stores = _defaults(home, sections.get(STORAGE, {"sqlite": {}}), wrong)
    for section in [name for name in stores if name in sections]:
        try:
            stores[section] = _class_data(home, sections[section])
        except DagsterSettingsError as exc:
            wrong.append(f"{FILE_NAME}: {section}.class: {exc}")
    others = {name: value for name, value in sections.items() if name not in {STORAGE, *stores}}
    return InstanceRef(
        local_artifact_storage_data=stores[LOCAL_ARTIFACT_STORAGE],
        run_storage_data=stores[RUN_STORAGE],
        event_storage_data=stores[EVENT_LOG_STORAGE],
        settings=others,
    )


def _defaults(
    home: str, storage: Mapping[str, Any], wrong: list[str]
) -> dict[str, ConfigurableClassData]:
    ((kind, config),) = storage.items()
    if kind != "sqlite":
        wrong.append(f"{FILE_NAME}: {STORAGE}.{kind}: {no_store(kind)}")
    history = os.path.join(anchored(home, config.get("base_dir", home)), "history")
    return {
        RUN_STORAGE: _data(plugin_class(SQLITE_RUNS), {"base_dir": history}),
        EVENT_LOG_STORAGE: _data(plugin_class(SQLITE_EVENTS), {"base_dir": history}),
        LOCAL_ARTIFACT_STORAGE: _data(plugin_class(ARTIFACTS), {"base_dir": home}),
    }


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
