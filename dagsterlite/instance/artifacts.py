"""The folder for the files that runs leave on this machine."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from collections.abc import Mapping
from typing import Any

from dagsterlite.config import Field, StringSource
from dagsterlite.configurable import ConfigurableClass, ConfigurableClassData


class LocalArtifactStorage(ConfigurableClass):
    """The one folder for all files that runs leave on this machine (seed 002).

    Args:
        base_dir: The folder; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._base_dir = os.path.abspath(os.path.expanduser(base_dir))
        self._inst_data = inst_data

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


class TemporaryArtifactStorage(LocalArtifactStorage):
    """A folder made at first need and removed with the instance."""

    def __init__(self) -> None:
        self._folder: str | None = None

    @property
    def base_dir(self) -> str:
        if self._folder is None:
            self._folder = tempfile.mkdtemp(prefix="dagsterlite-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        return self._folder
