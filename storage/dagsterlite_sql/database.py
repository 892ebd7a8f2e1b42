"""What the shared SQL needs of a database."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

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

    def write(self) -> AbstractContextManager[Connection]:
        """Open a transaction that excludes other writers from its start.

        It is committed at the end of the block, and undone where the block raises.

        Raises:
            DagsterStorageError: the database cannot be written; nothing was.
        """

    def insert_new(self, table: Table) -> Insert:
        """Return the statement that inserts rows and passes over those whose key is there."""

    def close(self) -> None:
        """Release connections; the next use opens new ones."""


Rows = Sequence[dict[str, Any]]
"""Rows to insert, by column."""
