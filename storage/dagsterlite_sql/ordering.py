"""What rows are sorted by: those without a value come first, and last where the order is turned."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class Ascending(FunctionElement[Any]):
    """Sorts by a column, rows without a value first."""

    inherit_cache = True


class Descending(FunctionElement[Any]):
    """Sorts by a column turned round, rows without a value last."""

    inherit_cache = True


def in_order(column: ColumnElement[Any], *, ascending: bool) -> ColumnElement[Any]:
    """Return what to sort by so that a value that is missing counts as the lowest."""
    return Ascending(column) if ascending else Descending(column)


@compiles(Ascending)
def _ascending(element: Ascending, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} ASC NULLS FIRST"


@compiles(Descending)
def _descending(element: Descending, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} DESC NULLS LAST"


# MySQL does not know the words, and sorts so without them.


@compiles(Ascending, "mysql")
def _ascending_in_mysql(element: Ascending, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} ASC"


@compiles(Descending, "mysql")
def _descending_in_mysql(element: Descending, compiler: SQLCompiler, **options: Any) -> str:
    return f"{compiler.process(element.clauses, **options)} DESC"
