"""An instance from its home folder, or from what another process sent of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, cast

from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite.errors import DagsterError, DagsterHomeError, DagsterSettingsError
from dagsterlite.instance import DagsterInstance, InstanceType
from dagsterlite.settings.classes import check_kind
from dagsterlite.settings.ref import InstanceRef, config_places, make_ref
from dagsterlite.settings.sections import (
    COMPUTE_LOGS,
    EVENT_LOG_STORAGE,
    FILE_NAME,
    LOCAL_ARTIFACT_STORAGE,
    RUN_COORDINATOR,
    RUN_LAUNCHER,
    RUN_STORAGE,
    SCHEDULE_STORAGE,
    SCHEDULER,
    STORAGE,
    check_form,
    place,
)
from dagsterlite.settings.yaml_file import read_yaml
from dagsterlite.stores import EventLogStorage, RunStorage, ScheduleStorage


def instance_from_home(home: str, overrides: Mapping[str, Any] | None = None) -> DagsterInstance:
    """Return the instance of a home folder, which is made when it is absent.

    Args:
        home: The folder; its ``dagster.yaml``, if there is one, says what differs from a home
            that keeps all in SQLite and on local disk.
        overrides: Sections of ``dagster.yaml`` that stand in place of the file's own.

    Raises:
        DagsterSettingsError: ``dagster.yaml`` is wrong; all that is, with its paths.
        DagsterHomeError: the folder cannot be made, or holds another program's databases.
        DagsterStorageError: a store cannot be read.
    """
    home = os.path.abspath(os.path.expanduser(home))
    try:
        os.makedirs(home, exist_ok=True)
    except OSError as exc:
        message = (
            f"The home {home} cannot be used: {exc}. Set $DAGSTER_HOME to a folder that can be "
            "made or written."
        )
        raise DagsterHomeError(message) from exc
    return instance_from_ref(_read_ref(home, overrides))


def _read_ref(home: str, overrides: Mapping[str, Any] | None = None) -> InstanceRef:
    file = os.path.join(home, FILE_NAME)
    wrong: list[str] = []
    sections = check_form({**read_yaml(file), **(overrides or {})}, wrong)
    ref = make_ref(home, sections)
    places = config_places(sections, ref)
    for section, data in ref.parts.items():
        try:
            check_kind(section, data)
            data.resolve_config(places[section])
        except DagsterSettingsError as exc:
            wrong += str(exc).splitlines()
    if wrong:
        # Runs and events may share a config, and then its errors.
        lines = "".join(f"\n    {line}" for line in dict.fromkeys(wrong))
        raise DagsterSettingsError(f"{file} is wrong:{lines}")
    return ref


def instance_from_ref(ref: InstanceRef) -> DagsterInstance:
    """Return the instance that ``ref`` describes, e.g. in another process.

    Raises:
        DagsterSettingsError: a class cannot be found here, or a variable of the environment that
            its config names is not set here.
        DagsterHomeError: its folder holds another program's databases.
        DagsterStorageError: a store cannot be read.
    """
    made: dict[str, Any] = {
        section: data.rehydrate(place(section))
        for section, data in ref.parts.items()
        # Few processes ask for it: it is opened when it is asked for.
        if section != SCHEDULE_STORAGE
    }
    if STORAGE in made:
        made[RUN_STORAGE] = made[STORAGE].run_storage
        made[EVENT_LOG_STORAGE] = made[STORAGE].event_log_storage
        made[SCHEDULE_STORAGE] = made[STORAGE].schedule_storage
    return DagsterInstance(
        InstanceType.PERSISTENT,
        local_artifact_storage=made[LOCAL_ARTIFACT_STORAGE],
        run_storage=made[RUN_STORAGE],
        event_storage=made[EVENT_LOG_STORAGE],
        compute_log_manager=made.get(COMPUTE_LOGS),
        schedule_storage=made.get(SCHEDULE_STORAGE),
        scheduler=made.get(SCHEDULER),
        run_coordinator=made.get(RUN_COORDINATOR),
        run_launcher=made.get(RUN_LAUNCHER),
        settings=ref.settings,
        ref=ref,
    )


def schedule_storage_from_ref(ref: InstanceRef) -> ScheduleStorage | None:
    """Return what keeps the schedules of the instance that ``ref`` describes, if anything does.

    Raises:
        DagsterSettingsError: as :func:`instance_from_ref`.
        DagsterHomeError: its folder holds another program's database.
        DagsterStorageError: it cannot be read.
    """
    data = ref.schedule_storage_data
    if data is None:
        return None
    storage: Any = data.rehydrate(place(SCHEDULE_STORAGE))
    return cast(ScheduleStorage, storage)


def migrate_home(home: str) -> list[str]:
    """Bring a home's stores from older versions to this one's; return what changed.

    Raises:
        DagsterSettingsError: ``dagster.yaml`` is wrong.
        DagsterHomeError: the home holds another program's databases, or a newer version's.
        DagsterStorageError: a store cannot be written.
    """
    ref = _read_ref(os.path.abspath(os.path.expanduser(home)))
    changed: list[str] = []
    for section, data in ref.parts.items():
        cls = check_kind(section, data)
        if issubclass(cls, MigratableClass):
            changed += cls.migrate(data.resolve_config(place(section, "config")))
    return changed


def check_home(home: str) -> Iterator[tuple[str, ConfigurableClassData, DagsterError | None]]:
    """Open each part of a home's instance by itself; yield what is wrong with it, if anything.

    Raises:
        DagsterSettingsError: ``dagster.yaml`` is wrong.
    """
    ref = _read_ref(os.path.abspath(os.path.expanduser(home)))
    for section, data in ref.parts.items():
        yield section, data, _fault_of(section, data)


def _fault_of(section: str, data: ConfigurableClassData) -> DagsterError | None:
    try:
        part = data.rehydrate(place(section))
    except DagsterError as exc:
        return exc
    if isinstance(part, RunStorage | EventLogStorage | ScheduleStorage):
        part.close()
    return None
