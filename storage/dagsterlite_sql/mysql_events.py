"""Event logs in a MySQL database."""

from __future__ import annotations

from collections.abc import Sequence

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import DagsterStorageUnreachableError
from dagsterlite_sql.consolidated_events import ConsolidatedEventLogStorage
from dagsterlite_sql.event_rows import IndexRow, LogRow
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

    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        try:
            super().store_rows(run_id, rows, copies)
        except DagsterStorageUnreachableError:
            # Whether they were written before the connection was lost: known ones are passed over.
            super().store_rows(run_id, rows, copies)
