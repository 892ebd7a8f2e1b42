"""The state of schedules and sensors in a Postgres database."""

from __future__ import annotations

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_store import PostgresStore
from dagsterlite_sql.schedules import SqlScheduleStorage
from dagsterlite_sql.schema import SCHEDULES


class PostgresScheduleStorage(PostgresStore, SqlScheduleStorage):
    """Postgres-backed schedule storage (seed 003).

    Args:
        place: The database.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: the database cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    SCHEMA = SCHEDULES

    def __init__(
        self, place: PostgresAddress, inst_data: ConfigurableClassData | None = None
    ) -> None:
        PostgresStore.__init__(self, place, inst_data)
        SqlScheduleStorage.__init__(self, self.database)
