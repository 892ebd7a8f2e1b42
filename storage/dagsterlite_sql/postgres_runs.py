"""Runs in a Postgres database."""

from __future__ import annotations

import time
from collections.abc import Callable

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_store import PostgresStore
from dagsterlite_sql.runs import SqlRunStorage
from dagsterlite_sql.schema import RUNS


class PostgresRunStorage(PostgresStore, SqlRunStorage):
    """Postgres-backed run storage (seeds 002 and 003).

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

    SCHEMA = RUNS

    def __init__(
        self,
        place: PostgresAddress,
        inst_data: ConfigurableClassData | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        PostgresStore.__init__(self, place, inst_data)
        SqlRunStorage.__init__(self, self.database, clock)
