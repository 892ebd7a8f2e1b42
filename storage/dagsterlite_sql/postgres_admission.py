"""How the tables in a Postgres database come into being."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, insert

from dagsterlite_sql.schema import Schema
from dagsterlite_sql.server_admission import are_there, check_version, upgrade_where_older


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
    if not are_there(connection, schema, address):
        exclude(connection, f"making {schema.name}")
        if not are_there(connection, schema, address):
            schema.metadata.create_all(connection, checkfirst=False)
            connection.execute(insert(schema.version_table), {"version_num": schema.version})
    check_version(connection, schema, address)


def upgrade_tables(connection: Connection, schema: Schema, address: str) -> bool:
    """Bring tables of an older version to this one's; return whether there was need.

    Raises:
        DagsterHomeError: they are a newer version's or another program's; they were left.
    """
    exclude(connection, f"making {schema.name}")
    return upgrade_where_older(connection, schema, address)
