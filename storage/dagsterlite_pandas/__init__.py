"""Pandas data frames as dagster types: loaded, checked, written, and kept as Arrow files."""

from __future__ import annotations

from dagsterlite_pandas.columns import PandasColumn
from dagsterlite_pandas.constraints import (
    CategoricalColumnConstraint,
    ColumnConstraint,
    ColumnDTypeFnConstraint,
    ColumnDTypeInSetConstraint,
    Constraint,
    DataFrameConstraint,
    InRangeColumnConstraint,
    MaxValueColumnConstraint,
    MinValueColumnConstraint,
    NonNullableColumnConstraint,
    RowCountConstraint,
    StrictColumnsConstraint,
    UniqueColumnConstraint,
)
from dagsterlite_pandas.files import dataframe_loader, dataframe_materializer
from dagsterlite_pandas.frames import DataFrame, create_dagster_pandas_dataframe_type
from dagsterlite_pandas.validation import validate_constraints
from dagsterlite_pandas.violations import (
    ColumnConstraintViolationException,
    ConstraintViolationException,
    DataFrameConstraintViolationException,
)

__all__ = [
    "CategoricalColumnConstraint",
    "ColumnConstraint",
    "ColumnConstraintViolationException",
    "ColumnDTypeFnConstraint",
    "ColumnDTypeInSetConstraint",
    "Constraint",
    "ConstraintViolationException",
    "DataFrame",
    "DataFrameConstraint",
    "DataFrameConstraintViolationException",
    "InRangeColumnConstraint",
    "MaxValueColumnConstraint",
    "MinValueColumnConstraint",
    "NonNullableColumnConstraint",
    "PandasColumn",
    "RowCountConstraint",
    "StrictColumnsConstraint",
    "UniqueColumnConstraint",
    "create_dagster_pandas_dataframe_type",
    "dataframe_loader",
    "dataframe_materializer",
    "validate_constraints",
]
