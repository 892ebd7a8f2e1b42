"""A store in a MySQL database, as ``dagster.yaml`` names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite_sql.mysql import MySQLDatabase, migrate_database
from dagsterlite_sql.mysql_address import MySQLAddress, config_type, read_address
from dagsterlite_sql.schema import Schema


class MySQLStore(MigratableClass):
    """The half of a store that knows its database.

    Args:
        place: The database.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: the database cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    SCHEMA: ClassVar[Schema]

    def __init__(self, place: MySQLAddress, inst_data: ConfigurableClassData | None = None) -> None:
        self._inst_data = inst_data
        self.database = MySQLDatabase(place, self.SCHEMA)

    @classmethod
    def config_type(cls) -> Any:
        return config_type()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        return cls(read_address(config_value), inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        place = read_address(config_value)
        return [f"{cls.SCHEMA.name} in {place}"] if migrate_database(place, cls.SCHEMA) else []
