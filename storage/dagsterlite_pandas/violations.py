"""How a constraint says that a frame violates it."""

from __future__ import annotations

import pandas as pd

from dagsterlite.errors import DagsterError, shown

_ROWS_SHOWN = 5


class ConstraintViolationException(DagsterError):
    """A frame, or one of its columns, is not as a constraint says."""


class DataFrameConstraintViolationException(ConstraintViolationException):
    """A frame as a whole is not as a constraint says.

    Args:
        constraint_name: The constraint.
        constraint_description: What it asks for, and what was found.
    """

    def __init__(self, constraint_name: str, constraint_description: str) -> None:
        self.constraint_name = constraint_name
        self.constraint_description = constraint_description
        super().__init__(f"{constraint_description} ({constraint_name})")


class ColumnConstraintViolationException(ConstraintViolationException):
    """A column is not as a constraint says.

    Args:
        constraint_name: The constraint.
        constraint_description: What it asks for.
        column_name: The column.
        offending_rows: The rows that are at fault, if it is rows.
    """

    def __init__(
        self,
        constraint_name: str,
        constraint_description: str,
        column_name: str,
        offending_rows: pd.DataFrame | None = None,
    ) -> None:
        self.constraint_name = constraint_name
        self.constraint_description = constraint_description
        self.column_name = column_name
        self.offending_rows = offending_rows
        where = "" if offending_rows is None else _rows(offending_rows, column_name)
        message = f"column '{column_name}' {constraint_description}{where} ({constraint_name})"
        super().__init__(message)


def _rows(offending: pd.DataFrame, column_name: str) -> str:
    first = offending[column_name].head(_ROWS_SHOWN)
    found = ", ".join(f"{shown(value)} at {shown(label)}" for label, value in first.items())
    left_out = len(offending) - len(first)
    more = f" and {left_out} more" if left_out else ""
    return f"; {len(offending)} row(s) do not: {found}{more}"
