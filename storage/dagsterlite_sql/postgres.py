"""One Postgres database that threads, processes and machines share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Double, Engine, Insert, Integer, Table, Text
from sqlalchemy.dialects.postgresql import insert

from dagsterlite_sql.database import Database
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_admission import admit, exclude, upgrade_tables
from dagsterlite_sql.postgres_errors import told_of
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.server_engine import connect_again, make_engine


class PostgresDatabase(Database):
    """A database on a server; its tables are made when they are not there.

    Writers of a scope exclude each other by advisory locks, which end with their transaction and
    so go through poolers. A fork's child opens connections of its own.

    Args:
        place: Where it is.
        schema: The tables it holds.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: it cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    def __init__(self, place: PostgresAddress, schema: Schema) -> None:
        self.place = place
        self._schema = schema
        self._engine = _engine(place)
        try:
            with told_of(place), self._engine.begin() as connection:
                admit(connection, schema, self.address)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        return str(self.place)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._connected() as connection, connection.begin():
            # Said to the transaction, not to the connection: that would have later ones write also
            # where the database is set to be read only.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield connection

    @contextmanager
    def write(self, scope: str = "") -> Iterator[Connection]:
        with self._connected() as connection, connection.begin():
            self.exclude(connection, scope)
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Open a connection, once the server is back where it is being restarted."""
        with told_of(self.place), connect_again(self._engine) as connection:
            yield connection

    def exclude(self, connection: Connection, scope: str) -> None:
        exclude(connection, f"{self._schema.name} {scope}")

    def insert_new(self, table: Table) -> Insert:
        return insert(table).on_conflict_do_nothing()

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[NamedTuple]) -> None:
        # A parameter holds a whole column: one statement and one answer for any number of rows.
        columns = tuple(map(list, zip(*rows, strict=True)))
        connection.exec_driver_sql(_insert_text(table, type(rows[0])._fields), columns)

    def close(self) -> None:
        self._engine.dispose()


def migrate_database(place: PostgresAddress, schema: Schema) -> bool:
    """Bring an older version's tables to this one's, all or nothing; return whether they were.

    Raises:
        DagsterHomeError: they are another program's or a newer version's; they were left.
        DagsterStorageError: the database cannot be reached or written.
    """
    engine = _engine(place)
    try:
        with told_of(place), engine.begin() as connection:
            return upgrade_tables(connection, schema, str(place))
    finally:
        engine.dispose()


@cache
def _insert_text(table: Table, names: tuple[str, ...]) -> str:
    columns = ", ".join(names)
    arrays = ", ".join(f"%b::{_TYPES[type(table.c[name].type)]}[]" for name in names)
    given = f"unnest({arrays}) WITH ORDINALITY AS given ({columns}, place)"
    rows = f"SELECT {columns} FROM {given} ORDER BY place"  # noqa: S608 - our own tables
    return f"INSERT INTO {table.name} ({columns}) {rows} ON CONFLICT DO NOTHING"


_TYPES = {Text: "text", Integer: "integer", Double: "double precision"}


def _engine(place: PostgresAddress) -> Engine:
    return make_engine("postgresql+psycopg", place.connect)
