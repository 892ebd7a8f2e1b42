"""A MariaDB server of one's own, from Debian's packages; also for root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pymysql

from dagsterlite_sql.mysql_address import MySQLAddress
from dagsterlite_sql.schema import EVENTS, RUNS, SCHEDULES

PROGRAM = shutil.which("mariadbd", path=os.environ["PATH"] + ":/usr/sbin")
"""The server, where it is installed."""

_START_SECONDS = 60
_SMALL_LOG = "--innodb-log-file-size=4M"


class MariaDB:
    """A server that listens on a unix socket and on a port of this host."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        # A socket's path may be no longer than some hundred characters.
        self.socket = f"/tmp/dagsterlite-{uuid.uuid4().hex}.sock"
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port: int = free.getsockname()[1]

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(self._command(), stdout=log, stderr=log)
        # The socket is there when the server answers.
        deadline = time.monotonic() + _START_SECONDS
        while not os.path.exists(self.socket):
            assert self._process.poll() is None, (self._folder / "server.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)

    def _command(self) -> list[str]:
        return [
            str(PROGRAM),
            "--no-defaults",
            "--user=root",
            f"--datadir={self._folder}/data",
            f"--socket={self.socket}",
            "--bind-address=127.0.0.1",
            f"--port={self.port}",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=64M",
            "--innodb-file-per-table=0",
            "--innodb-flush-method=nosync",
            _SMALL_LOG,
            *self._options,
        ]

    def stop(self) -> None:
        """Stop the server, and wait until it has."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None

    def kill(self) -> None:
        """Kill the server in the middle of whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def address(self, name: str) -> MySQLAddress:
        """Return how a database of the server is reached."""
        return MySQLAddress({"unix_socket": self.socket, "user": "root", "database": name})

    def by_network(self, place: MySQLAddress) -> MySQLAddress:
        """Return how a database of the server is reached by its port."""
        name = place.parameters["database"]
        return MySQLAddress(
            {"host": "127.0.0.1", "port": self.port, "user": "root", "database": name}
        )

    def query(self, statement: str, name: str = "mysql") -> list[tuple[Any, ...]]:
        """Return the rows of a statement, executed outside a transaction."""
        return query(self.address(name), statement)

    def create(self) -> MySQLAddress:
        """Make a database without a table."""
        name = f"test_{uuid.uuid4().hex}"
        self.query(f"CREATE DATABASE {name}")
        return self.address(name)

    def drop(self, place: MySQLAddress) -> None:
        """Remove a database."""
        self.query(f"DROP DATABASE IF EXISTS {place.parameters['database']}")


def query(place: MySQLAddress, *statements: str) -> list[tuple[Any, ...]]:
    """Return the rows of the last statement; each is executed in a transaction of its own."""
    opened = closing(pymysql.connect(**place.parameters, autocommit=True))
    with opened as connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def empty(place: MySQLAddress) -> None:
    """Take all rows out of our tables, but for those that hold a version."""
    tables = [
        table for schema in (RUNS, EVENTS, SCHEDULES) for table in schema.metadata.sorted_tables
    ]
    statements = []
    for table in tables:
        if not table.name.endswith("_version"):
            statements.append(f"DELETE FROM {table.name}")
            if "id" in table.c:
                statements.append(f"ALTER TABLE {table.name} AUTO_INCREMENT = 1")
    query(place, *statements)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[MariaDB]:
    """Start a server that keeps its data in a folder, and stop it at the end.

    Args:
        folder: The folder.
        options: Further options of the server.
    """
    install = [
        "mariadb-install-db",
        "--no-defaults",
        "--user=root",
        f"--datadir={folder}/data",
        "--skip-test-db",
        "--auth-root-authentication-method=normal",
        _SMALL_LOG,
    ]
    subprocess.run(install, check=True, capture_output=True, timeout=120)
    server = MariaDB(folder, options)
    try:
        server.start()
        yield server
    finally:
        server.stop()
