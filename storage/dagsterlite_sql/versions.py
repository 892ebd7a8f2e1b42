"""Which versions of a schema this version of dagsterlite reads."""

from __future__ import annotations

from dagsterlite.errors import DagsterHomeError, DagsterInstanceMigrationRequired
from dagsterlite_sql.schema import Schema


def check_version(found: str, schema: Schema, address: str, elsewhere: str) -> None:
    """Refuse a database whose tables are of another version.

    Args:
        found: The version that it has.
        schema: The tables that this version of dagsterlite knows.
        address: Where the database lies, for people.
        elsewhere: What to set so that another database is used.

    Raises:
        DagsterInstanceMigrationRequired: it is an older one.
        DagsterHomeError: it is a newer one.
    """
    if found == schema.version:
        return
    versions = f"(its schema is {found}, this version's is {schema.version})"
    if found < schema.version:
        raise DagsterInstanceMigrationRequired(
            f"The database {address} was written by an older version of dagsterlite {versions}. "
            "Run `dagsterlite instance migrate`."
        )
    raise DagsterHomeError(
        f"The database {address} was written by a newer version of dagsterlite {versions}; it was "
        f"left as it is. Install that version, or set {elsewhere}."
    )
