"""One MySQL or MariaDB database that threads, processes and machines share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import cache
from typing import NamedTuple

from sqlalchemy import Connection, Engine, Insert, Table
from sqlalchemy.dialects.mysql import dialect, insert
from sqlalchemy.exc import DBAPIError

from dagsterlite_sql.database import Database
from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_admission import admit, exclude, let_in, upgrade_tables
from dagsterlite_sql.mysql_errors import told_of
from dagsterlite_sql.schema import Schema
from dagsterlite_sql.server_engine import connect_again, make_engine


class MySQLDatabase(Database):
    """A database on a server; its tables are made when they are not there.

    Writers of a scope exclude each other by named locks, which end with their connection at the
    latest. A fork's child opens connections of its own.

    Args:
        place: Where it is.
        schema: The tables it holds.

    Raises:
        DagsterHomeError: tables of another program have these names, or a newer version's.
        DagsterInstanceMigrationRequired: the tables are an older version's.
        DagsterStorageError: it cannot be reached.
        MissingExtraError: the driver is not installed.
    """

    def __init__(self, place: MySQLAddress, schema: Schema) -> None:
        self.place = place
        self._schema = schema
        self._engine = _engine(place)
        try:
            with told_of(place), _committing(self._engine) as connection:
                admit(connection, schema, place)
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        return str(self.place)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._connected() as connection:
            yield connection

    @contextmanager
    def write(self, scope: str = "") -> Iterator[Connection]:
        with self._connected() as connection:
            # What others committed while this writer waited is seen, and gaps between rows, which
            # writers of other runs fill, are not locked.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            self.exclude(connection, scope)
            yield connection
            connection.commit()
            # What is committed is no error any more; a connection that is lost holds no lock.
            with suppress(DBAPIError):
                let_in(connection)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Open a connection, once the server is back where it is being restarted."""
        with told_of(self.place), _held(connect_again(self._engine)) as connection:
            yield connection

    def exclude(self, connection: Connection, scope: str) -> None:
        exclude(connection, self.place, f"{self._schema.name} {scope}")

    def insert_new(self, table: Table) -> Insert:
        return _insert_new(table)

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[NamedTuple]) -> None:
        # The driver makes one statement of many rows.
        statement = _insert_text(table, type(rows[0])._fields)
        connection.exec_driver_sql(statement, list(rows))

    def close(self) -> None:
        self._engine.dispose()


def migrate_database(place: MySQLAddress, schema: Schema) -> bool:
    """Bring an older version's tables to this one's; return whether there was need.

    Raises:
        DagsterHomeError: they are another program's or a newer version's; they were left.
        DagsterStorageError: the database cannot be reached or written.
    """
    engine = _engine(place)
    try:
        with told_of(place), _committing(engine) as connection:
            return upgrade_tables(connection, schema, place)
    finally:
        engine.dispose()


def _committing(engine: Engine) -> AbstractContextManager[Connection]:
    """Open a connection that commits each statement."""
    return _held(engine.connect().execution_options(isolation_level="AUTOCOMMIT"))


@contextmanager
def _held(connection: Connection) -> Iterator[Connection]:
    """Close a connection for good where the block raises: its locks end with it."""
    with connection:
        try:
            yield connection
        except BaseException:
            connection.invalidate()
            raise


def _insert_new(table: Table) -> Insert:
    # Its IGNORE would pass over much more than keys that are there.
    key = next(iter(table.primary_key))
    return insert(table).on_duplicate_key_update({key.name: key})


@cache
def _insert_text(table: Table, columns: tuple[str, ...]) -> str:
    return str(_insert_new(table).compile(dialect=dialect(), column_keys=columns))


def _engine(place: MySQLAddress) -> Engine:
    return make_engine("mysql+pymysql", place.connect)
