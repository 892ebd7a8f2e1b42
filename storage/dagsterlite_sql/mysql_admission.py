"""How the tables in a MySQL database come into being.

MySQL commits each change of a table at once. So a version that stands for none is noted first, and
the true one last: tables that were left half-made are known by it, and made anew. The connections
here commit each statement.
"""

from __future__ import annotations

from sqlalchemy import Connection, insert, update

from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_errors import LOCK_SECONDS, locked
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.server_admission import (
    are_there,
    check_version,
    read_version,
    upgrade_where_older,
)

_BEING_MADE = "0000"


def exclude(connection: Connection, place: MySQLAddress, scope: str) -> None:
    """Exclude others that ask for the same scope, until :func:`let_in`.

    Raises:
        DagsterStorageError: others kept us out for too long.
    """
    # A lock's name holds for the whole server.
    name = "SHA2(CONCAT('dagsterlite ', DATABASE(), ' ', %s), 256)"
    taken = connection.exec_driver_sql(f"SELECT GET_LOCK({name}, {LOCK_SECONDS})", (scope,))
    if not taken.scalar():
        raise locked(place)


def let_in(connection: Connection) -> None:
    """Let in all whom the connection excludes."""
    connection.exec_driver_sql("DO RELEASE_ALL_LOCKS()")


def admit(connection: Connection, schema: Schema, place: MySQLAddress) -> None:
    """Look whether the tables are there and of this version; make them where none is.

    Raises:
        DagsterInstanceMigrationRequired: they are an older version's.
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    if not _are_made(connection, schema, place):
        exclude(connection, place, f"making {schema.name}")
        if not _are_made(connection, schema, place):
            _make(connection, schema)
        let_in(connection)
    check_version(connection, schema, str(place))


def upgrade_tables(connection: Connection, schema: Schema, place: MySQLAddress) -> bool:
    """Bring tables of an older version to this one's; return whether there was need.

    Where a step fails, those before it stand, and the next call goes on after them.

    Raises:
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    exclude(connection, place, f"making {schema.name}")
    is_older = _are_made(connection, schema, place) and upgrade_where_older(
        connection, schema, str(place)
    )
    let_in(connection)
    return is_older


def _are_made(connection: Connection, schema: Schema, place: MySQLAddress) -> bool:
    is_there = are_there(connection, schema, str(place))
    return is_there and read_version(connection, schema) not in {"", _BEING_MADE}


def _make(connection: Connection, schema: Schema) -> None:
    table = schema.version_table
    others = [other for other in schema.metadata.sorted_tables if other is not table]
    table.create(connection, checkfirst=True)
    if read_version(connection, schema) == _BEING_MADE:
        schema.metadata.drop_all(connection, others)
    else:
        connection.execute(insert(table), {"version_num": _BEING_MADE})
    schema.metadata.create_all(connection, others, checkfirst=False)
    connection.execute(update(table).values(version_num=schema.version))
