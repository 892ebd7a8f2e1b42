"""Servers of databases for the tests that need one, and a database for each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.mysql_events import MySQLEventLogStorage
from dagsterlite_sql.mysql_runs import MySQLRunStorage
from dagsterlite_sql.mysql_schedules import MySQLScheduleStorage
from dagsterlite_sql.postgres_address import PostgresAddress
from dagsterlite_sql.postgres_events import PostgresEventLogStorage
from dagsterlite_sql.postgres_runs import PostgresRunStorage
from dagsterlite_sql.postgres_schedules import PostgresScheduleStorage
from tests.small_disk import CAN_MOUNT
from tests.test_dagsterlite_sql import mysql_server
from tests.test_dagsterlite_sql.postgres_server import Server, running

# What needs MariaDB, or root, is left out where it cannot be had; see what the session says at its
# end.
collect_ignore_glob = [
    *([] if mysql_server.PROGRAM else ["test_mysql*.py"]),
    *([] if CAN_MOUNT else ["test_full_disks.py"]),
]

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
        PostgresScheduleStorage(server.address(_TEMPLATE)).close()
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


@pytest.fixture(scope="session")
def mysql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[mysql_server.MariaDB]:
    with mysql_server.running(tmp_path_factory.mktemp("mysql")) as server:
        yield server


@pytest.fixture(scope="session")
def _mysql_with_our_tables(mysql: mysql_server.MariaDB) -> MySQLAddress:
    made = mysql.create()
    MySQLRunStorage(made).close()
    MySQLEventLogStorage(made).close()
    MySQLScheduleStorage(made).close()
    return made


@pytest.fixture
def mysql_database(_mysql_with_our_tables: MySQLAddress) -> Iterator[MySQLAddress]:
    """A MySQL database with our tables, empty."""
    yield _mysql_with_our_tables
    mysql_server.empty(_mysql_with_our_tables)


@pytest.fixture
def bare_mysql_database(mysql: mysql_server.MariaDB) -> Iterator[MySQLAddress]:
    """A MySQL database without a table."""
    made = mysql.create()
    yield made
    mysql.drop(made)


@pytest.fixture
def mysql_user(mysql: mysql_server.MariaDB) -> Iterator[str]:
    """A user of the server with the password ``hunter2``."""
    mysql.query("CREATE USER 'me'@'localhost' IDENTIFIED BY 'hunter2'")
    mysql.query("GRANT ALL ON *.* TO 'me'@'localhost'")
    yield "me"
    mysql.query("DROP USER 'me'@'localhost'")
