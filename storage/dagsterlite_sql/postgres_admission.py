"""Whether the tables of a Postgres database are ours, and how they come into being.

Others may have tables in the same database. Tables of ours are known by the one that holds their
version; where it is missing and a table has a name of ours, that is another program's.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, insert, inspect, select

from dagsterlite.errors import DagsterHomeError
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.versions import check_version

_ELSEWHERE = "db_name to another database"


def exclude(connection: Connection, scope: str) -> None:
    """Exclude others that ask for the same scope, until the transaction's end."""
    digest = hashlib.sha256(f"dagsterlite {scope}".encode()).digest()
    key = int.from_bytes(digest[:8], signed=True)
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))


def admit(connection: Connection, schema: Schema, address: str) -> None:
    """Look whether the tables are there and of this version; make them where none is.

    Raises:
        DagsterInstanceMigrationRequired: they are an older version's.
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    if not _are_there(connection, schema, address):
        exclude(connection, f"making {schema.name}")
        if not _are_there(connection, schema, address):
            schema.metadata.create_all(connection, checkfirst=False)
            connection.execute(insert(schema.version_table), {"version_num": schema.version})
    check_version(_version(connection, schema), schema, address, _ELSEWHERE)


def upgrade_tables(connection: Connection, schema: Schema, address: str) -> bool:
    """Bring tables of an older version to this one's; return whether there was need.

    Raises:
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    exclude(connection, f"making {schema.name}")
    if not _are_there(connection, schema, address):
        return False
    version = _version(connection, schema)
    is_older = version < schema.version
    if is_older:
        # alembic is large, and only needed now.
        from dagsterlite_sql.migrate import upgrade

        upgrade(connection, schema, version)
    check_version(_version(connection, schema), schema, address, _ELSEWHERE)
    return is_older


def _version(connection: Connection, schema: Schema) -> str:
    return str(connection.execute(select(schema.version_table.c.version_num)).scalar_one())


def _are_there(connection: Connection, schema: Schema, address: str) -> bool:
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
