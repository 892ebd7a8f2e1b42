"""Event logs of all runs in one SQLite file."""

from __future__ import annotations

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.consolidated_events import ConsolidatedEventLogStorage
from dagsterlite_sql.schema import EVENTS
from dagsterlite_sql.sqlite_store import SqliteStore


class ConsolidatedSqliteEventLogStorage(SqliteStore, ConsolidatedEventLogStorage):
    """SQLite-backed consolidated event log storage, intended for tests (seed 003).

    All runs' drivers wait for each other in its one file: the default, a file for each run, does
    without.

    Args:
        base_dir: The folder that holds ``event_log.db``; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the file cannot be read.
    """

    SCHEMA = EVENTS
    FILE_NAME = "event_log.db"

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        SqliteStore.__init__(self, base_dir, inst_data)
        ConsolidatedEventLogStorage.__init__(self, self.file)
