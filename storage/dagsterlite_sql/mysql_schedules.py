"""The state of schedules and sensors in a MySQL database."""

from __future__ import annotations

from dagsterlite.configurable import ConfigurableClassData
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_store import MySQLStore
from dagsterlite_sql.schedules import SqlScheduleStorage
from dagsterlite_sql.schema import SCHEDULES


class MySQLScheduleStorage(MySQLStore, SqlScheduleStorage):
    """MySQL-backed schedule storage (seed 003).

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

    def __init__(self, place: MySQLAddress, inst_data: ConfigurableClassData | None = None) -> None:
        MySQLStore.__init__(self, place, inst_data)
        SqlScheduleStorage.__init__(self, self.database)
