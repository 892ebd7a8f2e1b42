"""Event logs in a MySQL database."""

from __future__ import annotations

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.consolidated_events import ConsolidatedEventLogStorage
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_store import MySQLStore
from dagsterlite_sql.schema import EVENTS


class MySQLEventLogStorage(MySQLStore, ConsolidatedEventLogStorage):
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

    SCHEMA = EVENTS

    def __init__(self, place: MySQLAddress, inst_data: ConfigurableClassData | None = None) -> None:
        MySQLStore.__init__(self, place, inst_data)
        ConsolidatedEventLogStorage.__init__(self, self.database)
