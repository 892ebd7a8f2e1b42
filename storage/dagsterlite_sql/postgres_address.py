"""Where a Postgres database is, and how to connect to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dagsterlite.config import Field, IntSource, Permissive, Selector, StringSource
from dagsterlite.errors import DagsterSettingsError, MissingExtraError

if TYPE_CHECKING:
    import psycopg

PORT = 5432
CONNECT_SECONDS = 10
"""How long a server may take to answer."""

_DRIVER = re.compile(r"^(postgres(?:ql)?)\+\w+://")


def config_type() -> Any:
    """Return what the stores in Postgres take: the parts of an address, or a URL."""
    database = {
        "username": StringSource,
        "password": Field(StringSource, is_required=False, default_value=""),
        "hostname": Field(StringSource, description="A host, or the folder of a unix socket."),
        "db_name": StringSource,
        "port": Field(IntSource, is_required=False, default_value=PORT),
        "params": Field(
            Permissive(),
            is_required=False,
            default_value={},
            description="Further parameters of libpq, e.g. sslmode.",
        ),
    }
    url = "postgresql://user:password@host:port/db_name?sslmode=require"
    return Selector({"postgres_db": database, "postgres_url": Field(StringSource, description=url)})


@dataclass(frozen=True)
class PostgresAddress:
    """What libpq needs to connect, and the database's name for people."""

    parameters: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        host = self.parameters.get("host") or "localhost"
        port = self.parameters.get("port") or PORT
        name = self.parameters.get("dbname") or self.parameters.get("user") or "postgres"
        return f"'{name}' on {host}:{port}"

    @property
    def password(self) -> str:
        """The password, or an empty text."""
        return str(self.parameters.get("password") or "")

    def connect(self, *, autocommit: bool = False) -> psycopg.Connection:
        """Open a connection.

        Raises:
            MissingExtraError: the driver is not installed.
            psycopg.Error: there is no such database, or it does not let us in.
        """
        defaults = {
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "dagsterlite",
            # From a database that has no encoding of its own, texts would come as bytes.
            "client_encoding": "UTF8",
        }
        # Statements that a server has prepared get lost behind a pooler that shares connections.
        connection: psycopg.Connection = _driver().connect(
            **{**defaults, **self.parameters}, autocommit=autocommit, prepare_threshold=None
        )
        return connection


def read_address(config: Mapping[str, Any]) -> PostgresAddress:
    """Return the address that a config of :func:`config_type` gives.

    Raises:
        DagsterSettingsError: the URL is none that libpq understands.
        MissingExtraError: the driver is not installed.
    """
    _driver()
    if "postgres_url" in config:
        return PostgresAddress(_parse(config["postgres_url"]))
    database = config["postgres_db"]
    return PostgresAddress(
        {
            "user": database["username"],
            "password": database["password"],
            "host": database["hostname"],
            "dbname": database["db_name"],
            "port": database["port"],
            **database["params"],
        }
    )


def _parse(url: str) -> Mapping[str, Any]:
    driver = _driver()
    plain = _DRIVER.sub(r"\1://", url)
    try:
        parameters: Mapping[str, Any] = driver.conninfo.conninfo_to_dict(plain)
    except driver.Error:
        # Its message may hold the password, and so may its traceback.
        raise DagsterSettingsError(
            "postgres_url is not a URL of a Postgres database. It has the form "
            "postgresql://user:password@host:5432/db_name; percent-encode what is special in a "
            "password, or give the parts by `postgres_db`."
        ) from None
    return parameters


def _driver() -> Any:
    try:
        import psycopg
    except ImportError as exc:
        raise MissingExtraError("psycopg", "psycopg", "postgres") from exc
    return psycopg
