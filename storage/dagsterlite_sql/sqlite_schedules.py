"""The state of schedules and sensors in a SQLite file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from dagsterlite.config import Field, StringSource
from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite_sql.schedules import SqlScheduleStorage
from dagsterlite_sql.schema import SCHEDULES
from dagsterlite_sql.sqlite import SqliteFile
from dagsterlite_sql.sqlite_migrate import migrate_file


class SqliteScheduleStorage(SqlScheduleStorage, MigratableClass):
    """Local SQLite backed schedule storage, the default (seed 003).

    Args:
        base_dir: The folder that holds ``schedules.db``; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the file cannot be read.
    """

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        file = SqliteFile(_path(base_dir), SCHEDULES)
        file.check()
        super().__init__(file)
        self._inst_data = inst_data

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return {"base_dir": Field(StringSource, description="The folder that holds schedules.db.")}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> SqliteScheduleStorage:
        return cls(config_value["base_dir"], inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        path = _path(config_value["base_dir"])
        return [path] if migrate_file(path, SCHEDULES) else []


def _path(base_dir: str) -> str:
    return os.path.join(os.path.abspath(base_dir), "schedules.db")
