"""Runs in a SQLite file."""

from __future__ import annotations

import time
from collections.abc import Callable

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.runs import SqlRunStorage
from dagsterlite_sql.schema import RUNS
from dagsterlite_sql.sqlite_store import SqliteStore


class SqliteRunStorage(SqliteStore, SqlRunStorage):
    """SQLite-backed run storage, the default (seed 003).

    Args:
        base_dir: The folder that holds ``runs.db``; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
        clock: Gives unix seconds for the time stamps of records.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the file cannot be read.
    """

    SCHEMA = RUNS
    FILE_NAME = "runs.db"

    def __init__(
        self,
        base_dir: str,
        inst_data: ConfigurableClassData | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        SqliteStore.__init__(self, base_dir, inst_data)
        SqlRunStorage.__init__(self, self.file, clock)
