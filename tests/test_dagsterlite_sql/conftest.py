"""A Postgres server for the tests that need one, and a database for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from tests.test_dagsterlite_sql.postgres_server import Server, running

_TEMPLATE = "with_our_tables"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("pg")) as server:
        for setting in ("fsync", "full_page_writes"):
            server.execute(f"ALTER SYSTEM SET {setting} = off")
        server.execute("SELECT pg_reload_conf()")
        server.execute(f"CREATE DATABASE {_TEMPLATE}")
        PostgresRunStorage(server.address(_TEMPLATE)).close()
        PostgresEventLogStorage(server.address(_TEMPLATE)).close()
        yield server


@pytest.fixture
def database(server: Server) -> Iterator[PostgresAddress]:
    """A database with our tables, empty."""
    made = server.create(_TEMPLATE)
    yield made
    server.drop(made)


@pytest.fixture
def bare_database(server: Server) -> Iterator[PostgresAddress]:
    """A database without a table."""
    made = server.create("template0")
    yield made
    server.drop(made)
