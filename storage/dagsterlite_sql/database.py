"""What the shared SQL needs of a database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from sqlalchemy import Connection, Insert, Table


class Database(Protocol):
    """One database with one schema; threads may share it."""

    @property
    def address(self) -> str:
        """Where the database lies, for people."""

    def read(self) -> AbstractContextManager[Connection]:
        """Open a transaction that sees one state of the database.

        Raises:
            DagsterStorageError: the database cannot be read.
        """

    def write(self, scope: str = "") -> AbstractContextManager[Connection]:
        """Open a transaction that excludes other writers of a scope from its start.

        It is committed at the end of the block, and undone where the block raises. A database may
        exclude all writers.

        Raises:
            DagsterStorageError: the database cannot be written; nothing was.
        """

    def exclude(self, connection: Connection, scope: str) -> None:
        """Exclude the writers of a further scope until the transaction's end."""

    def insert_new(self, table: Table) -> Insert:
        """Return the statement that inserts a row and passes over one whose key is there."""

    def insert_rows(self, connection: Connection, table: Table, rows: Sequence[NamedTuple]) -> None:
        """Insert many rows, passing over those whose key is there.

        The rows are of one class of named tuples, whose fields are columns in the table's order.
        """

    def close(self) -> None:
        """Release connections; the next use opens new ones."""
