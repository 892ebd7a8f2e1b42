"""The types of columns that databases name differently."""

from __future__ import annotations

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.dialects import postgresql

ID = BigInteger().with_variant(Integer(), "sqlite")
"""The number of a row, which the database gives."""

NAME = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
"""A text that is looked up and sorted by its code points, whatever the database's language."""
