"""Brings SQLite files from an older version of their schema to this one's."""

from __future__ import annotations

from dagsterlite_sql.schema import Schema
from dagsterlite_sql.sqlite_admission import check_version, is_there, read_version
from dagsterlite_sql.sqlite_connection import connect
from dagsterlite_sql.sqlite_errors import told_of


def migrate_file(path: str, schema: Schema) -> bool:
    """Migrate a database, all or nothing; return whether there was something to do.

    Raises:
        DagsterHomeError: it is another program's or a newer version's; it was left as it is.
        DagsterStorageError: it cannot be written.
    """
    with told_of(path):
        if not is_there(path):
            return False
        connection = connect(path)
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            version = read_version(connection, path, schema)
            is_older = version < schema.version
            if is_older:
                # alembic is large, and only needed now.
                from dagsterlite_sql.migrate import upgrade

                upgrade(connection, schema, version)
            check_version(connection, path, schema)
            connection.commit()
        finally:
            connection.close()
    return is_older
