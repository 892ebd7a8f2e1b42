"""News of events in a Postgres database, from whatever process recorded them."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from dagsterlite_sql.postgres_address import PostgresAddress

if TYPE_CHECKING:
    import psycopg

CHANNEL = "dagsterlite_events"


def notify(connection: Connection) -> None:
    """Tell all listeners when the transaction is committed."""
    connection.exec_driver_sql(f"SELECT pg_notify('{CHANNEL}', '')")


class PostgresListener:
    """Holds a connection of its own from the first wait on; threads may share it."""

    def __init__(self, place: PostgresAddress) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._connection: psycopg.Connection | None = None

    def wait(self, seconds: float) -> None:
        """Return when there are news, or after so many seconds.

        Where the server does not answer, the time is waited out: the next one tries again.
        """
        import psycopg

        with self._lock:
            try:
                for _ in self._listening().notifies(timeout=seconds, stop_after=1):
                    return
            except psycopg.Error:
                self._release()
                threading.Event().wait(seconds)

    def _listening(self) -> psycopg.Connection:
        if self._connection is None:
            self._connection = self._place.connect(autocommit=True)
            self._connection.execute(f"LISTEN {CHANNEL}")
        return self._connection

    def close(self) -> None:
        """Let go of the connection; a later wait opens another."""
        with self._lock:
            self._release()

    def _release(self) -> None:
        import psycopg

        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                connection.close()
