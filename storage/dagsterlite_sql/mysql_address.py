"""Where a MySQL or MariaDB database is, and how to connect to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dagsterlite.config import Field, IntSource, Permissive, Selector, StringSource
from dagsterlite.errors import DagsterSettingsError, MissingExtraError, listed, near

PORT = 3306
CONNECT_SECONDS = 10
"""How long a server may take to answer."""

_EVERY_DEPTH = 2**32 - 1


def _truth(text: object) -> bool:
    return str(text).lower() in {"true", "1", "yes", "on"}


# What the driver takes beside the parts of an address, and how it reads in a URL.
_PARAMETERS: Mapping[str, Callable[[Any], object]] = {
    "connect_timeout": int,
    "read_timeout": int,
    "ssl_ca": str,
    "ssl_cert": str,
    "ssl_disabled": _truth,
    "ssl_key": str,
    "ssl_verify_cert": _truth,
    "ssl_verify_identity": _truth,
    "unix_socket": str,
    "write_timeout": int,
}


def config_type() -> Any:
    """Return what the stores in MySQL take: the parts of an address, or a URL."""
    database = {
        "username": StringSource,
        "password": Field(StringSource, is_required=False, default_value=""),
        "hostname": Field(StringSource, description="A host, or the path of a unix socket."),
        "db_name": StringSource,
        "port": Field(IntSource, is_required=False, default_value=PORT),
        "params": Field(
            Permissive(),
            is_required=False,
            default_value={},
            description=f"Further parameters of the connection: {listed(_PARAMETERS)}.",
        ),
    }
    url = "mysql://user:password@host:port/db_name?ssl_ca=ca.pem"
    return Selector({"mysql_db": database, "mysql_url": Field(StringSource, description=url)})


@dataclass(frozen=True)
class MySQLAddress:
    """What the driver needs to connect, and the database's name for people."""

    parameters: Mapping[str, Any] = field(repr=False)

    def __str__(self) -> str:
        socket = self.parameters.get("unix_socket")
        host = self.parameters.get("host") or "localhost"
        place = socket or f"{host}:{self.parameters.get('port') or PORT}"
        return f"'{self.parameters['database']}' on {place}"

    @property
    def password(self) -> str:
        """The password, or an empty text."""
        return str(self.parameters.get("password") or "")

    def connect(self) -> Any:
        """Open a connection, of PyMySQL's class.

        Raises:
            MissingExtraError: the driver is not installed.
            pymysql.MySQLError: there is no such database, or it does not let us in.
        """
        driver = _driver()
        defaults = {"connect_timeout": CONNECT_SECONDS, "program_name": "dagsterlite"}
        connection = driver.connect(
            **{**defaults, **self.parameters},
            charset="utf8mb4",
            # Rows that an update finds count also where they have its values already.
            client_flag=driver.constants.CLIENT.FOUND_ROWS,
        )
        _set_session(connection)
        return connection


def _set_session(connection: Any) -> None:
    is_mariadb = "MariaDB" in connection.get_server_info()
    # A query that steps from asset to asset takes as many steps as there are assets.
    depth = "max_recursive_iterations" if is_mariadb else "cte_max_recursion_depth"
    with connection.cursor() as cursor:
        # A text that is too long is an error and never cut.
        mode = "SESSION sql_mode = 'STRICT_ALL_TABLES'"
        cursor.execute(f"SET {mode}, SESSION {depth} = {_EVERY_DEPTH}")
        cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def read_address(config: Mapping[str, Any]) -> MySQLAddress:
    """Return the address that a config of :func:`config_type` gives.

    Raises:
        DagsterSettingsError: the URL or a parameter is none that the driver understands.
        MissingExtraError: the driver is not installed.
    """
    _driver()
    if "mysql_url" in config:
        return _of_url(config["mysql_url"])
    database = config["mysql_db"]
    socket = database["hostname"] if database["hostname"].startswith("/") else None
    return MySQLAddress(
        {
            "user": database["username"],
            "password": database["password"],
            "database": database["db_name"],
            **({"unix_socket": socket} if socket else {"host": database["hostname"]}),
            "port": database["port"],
            **dict(_parameters("mysql_db.params", database["params"])),
        }
    )


def _of_url(text: str) -> MySQLAddress:
    url = _parse(text)
    return MySQLAddress(
        {
            "user": url.username,
            "password": url.password or "",
            "database": url.database,
            "host": url.host or "localhost",
            "port": url.port or PORT,
            **dict(_parameters("mysql_url", url.query)),
        }
    )


def _parse(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    if url is None or url.get_backend_name() not in {"mysql", "mariadb"} or not url.database:
        # What was given may hold the password, and so may a traceback.
        raise DagsterSettingsError(
            "mysql_url is not a URL of a MySQL database. It has the form "
            "mysql://user:password@host:3306/db_name; percent-encode what is special in a "
            "password, or give the parts by `mysql_db`."
        ) from None
    return url


def _parameters(owner: str, given: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in given.items():
        if name not in _PARAMETERS:
            raise DagsterSettingsError(
                f"{owner}: a connection to MySQL has no parameter '{name}'."
                f"{near(name, _PARAMETERS)} It has: {listed(_PARAMETERS)}."
            )
        try:
            yield name, _PARAMETERS[name](value)
        except (TypeError, ValueError):
            raise DagsterSettingsError(f"{owner}: '{name}' is a whole number.") from None


def _driver() -> Any:
    try:
        import pymysql
    except ImportError as exc:
        raise MissingExtraError("pymysql", "pymysql", "mysql") from exc
    return pymysql
