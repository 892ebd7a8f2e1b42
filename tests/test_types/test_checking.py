from __future__ import annotations

import typing

import pytest

from dagsterlite import DagsterType, Dict, EventMetadataEntry, TypeCheck, check_dagster_type
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DagsterTypeCheckError,
)
from dagsterlite.types.annotations import List
from dagsterlite.types.builtins import Any, Int, Nothing


@pytest.mark.parametrize(
    ("dagster_type", "good", "bad"),
    [
        (Int, 1, "1"),
        (int, 1, 1.5),
        (Dict[Any, Any], {"foo": "bar"}, 5),
        (dict[str, int], {"a": 1}, {"a": "b"}),
        (list[int] | None, None, [None]),
        (typing.List[str], ["a"], "a"),  # noqa: UP006
        (Nothing, None, 1),
    ],
    ids=str,
)
def test_a_value_is_checked_as_a_run_would(dagster_type, good, bad):
    assert check_dagster_type(dagster_type, good).success
    assert not check_dagster_type(dagster_type, bad).success


def test_what_the_check_says_is_returned_whole():
    answer = TypeCheck(False, "3 rows are off", [EventMetadataEntry.int(3, "rows")])
    tidy = DagsterType(lambda _context, _value: answer, name="Tidy")

    assert check_dagster_type(tidy, 5) == answer


def test_a_check_may_log():
    def check(context, _value):
        context.log.info("checking")
        return context.run_id is None

    assert check_dagster_type(DagsterType(check, name="Logs"), 5).success


@pytest.mark.parametrize("inside", [False, True])
def test_a_check_that_needs_resources_is_refused(inside):
    stored = DagsterType(
        lambda context, value: value in context.resources.db,
        name="Stored",
        required_resource_keys={"db"},
    )

    with pytest.raises(DagsterInvariantViolationError, match="needs the resources 'db'"):
        check_dagster_type(List[stored] if inside else stored, [5])


def test_a_check_that_raises_and_a_type_that_is_none_are_told_apart():
    broken = DagsterType(lambda _context, value: value.rows > 0, name="Rows")

    with pytest.raises(DagsterTypeCheckError, match="type check of type 'Rows'"):
        check_dagster_type(broken, 5)
    with pytest.raises(DagsterInvalidDefinitionError, match="check_dagster_type: 5 is not"):
        check_dagster_type(5, 5)
