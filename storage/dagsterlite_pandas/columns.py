"""The columns that a frame is to have, and what each is held to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pandas as pd
from pandas.api import types as dtypes

from dagsterlite.definitions.arguments import list_of
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite_pandas.constraints import (
    CategoricalColumnConstraint,
    ColumnConstraint,
    ColumnDTypeFnConstraint,
    ColumnDTypeInSetConstraint,
    InRangeColumnConstraint,
    NonNullableColumnConstraint,
    UniqueColumnConstraint,
)

CATEGORIES: Final = frozenset({"category", "object", "str", "string"})
"""The dtypes in which columns of few different values usually come."""


class PandasColumn:
    """A column by its name, with its constraints.

    The static methods make columns of a kind. What they have in common: ``non_nullable`` asks that
    no value is missing; ``unique`` that none stands twice; ``ignore_missing_vals`` has the other
    constraints pass missing values over; ``is_required=False`` allows that the column is not there
    (then nothing else is asked of it).

    Args:
        name: The column.
        is_required: Whether it must be there (default: yes).
        constraints: What it is held to.

    Raises:
        ParameterCheckError: an argument is of the wrong type.
        CheckError: ``non_nullable`` and ``ignore_missing_vals`` are both set.
    """

    def __init__(
        self,
        name: str,
        is_required: bool | None = None,
        constraints: Sequence[ColumnConstraint] | None = None,
    ) -> None:
        given: Any = name
        if not isinstance(given, str):
            raise ParameterCheckError("PandasColumn", "name", "a text", name)
        owner = f"PandasColumn '{name}'"
        self.name = name
        self.is_required = True if is_required is None else bool(is_required)
        self.constraints = list_of(
            owner,
            "constraints",
            constraints,
            ColumnConstraint,  # type: ignore[type-abstract]
        )

    def __repr__(self) -> str:
        return f"PandasColumn({self.name!r})"

    @staticmethod
    def exists(
        name: str,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of any kind."""
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, more)

    @staticmethod
    def boolean_column(
        name: str,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of a boolean dtype."""
        kind = ColumnDTypeFnConstraint(dtypes.is_bool_dtype, "of truth values")
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [kind, *more])

    @staticmethod
    def string_column(
        name: str,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of a dtype for texts, ``object`` among them."""
        kind = ColumnDTypeFnConstraint(dtypes.is_string_dtype, "of texts")
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [kind, *more])

    @staticmethod
    def numeric_column(
        name: str,
        min_value: float | None = None,
        max_value: float | None = None,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of numbers, with the bounds that are given (allowed themselves)."""
        kind = ColumnDTypeFnConstraint(dtypes.is_numeric_dtype, "of numbers")
        bounds = _bounds(min_value, max_value, ignore_missing_vals)
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [kind, *bounds, *more])

    @staticmethod
    def integer_column(
        name: str,
        min_value: float | None = None,
        max_value: float | None = None,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of whole numbers, with the bounds that are given."""
        kind = ColumnDTypeFnConstraint(dtypes.is_integer_dtype, "of whole numbers")
        bounds = _bounds(min_value, max_value, ignore_missing_vals)
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [kind, *bounds, *more])

    @staticmethod
    def float_column(
        name: str,
        min_value: float | None = None,
        max_value: float | None = None,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column of floating-point numbers, with the bounds that are given."""
        kind = ColumnDTypeFnConstraint(dtypes.is_float_dtype, "of floating-point numbers")
        bounds = _bounds(min_value, max_value, ignore_missing_vals)
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [kind, *bounds, *more])

    @staticmethod
    def datetime_column(
        name: str,
        min_datetime: Any = None,
        max_datetime: Any = None,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
        tz: str | None = None,
    ) -> PandasColumn:
        """Return a column of points in time, with the bounds that are given.

        Args:
            name: The column.
            min_datetime: The earliest, as text or a datetime; in ``tz`` where it names no zone.
            max_datetime: The latest, likewise.
            non_nullable: Whether no value may be missing.
            unique: Whether none may stand twice.
            ignore_missing_vals: Whether missing values are passed over.
            is_required: Whether the column must be there.
            tz: The time zone that the dtype must bear; None for a column without a zone.
        """
        bounds = _bounds(_time(min_datetime, tz), _time(max_datetime, tz), ignore_missing_vals)
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [_datetime_dtype(tz), *bounds, *more])

    @staticmethod
    def categorical_column(
        name: str,
        categories: Iterable[Any],
        of_types: str | Iterable[str] = CATEGORIES,
        non_nullable: bool = False,
        unique: bool = False,
        ignore_missing_vals: bool = False,
        is_required: bool | None = None,
    ) -> PandasColumn:
        """Return a column whose values are among ``categories``.

        Args:
            name: The column.
            categories: The values.
            of_types: The name of its dtype, or of several that are allowed.
            non_nullable: Whether no value may be missing.
            unique: Whether none may stand twice.
            ignore_missing_vals: Whether missing values are passed over.
            is_required: Whether the column must be there.
        """
        of_types = {of_types} if isinstance(of_types, str) else of_types
        kinds = [
            ColumnDTypeInSetConstraint(of_types),
            CategoricalColumnConstraint(categories, ignore_missing_vals),
        ]
        more = _common(name, non_nullable, unique, ignore_missing_vals)
        return PandasColumn(name, is_required, [*kinds, *more])


def _common(
    name: str, non_nullable: bool, unique: bool, ignore_missing_vals: bool
) -> list[ColumnConstraint]:
    if non_nullable and ignore_missing_vals:
        raise CheckError(
            f"PandasColumn '{name}': non_nullable and ignore_missing_vals contradict each other: "
            "missing values are either wrong or passed over."
        )
    constraints: list[ColumnConstraint] = [NonNullableColumnConstraint()] if non_nullable else []
    if unique:
        constraints.append(UniqueColumnConstraint(ignore_missing_vals))
    return constraints


def _bounds(low: Any, high: Any, ignore_missing_vals: bool) -> list[ColumnConstraint]:
    # Without bounds nothing is asked of missing values either.
    if low is None and high is None:
        return []
    return [InRangeColumnConstraint(low, high, ignore_missing_vals)]


def _time(given: Any, tz: str | None) -> pd.Timestamp | None:
    if given is None:
        return None
    time = pd.Timestamp(given)
    return time.tz_localize(tz) if tz is not None and time.tzinfo is None else time


def _datetime_dtype(tz: str | None) -> ColumnConstraint:
    if tz is None:
        return ColumnDTypeFnConstraint(_is_without_zone, "of points in time without a zone")
    names = {f"datetime64[{unit}, {tz}]" for unit in ("s", "ms", "us", "ns")}
    return ColumnDTypeInSetConstraint(names)


def _is_without_zone(dtype: Any) -> bool:
    return bool(getattr(dtype, "kind", None) == "M") and getattr(dtype, "tz", None) is None
