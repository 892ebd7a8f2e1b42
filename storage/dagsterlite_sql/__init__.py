"""Runs, events and schedules in SQLite, Postgres and MySQL.

The classes are imported as they are asked for: each database has a driver of its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dagsterlite_sql.events import SqlEventLogStorage
    from dagsterlite_sql.mysql_events import MySQLEventLogStorage
    from dagsterlite_sql.mysql_runs import MySQLRunStorage
    from dagsterlite_sql.mysql_schedules import MySQLScheduleStorage
    from dagsterlite_sql.postgres_events import PostgresEventLogStorage
    from dagsterlite_sql.postgres_runs import PostgresRunStorage
    from dagsterlite_sql.postgres_schedules import PostgresScheduleStorage
    from dagsterlite_sql.runs import SqlRunStorage
    from dagsterlite_sql.schedules import SqlScheduleStorage
    from dagsterlite_sql.sqlite_consolidated import ConsolidatedSqliteEventLogStorage
    from dagsterlite_sql.sqlite_events import SqliteEventLogStorage
    from dagsterlite_sql.sqlite_runs import SqliteRunStorage
    from dagsterlite_sql.sqlite_schedules import SqliteScheduleStorage

__all__ = [
    "ConsolidatedSqliteEventLogStorage",
    "MySQLEventLogStorage",
    "MySQLRunStorage",
    "MySQLScheduleStorage",
    "PostgresEventLogStorage",
    "PostgresRunStorage",
    "PostgresScheduleStorage",
    "SqlEventLogStorage",
    "SqlRunStorage",
    "SqlScheduleStorage",
    "SqliteEventLogStorage",
    "SqliteRunStorage",
    "SqliteScheduleStorage",
]

_MODULE_OF = {
    "ConsolidatedSqliteEventLogStorage": "sqlite_consolidated",
    "MySQLEventLogStorage": "mysql_events",
    "MySQLRunStorage": "mysql_runs",
    "MySQLScheduleStorage": "mysql_schedules",
    "PostgresEventLogStorage": "postgres_events",
    "PostgresRunStorage": "postgres_runs",
    "PostgresScheduleStorage": "postgres_schedules",
    "SqlEventLogStorage": "events",
    "SqlRunStorage": "runs",
    "SqlScheduleStorage": "schedules",
    "SqliteEventLogStorage": "sqlite_events",
    "SqliteRunStorage": "sqlite_runs",
    "SqliteScheduleStorage": "sqlite_schedules",
}


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'dagsterlite_sql' has no attribute '{name}'")
    return getattr(import_module(f"dagsterlite_sql.{module}"), name)
