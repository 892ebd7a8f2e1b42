"""The instance: one door to runs, their events and the folder for what they leave behind."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite import plugins
from dagsterlite.arguments import check_each, check_is
from dagsterlite.errors import DagsterHomeError, ParameterCheckError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.instance.artifacts import LocalArtifactStorage, TemporaryArtifactStorage
from dagsterlite.instance.assets import AssetMethods
from dagsterlite.instance.events import EventMethods
from dagsterlite.instance.home import home_folder
from dagsterlite.instance.parts import InstanceType
from dagsterlite.instance.runs import RunMethods
from dagsterlite.runs import DagsterRun


class DagsterInstance(RunMethods, EventMethods, AssetMethods):
    """Core abstraction for managing access to storage and other resources (seeds 002, 003).

    Use :meth:`get` for the instance of ``$DAGSTER_HOME``, :meth:`ephemeral` for one in memory and
    :meth:`local_temp` for a persistent one in a temporary folder.

    Args:
        instance_type: Whether the instance is ephemeral or persistent.
        local_artifact_storage: The folder for files.
        run_storage: Keeps runs.
        event_storage: Keeps events.
        compute_log_manager: Keeps what steps print; by default nothing does.
        schedule_storage: Keeps the state of schedules and sensors.
        scheduler: Makes schedules tick.
        run_coordinator: Decides when a submitted run starts; by default at once.
        run_launcher: Starts runs elsewhere; by default in processes of their own on this machine.
        settings: Further settings of the instance.
        ref: How another process opens this instance.
    """

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

        Raises:
            ParameterCheckError: an argument is of the wrong type.
        """
        _check_folder("ephemeral", tempdir)
        _check_mapping("ephemeral", "settings", settings)
        _check_preload(preload)
        instance = DagsterInstance(
            InstanceType.EPHEMERAL,
            LocalArtifactStorage(tempdir) if tempdir else TemporaryArtifactStorage(),
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

        Raises:
            ParameterCheckError: an argument is of the wrong type.
        """
        _check_folder("local_temp", tempdir)
        _check_mapping("local_temp", "overrides", overrides)
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

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_instance")(self)
        return shown

    def get_ref(self) -> Any:
        """Return what :meth:`from_ref` opens this instance by.

        Raises:
            DagsterHomeError: the instance lives in this process's memory.
        """
        if self._ref is None:
            message = "An ephemeral instance lives in one process; no other process can open it."
            raise DagsterHomeError(message)
        return self._ref


_PRELOAD = "a list of (DagsterRun, [EventLogEntry, …])"


def _check_folder(owner: str, tempdir: object) -> None:
    if tempdir is not None:
        check_is(owner, "tempdir", tempdir, str | os.PathLike, "the path of a folder")


def _check_mapping(owner: str, parameter: str, given: object) -> None:
    if given is not None:
        check_is(owner, parameter, given, Mapping, "a dict")


def _check_preload(preload: Any) -> None:
    if preload is None:
        return
    check_each("ephemeral", "preload", preload, Sequence, _PRELOAD)
    for item in preload:
        match item:
            case DagsterRun(), entries:
                check_each("ephemeral", "preload", entries, EventLogEntry, _PRELOAD)
            case _:
                raise ParameterCheckError("ephemeral", "preload", _PRELOAD, item)
