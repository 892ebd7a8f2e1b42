"""Event logs in a MySQL database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dagsterlite.configurable import ConfigurableClassData, MigratableClass
from dagsterlite_sql.consolidated_events import ConsolidatedEventLogStorage
from dagsterlite_sql.event_rows import IndexRow, LogRow
from dagsterlite_sql.mysql import MySQLDatabase, migrate_database
from dagsterlite_sql.mysql_address import MySQLAddress, config_type, read_address
from dagsterlite_sql.mysql_errors import MySQLConnectionError
from dagsterlite_sql.schema import EVENTS


class MySQLEventLogStorage(ConsolidatedEventLogStorage, MigratableClass):
    """MySQL-backed event log storage (seeds 002 and 003).

    MySQL tells nobody of news, so whoever watches runs looks for them.

    Args:
        place: The database.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: the database cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    def __init__(self, place: MySQLAddress, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(MySQLDatabase(place, EVENTS))
        self._inst_data = inst_data

    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        try:
            super().store_rows(run_id, rows, copies)
        except MySQLConnectionError:
            # Whether they were written before the connection was lost: known ones are passed over.
            super().store_rows(run_id, rows, copies)

    @property
    def inst_data(self) -> ConfigurableClassData | None:
        return self._inst_data

    @classmethod
    def config_type(cls) -> Any:
        return config_type()

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> MySQLEventLogStorage:
        return cls(read_address(config_value), inst_data)

    @classmethod
    def migrate(cls, config_value: Mapping[str, Any]) -> list[str]:
        place = read_address(config_value)
        return [f"{EVENTS.name} in {place}"] if migrate_database(place, EVENTS) else []
