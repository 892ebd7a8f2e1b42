"""The state of schedules and sensors in a SQLite file."""

from __future__ import annotations

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.schedules import SqlScheduleStorage
from dagsterlite_sql.schema import SCHEDULES
from dagsterlite_sql.sqlite_store import SqliteStore


class SqliteScheduleStorage(SqliteStore, SqlScheduleStorage):
    """Local SQLite backed schedule storage, the default (seed 003).

    Args:
        base_dir: The folder that holds ``schedules.db``; made when it is first needed.
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.

    Raises:
        DagsterHomeError: another program's file stands there, or a newer version's.
        DagsterInstanceMigrationRequired: an older version's database stands there.
        DagsterStorageError: the file cannot be read.
    """

    SCHEMA = SCHEDULES
    FILE_NAME = "schedules.db"

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        SqliteStore.__init__(self, base_dir, inst_data)
        SqlScheduleStorage.__init__(self, self.file)
