"""Event logs in a Postgres database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import DagsterStorageUnreachableError
from dagsterlite_sql.consolidated_events import ConsolidatedEventLogStorage
from dagsterlite_sql.event_rows import IndexRow, LogRow
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_listener import PostgresListener, notify
from dagsterlite_sql.postgres_store import PostgresStore
from dagsterlite_sql.schema import EVENTS


class PostgresEventLogStorage(PostgresStore, ConsolidatedEventLogStorage):
    """Postgres-backed event log storage (seeds 002 and 003).

    Whoever watches runs is woken by the database, and looks from time to time all the same: a
    pooler may keep the news away.

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

    def __init__(
        self, place: PostgresAddress, inst_data: ConfigurableClassData | None = None
    ) -> None:
        PostgresStore.__init__(self, place, inst_data)
        ConsolidatedEventLogStorage.__init__(self, self.database)
        self._listener = PostgresListener(place)

    def store_rows(self, run_id: str, rows: Sequence[LogRow], copies: Sequence[IndexRow]) -> None:
        try:
            super().store_rows(run_id, rows, copies)
        except DagsterStorageUnreachableError:
            # Whether they were written before the connection was lost: known ones are passed over.
            super().store_rows(run_id, rows, copies)

    def tell(self, connection: Connection, run_id: str) -> None:
        notify(connection)

    def wait_for_events(self, seconds: float) -> None:
        self._listener.wait(seconds)

    def close(self) -> None:
        self._listener.close()
        super().close()
