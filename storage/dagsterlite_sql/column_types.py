"""The types of columns that databases name differently."""

from __future__ import annotations

from sqlalchemy import VARBINARY, BigInteger, Dialect, Integer, Text
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.types import TypeDecorator

MYSQL_NAME_BYTES = 1000
"""How long a name may be in MySQL: an index holds three of them, and not many bytes more."""


class _NameInMySQL(TypeDecorator[str]):
    """Text as its bytes: MySQL's collations take texts for equal that differ in blanks at the end.

    Sorted by bytes, UTF-8 is sorted by code points.
    """

    impl = VARBINARY(MYSQL_NAME_BYTES)
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else value.encode()

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> str | None:
        return None if value is None else value.decode()


_MYSQL = ("mysql", "mariadb")

ID = BigInteger().with_variant(Integer(), "sqlite")
"""The number of a row, which the database gives."""

NAME = (
    Text()
    .with_variant(postgresql.TEXT(collation="C"), "postgresql")
    .with_variant(_NameInMySQL(), *_MYSQL)
)
"""A text that is looked up and sorted by its code points, whatever the database's language."""

BODY = Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), *_MYSQL)
"""A text of any length, which is only read and written."""
