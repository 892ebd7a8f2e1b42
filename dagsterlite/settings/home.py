"""An instance from its home folder, or from what another process sent of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, cast

from dagsterlite.configurable import MigratableClass
from dagsterlite.errors import DagsterHomeError, DagsterSettingsError
from dagsterlite.instance import DagsterInstance, InstanceType, LocalArtifactStorage
from dagsterlite.settings.classes import check_kind
from dagsterlite.settings.ref import InstanceRef, make_ref
from dagsterlite.settings.sections import FILE_NAME, check_form
from dagsterlite.settings.yaml_file import read_yaml
from dagsterlite.stores import EventLogStorage, RunStorage


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
    ref = make_ref(home, sections, wrong)
    for section, data in ref.stores.items():
        try:
            check_kind(section, data)
            data.resolve_config(f"{FILE_NAME}: {section}")
        except DagsterSettingsError as exc:
            wrong += str(exc).splitlines()
    if wrong:
        lines = "".join(f"\n    {line}" for line in wrong)
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
    made = {
        section: data.rehydrate(f"{FILE_NAME}: {section}") for section, data in ref.stores.items()
    }
    run_storage, event_storage, artifacts = made.values()
    return DagsterInstance(
        InstanceType.PERSISTENT,
        cast(LocalArtifactStorage, artifacts),
        cast(RunStorage, run_storage),
        cast(EventLogStorage, event_storage),
        settings=ref.settings,
        ref=ref,
    )


def migrate_home(home: str) -> list[str]:
    """Bring a home's stores from older versions to this one's; return what changed.

    Raises:
        DagsterSettingsError: ``dagster.yaml`` is wrong.
        DagsterHomeError: the home holds another program's databases, or a newer version's.
        DagsterStorageError: a store cannot be written.
    """
    ref = _read_ref(os.path.abspath(os.path.expanduser(home)))
    changed: list[str] = []
    for section, data in ref.stores.items():
        cls = check_kind(section, data)
        if issubclass(cls, MigratableClass):
            changed += cls.migrate(data.resolve_config(f"{FILE_NAME}: {section}"))
    return changed
