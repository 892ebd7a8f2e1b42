from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest

from dagsterlite import check_dagster_type
from dagsterlite.errors import CheckError, ParameterCheckError
from dagsterlite_pandas import (
    CategoricalColumnConstraint,
    ColumnConstraint,
    ColumnConstraintViolationException,
    ColumnDTypeFnConstraint,
    ColumnDTypeInSetConstraint,
    ConstraintViolationException,
    DataFrameConstraint,
    DataFrameConstraintViolationException,
    InRangeColumnConstraint,
    MaxValueColumnConstraint,
    MinValueColumnConstraint,
    PandasColumn,
    RowCountConstraint,
    StrictColumnsConstraint,
    create_dagster_pandas_dataframe_type,
    validate_constraints,
)

NAN = np.nan


def violated(values, column: PandasColumn) -> str:
    """Return what is told of a column named ``c`` with these values; nothing if it is right."""
    try:
        validate_constraints(pd.DataFrame({"c": values}), [column])
    except ConstraintViolationException as exc:
        return str(exc)
    return ""


@pytest.mark.parametrize(
    ("column", "good", "bad", "says"),
    [
        (PandasColumn.exists("c"), [1, None, "a"], None, ""),
        (
            PandasColumn.exists("c", non_nullable=True),
            [1],
            [1, None, 2],
            "no missing values; 1",
        ),
        (PandasColumn.exists("c", unique=True), [1, 2], [1, 1], "each value once; 1 row"),
        (PandasColumn.exists("c", unique=True), [1, None], [None, None], "each value once"),
        (
            PandasColumn.exists("c", unique=True, ignore_missing_vals=True),
            [None, None, 1],
            [None, 1, 1],
            "1.0 at 2",
        ),
        (PandasColumn.boolean_column("c"), [True, False], [1, 0], "of truth values; it is int64"),
        (PandasColumn.string_column("c"), ["a", "b"], [1], "of texts; it is int64"),
        (PandasColumn.numeric_column("c"), [1, 2.5, NAN], ["1"], "of numbers; it is"),
        (PandasColumn.integer_column("c"), [1, 2], [1.5], "of whole numbers; it is float64"),
        (PandasColumn.float_column("c"), [1.5, NAN], [1], "of floating-point numbers; it is int64"),
        (
            PandasColumn.integer_column("c", 0),
            [0, 5],
            [0, -1],
            "at least 0; 1 row(s) do not: -1",
        ),
        (PandasColumn.integer_column("c", max_value=5), [0, 5], [6], "at most 5; 1 row"),
        (PandasColumn.numeric_column("c", 0, 1), [0.5], [NAN], "at least 0 and at most 1"),
        (
            PandasColumn.float_column("c", 0, 1, ignore_missing_vals=True),
            [0.5, NAN],
            [NAN, 2.0],
            "2.0 at 1",
        ),
        (
            PandasColumn.categorical_column("c", ["a", "b"]),
            ["a", "b"],
            ["a", "z"],
            "must hold only 'a', 'b'; 1 row(s) do not: 'z' at 1",
        ),
        (
            PandasColumn.categorical_column("c", {"a"}, ignore_missing_vals=True),
            ["a", None],
            ["z", None],
            "'z' at 0",
        ),
        (
            PandasColumn.categorical_column("c", ["a"], of_types="category"),
            pd.Categorical(["a"]),
            ["a"],
            "one of the dtypes 'category'",
        ),
        (
            PandasColumn.datetime_column("c", "2020", "2021"),
            pd.to_datetime(["2020-06-01"]),
            pd.to_datetime(["2022-06-01"]),
            "at most 2021-01-01",
        ),
        (
            PandasColumn.datetime_column("c"),
            pd.to_datetime(["2020-06-01"]),
            pd.to_datetime(["2020-06-01"]).tz_localize("UTC"),
            "without a zone; it is datetime64",
        ),
        (
            PandasColumn.datetime_column("c", "2020", tz="UTC"),
            pd.to_datetime(["2020-06-01"]).tz_localize("UTC"),
            pd.to_datetime(["2020-06-01"]),
            "UTC",
        ),
        (PandasColumn("c", constraints=[MinValueColumnConstraint(3)]), [3], [2], "at least 3"),
        (PandasColumn("c", constraints=[MaxValueColumnConstraint(3)]), [3], [4], "at most 3"),
        (
            PandasColumn("c", constraints=[ColumnDTypeFnConstraint(lambda d: d == "int64")]),
            [3],
            [1.5],
            "it is float64",
        ),
        (
            PandasColumn("c", constraints=[MinValueColumnConstraint(3)]),
            [3],
            ["a"],
            "it cannot be compared",
        ),
    ],
)
def test_a_column_is_held_to_its_constraints(column, good, bad, says):
    assert violated(good, column) == ""
    if bad is not None:
        assert says in violated(bad, column)
        assert "'c'" in violated(bad, column)


def test_nullable_values_are_missing_values():
    values = pd.array([1, None], dtype="Int64")

    assert "<NA> at 1" in violated(values, PandasColumn.integer_column("c", 0))
    ignoring = PandasColumn.integer_column("c", 0, ignore_missing_vals=True)
    assert violated(values, ignoring) == ""


def test_a_column_is_there_once_unless_it_may_be_left_out():
    frame = pd.DataFrame({"flight": [1]})

    with pytest.raises(ConstraintViolationException, match="'fligth' must be there; Did you"):
        validate_constraints(frame, [PandasColumn.exists("fligth")])
    validate_constraints(frame, [PandasColumn.integer_column("other", is_required=False)])
    twice = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(ConstraintViolationException, match="'a' must be there once"):
        validate_constraints(twice, [PandasColumn.exists("a")])


