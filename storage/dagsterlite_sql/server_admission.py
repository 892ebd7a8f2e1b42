"""Whether the tables in a server's database are ours.

Others may have tables in the same database. Tables of ours are known by the one that holds their
version; where it is missing and a table has a name of ours, that is another program's.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, select

from dagsterlite.errors import DagsterHomeError
from dagsterlite_sql import versions
from dagsterlite_sql.schema import Schema

_ELSEWHERE = "db_name to another database"


def are_there(connection: Connection, schema: Schema, address: str) -> bool:
    """Return whether a database has tables of ours, of whatever version.

    Raises:
        DagsterHomeError: it has tables of another program in their place.
    """
    found = set(inspect(connection).get_table_names())
    if schema.version_table.name in found:
        return True
    theirs = sorted(found & schema.metadata.tables.keys())
    if theirs:
        raise DagsterHomeError(
            f"The database {address} holds a table '{theirs[0]}' of another program; it was left "
            f"as it is. dagsterlite keeps tables of its own: set {_ELSEWHERE}."
        )
    return False


def read_version(connection: Connection, schema: Schema) -> str:
    """Return the version that tables of ours have; an empty text where it was not noted."""
    found = connection.scalar(select(schema.version_table.c.version_num))
    return "" if found is None else str(found)


def check_version(connection: Connection, schema: Schema, address: str) -> None:
    """Look whether tables of ours are of this version.

    Raises:
        DagsterInstanceMigrationRequired: they are an older version's.
        DagsterHomeError: they are a newer version's.
    """
    versions.check_version(read_version(connection, schema), schema, address, _ELSEWHERE)


def upgrade_where_older(connection: Connection, schema: Schema, address: str) -> bool:
    """Bring tables of an older version to this one's; return whether there was need.

    Raises:
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    if not are_there(connection, schema, address):
        return False
    version = read_version(connection, schema)
    is_older = "" < version < schema.version
    if is_older:
        # alembic is large, and only needed now.
        from dagsterlite_sql.migrate import upgrade

        upgrade(connection, schema, version)
    check_version(connection, schema, address)
    return is_older
