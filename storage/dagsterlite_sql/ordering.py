"""Sort with missing values first, whatever the database: they count as the lowest."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, UnaryExpression
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.operators import asc_op, desc_op


class _MissingLowest(UnaryExpression[Any]):
    inherit_cache = True


def in_order(column: Column[Any], *, ascending: bool) -> UnaryExpression[Any]:
    """Return what to sort by, or to make an index on, so that a missing value is the lowest."""
    order = _MissingLowest if column.nullable else UnaryExpression
    return order(column, modifier=asc_op if ascending else desc_op)


# SQLite and MySQL sort so without further words, and MySQL knows none.


@compiles(_MissingLowest, "postgresql")
def _in_postgres(element: _MissingLowest, compiler: SQLCompiler, **options: Any) -> str:
    words = "ASC NULLS FIRST" if element.modifier is asc_op else "DESC NULLS LAST"
    return f"{compiler.process(element.element, **options)} {words}"
