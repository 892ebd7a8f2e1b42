"""A store of one SQLite file, as ``dagster.yaml`` names it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from dagsterlite.config import Field, StringSource
from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.sqlite import SqliteFile
from dagsterlite_sql.sqlite_migrate import migrate_file


class SqliteStore(MigratableClass):
    """The half of a store that knows where its one file lies.

    Args:
        base_dir: The folder that holds the file; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the file cannot be read.
    """

    SCHEMA: ClassVar[Schema]
    FILE_NAME: ClassVar[str]

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self.file = SqliteFile(self._path(base_dir), self.SCHEMA)
        self.file.check()

    @classmethod
    def config_type(cls) -> Any:
        description = f"The folder that holds {cls.FILE_NAME}."
        return {"base_dir": Field(StringSource, description=description)}

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        return cls(config_value["base_dir"], inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        path = cls._path(config_value["base_dir"])
        return [path] if migrate_file(path, cls.SCHEMA) else []

    @classmethod
    def _path(cls, base_dir: str) -> str:
        return os.path.join(os.path.abspath(base_dir), cls.FILE_NAME)
