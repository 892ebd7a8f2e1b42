"""What a frame or a column can be held to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pandas as pd

from dagsterlite.errors import CheckError, ParameterCheckError, listed
from dagsterlite_pandas.violations import (
    ColumnConstraintViolationException,
    DataFrameConstraintViolationException,
)


class Constraint:
    """What a frame must be like.

    Args:
        error_description: What is asked for, as a verb: ``must hold no missing values``.
        markdown_description: The same as the description of a type shows it (default:
            ``error_description``).
    """

    def __init__(
        self, error_description: str = "", markdown_description: str | None = None
    ) -> None:
        self.error_description = error_description
        self.markdown_description = markdown_description or error_description

    @property
    def name(self) -> str:
        """What messages call the constraint."""
        return type(self).__name__


class DataFrameConstraint(Constraint, ABC):
    """What a frame as a whole must be like. Subclass it for constraints of your own."""

    @abstractmethod
    def validate(self, dataframe: pd.DataFrame) -> None:
        """Raise unless the frame is as it must be.

        Raises:
            DataFrameConstraintViolationException: it is not.
        """


class ColumnConstraint(Constraint, ABC):
    """What one column must be like. Subclass it for constraints of your own."""

    @abstractmethod
    def validate(self, dataframe: pd.DataFrame, column_name: str) -> None:
        """Raise unless the column, which is there, is as it must be.

        Raises:
            ColumnConstraintViolationException: it is not.
        """


# --- of frames -----------------------------------------------------------------------------------


class StrictColumnsConstraint(DataFrameConstraint):
    """The frame has these columns and no others.

    Args:
        strict_column_list: The names of the columns.
        enforce_ordering: Whether they stand in that order.
    """

    def __init__(self, strict_column_list: Sequence[str], enforce_ordering: bool = False) -> None:
        owner = "StrictColumnsConstraint"
        self.strict_column_list = _texts(owner, "strict_column_list", strict_column_list)
        self.enforce_ordering = enforce_ordering
        order = " in this order" if enforce_ordering else ""
        names = ", ".join(f"'{name}'" for name in self.strict_column_list) or "none"
        super().__init__(f"must have these columns only{order}: {names}")

    def validate(self, dataframe: pd.DataFrame) -> None:
        found = list(dataframe.columns)
        expected = self.strict_column_list
        if found == expected:
            return
        if not self.enforce_ordering and sorted(map(str, found)) == sorted(expected):
            return
        missing = [name for name in expected if name not in found]
        extra = [str(name) for name in found if name not in expected]
        says = f"; missing: {listed(missing)}; not among them: {listed(extra)}"
        if not missing and not extra:
            says = f"; found: {', '.join(map(repr, found))}"
        raise DataFrameConstraintViolationException(
            self.name, f"the frame {self.error_description}{says}"
        )


class RowCountConstraint(DataFrameConstraint):
    """The frame has so many rows.

    Args:
        num_allowed_rows: How many.
        error_tolerance: How many more or fewer there may be.
    """

    def __init__(self, num_allowed_rows: int, error_tolerance: int = 0) -> None:
        _check_count("num_allowed_rows", num_allowed_rows)
        _check_count("error_tolerance", error_tolerance)
        self.num_allowed_rows = num_allowed_rows
        self.error_tolerance = error_tolerance
        within = f" ± {error_tolerance}" if error_tolerance else ""
        super().__init__(f"must have {num_allowed_rows}{within} rows")

    def validate(self, dataframe: pd.DataFrame) -> None:
        count = len(dataframe)
        if abs(count - self.num_allowed_rows) > self.error_tolerance:
            raise DataFrameConstraintViolationException(
                self.name, f"the frame {self.error_description}; it has {count}"
            )


# --- of columns ----------------------------------------------------------------------------------


class ColumnDTypeFnConstraint(ColumnConstraint):
    """The column's dtype is one that a function says yes to.

    Args:
        type_fn: Called with the dtype; answers with a bool.
        called: What messages call such a dtype (default: the function's name).
    """

    def __init__(self, type_fn: Callable[[Any], bool], called: str | None = None) -> None:
        if not callable(type_fn):
            raise ParameterCheckError("ColumnDTypeFnConstraint", "type_fn", "a function", type_fn)
        self.type_fn = type_fn
        name = called or f"for which {getattr(type_fn, '__name__', 'the function')} holds"
        super().__init__(f"must have a dtype {name}")

    def validate(self, dataframe: pd.DataFrame, column_name: str) -> None:
        dtype = dataframe[column_name].dtype
        if not self.type_fn(dtype):
            raise ColumnConstraintViolationException(
                self.name, f"{self.error_description}; it is {dtype}", column_name
            )


class ColumnDTypeInSetConstraint(ColumnConstraint):
    """The column's dtype is one of those named.

    Args:
        expected_dtype_set: The names of the dtypes, as ``str(dtype)`` says them.
    """

    def __init__(self, expected_dtype_set: Iterable[str]) -> None:
        owner = "ColumnDTypeInSetConstraint"
        names = _texts(owner, "expected_dtype_set", expected_dtype_set)
        self.expected_dtype_set = frozenset(names)
        super().__init__(f"must have one of the dtypes {listed(self.expected_dtype_set)}")

    def validate(self, dataframe: pd.DataFrame, column_name: str) -> None:
        dtype = str(dataframe[column_name].dtype)
        if dtype not in self.expected_dtype_set:
            raise ColumnConstraintViolationException(
                self.name, f"{self.error_description}; it is {dtype}", column_name
            )


class _RowsConstraint(ColumnConstraint):
    """What each value of a column must be like.

    Args:
        description: What is asked for.
        ignore_missing_vals: Whether missing values are passed over.
    """

    def __init__(self, description: str, ignore_missing_vals: bool = False) -> None:
        self.ignore_missing_vals = ignore_missing_vals
        super().__init__(description)

    @abstractmethod
    def holds(self, column: pd.Series[Any]) -> pd.Series[bool]:
        """Return for each value whether it is as it must be."""

    def validate(self, dataframe: pd.DataFrame, column_name: str) -> None:
        column = dataframe[column_name]
        try:
            # Comparing nullable columns gives <NA>, which says no more than no.
            is_wrong = ~self.holds(column).fillna(value=False).astype(bool)
        except TypeError as exc:
            # The values cannot be compared with what is asked for.
            description = f"{self.error_description}; it cannot be compared: {exc}"
            raise ColumnConstraintViolationException(self.name, description, column_name) from exc
        if self.ignore_missing_vals:
            is_wrong &= column.notna()
        if is_wrong.any():
            raise ColumnConstraintViolationException(
                self.name, self.error_description, column_name, dataframe[is_wrong.to_numpy()]
            )


class NonNullableColumnConstraint(_RowsConstraint):
    """No value is missing."""

    def __init__(self) -> None:
        super().__init__("must hold no missing values")

    def holds(self, column: pd.Series[Any]) -> pd.Series[bool]:
        return column.notna()


class UniqueColumnConstraint(_RowsConstraint):
    """No value stands twice.

    Args:
        ignore_missing_vals: Whether more than one value may be missing.
    """

    def __init__(self, ignore_missing_vals: bool = False) -> None:
        super().__init__("must hold each value once", ignore_missing_vals)

    def holds(self, column: pd.Series[Any]) -> pd.Series[bool]:
        return ~column.duplicated()


class InRangeColumnConstraint(_RowsConstraint):
    """Each value is within bounds, which are allowed themselves.

    Args:
        min_value: The least value; None for no such bound.
        max_value: The greatest; likewise.
        ignore_missing_vals: Whether missing values are passed over; else they violate it.

    Raises:
        CheckError: no value is within the bounds.
    """

    def __init__(
        self, min_value: Any = None, max_value: Any = None, ignore_missing_vals: bool = False
    ) -> None:
        if min_value is not None and max_value is not None and min_value > max_value:
            message = f"{self.name}: no value is both at least {min_value} and at most {max_value}."
            raise CheckError(message)
        self.min_value = min_value
        self.max_value = max_value
        bounds = [
            f"{word} {bound}"
            for word, bound in (("at least", min_value), ("at most", max_value))
            if bound is not None
        ]
        super().__init__(f"must hold values {' and '.join(bounds)}", ignore_missing_vals)

    def holds(self, column: pd.Series[Any]) -> pd.Series[bool]:
        fits = column.notna()
        if self.min_value is not None:
            fits &= column >= self.min_value
        if self.max_value is not None:
            fits &= column <= self.max_value
        return fits


class MinValueColumnConstraint(InRangeColumnConstraint):
    """Each value is at least so great.

    Args:
        min_value: The least value.
        ignore_missing_vals: Whether missing values are passed over; else they violate it.
    """

    def __init__(self, min_value: Any, ignore_missing_vals: bool = False) -> None:
        super().__init__(min_value, None, ignore_missing_vals)


class MaxValueColumnConstraint(InRangeColumnConstraint):
    """Each value is at most so great.

    Args:
        max_value: The greatest value.
        ignore_missing_vals: Whether missing values are passed over; else they violate it.
    """

    def __init__(self, max_value: Any, ignore_missing_vals: bool = False) -> None:
        super().__init__(None, max_value, ignore_missing_vals)


class CategoricalColumnConstraint(_RowsConstraint):
    """Each value is one of a few.

    Args:
        categories: The values.
        ignore_missing_vals: Whether missing values are passed over; else they violate it.
    """

    def __init__(self, categories: Iterable[Any], ignore_missing_vals: bool = False) -> None:
        if isinstance(categories, str) or not isinstance(categories, Iterable):
            owner, expected = "CategoricalColumnConstraint", "a set of values"
            raise ParameterCheckError(owner, "categories", expected, categories)
        self.categories = list(categories)
        names = listed(map(str, self.categories))
        super().__init__(f"must hold only {names}", ignore_missing_vals)

    def holds(self, column: pd.Series[Any]) -> pd.Series[bool]:
        return column.isin(self.categories)


def _check_count(argument: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ParameterCheckError("RowCountConstraint", argument, "a whole number from 0 up", value)


def _texts(owner: str, argument: str, given: Any) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ParameterCheckError(owner, argument, "a list of texts", given)
    texts = list(given)
    for text in texts:
        if not isinstance(text, str):
            raise ParameterCheckError(owner, argument, "a list of texts", text)
    return texts