def test_only_the_first_rows_at_fault_are_told():
    text = violated(range(100), PandasColumn.integer_column("c", 50))

    assert "50 row(s) do not: 0 at 0, 1 at 1, 2 at 2, 3 at 3, 4 at 4 and 45 more" in text


@pytest.mark.parametrize(
    ("constraint", "good", "bad", "says"),
    [
        (RowCountConstraint(2), {"a": [1, 2]}, {"a": [1]}, "must have 2 rows; it has 1"),
        (RowCountConstraint(2, 1), {"a": [1]}, {"a": [1] * 4}, "2 ± 1 rows; it has 4"),
        (RowCountConstraint(0), {"a": []}, {"a": [1]}, "it has 1"),
        (
            StrictColumnsConstraint(["a", "b"]),
            {"b": [1], "a": [1]},
            {"a": [1], "c": [1]},
            "missing: 'b'; not among them: 'c'",
        ),
        (
            StrictColumnsConstraint(["a", "b"], enforce_ordering=True),
            {"a": [1], "b": [1]},
            {"b": [1], "a": [1]},
            "in this order: 'a', 'b'; found: 'b', 'a'",
        ),
    ],
)
def test_a_frame_is_held_to_its_constraints(constraint, good, bad, says):
    validate_constraints(pd.DataFrame(good), dataframe_constraints=[constraint])
    with pytest.raises(ConstraintViolationException) as caught:
        validate_constraints(pd.DataFrame(bad), dataframe_constraints=[constraint])

    assert says in str(caught.value)


def test_all_that_is_wrong_is_told_at_once():
    frame = pd.DataFrame({"a": [-1, 2], "b": ["x", None]})
    columns = [
        PandasColumn.integer_column("a", 0),
        PandasColumn.string_column("b", non_nullable=True),
        PandasColumn.exists("c"),
    ]
    with pytest.raises(ConstraintViolationException, match=r"^4 constraint") as caught:
        validate_constraints(frame, columns, [RowCountConstraint(5)])

    told = str(caught.value)
    assert all(part in told for part in ("it has 2", "-1 at 0", "column 'b'", "column 'c'"))


def test_constraints_of_your_own_are_asked_too():
    class Sorted(ColumnConstraint):
        def validate(self, dataframe, column_name):
            if not dataframe[column_name].is_monotonic_increasing:
                raise ColumnConstraintViolationException(
                    self.name, self.error_description, column_name
                )

    class Square(DataFrameConstraint):
        def validate(self, dataframe):
            if len(dataframe) != len(dataframe.columns):
                raise DataFrameConstraintViolationException(self.name, "is no square")

    column = PandasColumn("a", constraints=[Sorted("must rise")])
    with pytest.raises(ConstraintViolationException) as caught:
        validate_constraints(pd.DataFrame({"a": [2, 1]}), [column], [Square("be square")])

    assert "column 'a' must rise (Sorted)" in str(caught.value)
    assert "is no square (Square)" in str(caught.value)


def test_a_constraint_of_your_own_may_tell_of_itself_in_markdown():
    class Rising(ColumnConstraint):
        def __init__(self):
            super().__init__(error_description="must rise", markdown_description="must *rise*")

        def validate(self, dataframe, column_name):
            raise ColumnConstraintViolationException(
                constraint_name=self.name,
                constraint_description=self.error_description,
                column_name=column_name,
                offending_rows=dataframe,
            )

    frame_type = create_dagster_pandas_dataframe_type(
        "Rising", columns=[PandasColumn("a", constraints=[Rising()])]
    )
    assert "`a`: must *rise*" in str(frame_type.description)
    answer = check_dagster_type(frame_type, pd.DataFrame({"a": [1]}))
    assert "column 'a' must rise; 1 row(s) do not: 1 at 0 (Rising)" in str(answer.description)


def test_a_violation_travels_with_its_facts():
    frame = pd.DataFrame({"a": [1]})
    of_column = ColumnConstraintViolationException("C", "must rise", "a", frame)
    of_frame = DataFrameConstraintViolationException("C", "is no square")

    again = pickle.loads(pickle.dumps(of_column))
    assert str(again) == str(of_column)
    assert again.offending_rows.equals(frame)
    assert str(pickle.loads(pickle.dumps(of_frame))) == str(of_frame)


@pytest.mark.parametrize(
    ("make", "arguments", "argument"),
    [
        (PandasColumn, [5], "name"),
        (PandasColumn, ["a", True, ["unique"]], "constraints"),
        (PandasColumn, ["a", True, [RowCountConstraint(1)]], "constraints"),
        (RowCountConstraint, [-1], "num_allowed_rows"),
        (RowCountConstraint, [1, 0.5], "error_tolerance"),
        (StrictColumnsConstraint, ["abc"], "strict_column_list"),
        (StrictColumnsConstraint, [[1]], "strict_column_list"),
        (ColumnDTypeFnConstraint, ["int64"], "type_fn"),
        (ColumnDTypeInSetConstraint, [{int}], "expected_dtype_set"),
        (CategoricalColumnConstraint, ["abc"], "categories"),
    ],
)
def test_wrong_arguments_are_refused_by_name(make, arguments, argument):
    with pytest.raises(ParameterCheckError, match=f"'{argument}'"):
        make(*arguments)


def test_arguments_that_contradict_each_other_are_refused():
    with pytest.raises(CheckError, match="PandasColumn 'a': non_nullable and ignore_missing"):
        PandasColumn.exists("a", non_nullable=True, ignore_missing_vals=True)
    with pytest.raises(CheckError, match="at least 3 and at most 2"):
        InRangeColumnConstraint(3, 2)
