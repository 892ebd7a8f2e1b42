"""Runs in a MySQL database."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite_sql.mysql import MySQLDatabase, migrate_database
from dagsterlite_sql.mysql_address import MySQLAddress, config_type, read_address
from dagsterlite_sql.runs import SqlRunStorage
from dagsterlite_sql.schema import RUNS


class MySQLRunStorage(SqlRunStorage, MigratableClass):
    """MySQL-backed run storage (seeds 002 and 003).

    Args:
        place: The database.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
        clock: Gives unix seconds for the time stamps of records.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: the database cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    def __init__(
        self,
        place: MySQLAddress,
        inst_data: ConfigurableClassData | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(MySQLDatabase(place, RUNS), clock)
        self._inst_data = inst_data

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return config_type()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> MySQLRunStorage:
        return cls(read_address(config_value), inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        place = read_address(config_value)
        return [f"{RUNS.name} in {place}"] if migrate_database(place, RUNS) else []
