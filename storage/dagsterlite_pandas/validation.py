"""Holding a frame against its columns and constraints: all that is wrong, at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from dagsterlite.errors import near
from dagsterlite_pandas.columns import PandasColumn
from dagsterlite_pandas.constraints import DataFrameConstraint
from dagsterlite_pandas.violations import (
    ColumnConstraintViolationException,
    ConstraintViolationException,
)


def violations(
    dataframe: pd.DataFrame,
    pandas_columns: Sequence[PandasColumn],
    dataframe_constraints: Sequence[DataFrameConstraint],
) -> list[ConstraintViolationException]:
    """Return all that is wrong with a frame, the frame as a whole first.

    Args:
        dataframe: The frame.
        pandas_columns: What its columns must be like.
        dataframe_constraints: What it must be like as a whole.
    """
    found = []
    for constraint in dataframe_constraints:
        try:
            constraint.validate(dataframe)
        except ConstraintViolationException as violation:
            found.append(violation)
    for column in pandas_columns:
        found.extend(_of_column(dataframe, column))
    return found


def validate_constraints(
    dataframe: pd.DataFrame,
    pandas_columns: Sequence[PandasColumn] | None = None,
    dataframe_constraints: Sequence[DataFrameConstraint] | None = None,
) -> None:
    """Raise unless a frame is as its columns and constraints say.

    Args:
        dataframe: The frame.
        pandas_columns: What its columns must be like.
        dataframe_constraints: What it must be like as a whole.

    Raises:
        ConstraintViolationException: it is not; the message tells all that is wrong.
    """
    found = violations(dataframe, pandas_columns or (), dataframe_constraints or ())
    if found:
        raise ConstraintViolationException(told(found))


def told(found: Sequence[ConstraintViolationException]) -> str:
    """Return violations as one text."""
    return f"{len(found)} constraint(s) violated: {'; '.join(map(str, found))}."


def _of_column(
    dataframe: pd.DataFrame, column: PandasColumn
) -> Iterator[ConstraintViolationException]:
    if column.name not in dataframe.columns:
        if column.is_required:
            hint = near(column.name, map(str, dataframe.columns)).rstrip()
            description = f"must be there{f';{hint}' if hint else ''}"
            yield ColumnConstraintViolationException("ColumnExists", description, column.name)
        return
    if list(dataframe.columns).count(column.name) > 1:
        description = "must be there once"
        yield ColumnConstraintViolationException("ColumnExists", description, column.name)
        return
    for constraint in column.constraints:
        try:
            constraint.validate(dataframe, column.name)
        except ConstraintViolationException as violation:
            yield violation
