from __future__ import annotations

from typing import Any

import pytest

from dagsterlite.errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DagsterTypeCheckError,
    DagsterUnknownResourceError,
    ParameterCheckError,
)
from dagsterlite.events.metadata import EventMetadataEntry
from dagsterlite.events.yielded import TypeCheck
from dagsterlite.types.builtins import Int, Nothing
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType
from dagsterlite.types.loader import dagster_type_loader, dagster_type_materializer


def is_even(_context, value):
    return isinstance(value, int) and value % 2 == 0


def test_a_type_answers_with_what_its_check_says():
    even = DagsterType(is_even, name="Even", description="Divisible by two.")

    assert even.type_check(None, 2) == TypeCheck(success=True)
    assert even.type_check(None, 3) == TypeCheck(success=False)
    assert (even.display_name, even.key, even.unique_name) == ("Even", "Even", "Even")
    assert even.description == "Divisible by two."


def test_a_check_may_say_more_than_yes_or_no():
    answer = TypeCheck(False, "3 rows are off", [EventMetadataEntry.int(3, "rows")])
    tidy = DagsterType(lambda _context, _value: answer, name="Tidy")

    assert tidy.type_check(None, object()) is answer


def test_a_type_is_known_by_its_name_or_its_key():
    by_key = DagsterType(is_even, key="even")

    assert (by_key.display_name, by_key.unique_name) == ("even", None)
    with pytest.raises(CheckError, match="give a name, a key, or both"):
        DagsterType(is_even)


@pytest.mark.parametrize("check", [lambda value: True, lambda: True, lambda a, b, c: True])
def test_a_check_that_takes_other_arguments_is_refused_when_the_type_is_made(check):
    with pytest.raises(DagsterInvalidDefinitionError, match=r"'Odd'.*must take 2 .*context, value"):
        DagsterType(check, name="Odd")


def test_a_check_of_any_callable_form_is_taken():
    class Checker:
        def __call__(self, context, value):
            return value == 1

        def method(self, _context, value):
            return value == 2

    assert DagsterType(Checker(), name="One").type_check(None, 1).success
    assert DagsterType(Checker().method, name="Two").type_check(None, 2).success
    assert DagsterType(lambda *args: len(args) == 2, name="Any").type_check(None, 3).success


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("type_check_fn", 5),
        ("loader", lambda context, value: value),
        ("materializer", "file"),
        ("required_resource_keys", "database"),
        ("required_resource_keys", 7),
        ("required_resource_keys", {7}),
    ],
)
def test_arguments_of_the_wrong_type_are_refused_by_name(argument, value):
    arguments = {"type_check_fn": is_even, "name": "Even", argument: value}

    with pytest.raises(ParameterCheckError, match=f"'Even'.*'{argument}'"):
        DagsterType(**arguments)


def test_an_error_inside_a_check_is_told_from_a_failed_check():
    def broken(_context, value):
        return value.rows > 0

    with pytest.raises(DagsterTypeCheckError, match="type check of type 'Rows'") as caught:
        DagsterType(broken, name="Rows").type_check(None, 5)

    assert isinstance(caught.value.user_exception, AttributeError)
    assert caught.value.__cause__ is caught.value.user_exception


def test_an_error_of_the_framework_inside_a_check_passes_unchanged():
    def asks(_context, _value):
        raise DagsterUnknownResourceError("databse", ["database"])

    with pytest.raises(DagsterUnknownResourceError, match="Did you mean 'database'"):
        DagsterType(asks, name="Asking").type_check(None, 5)


@pytest.mark.parametrize("answer", [None, 1, "yes", [True]])
def test_a_check_that_answers_neither_bool_nor_type_check_is_an_error(answer):
    with pytest.raises(DagsterInvariantViolationError, match="must return a bool or a TypeCheck"):
        DagsterType(lambda _context, _value: answer, name="Vague").type_check(None, 5)


def test_instances_of_a_class_are_of_its_type():
    class Table:
        pass

    class Sheet(Table):
        pass

    table = PythonObjectDagsterType(Table)

    assert table.display_name == "Table"
    assert table.type_check(None, Sheet()).success
    answer = table.type_check(None, "rows")
    assert not answer.success
    assert answer.description == (
        "Value of type <class 'str'> failed type check for Dagster type Table, expected value to "
        "be of Python type Table."
    )


def test_instances_of_one_of_several_classes_are_of_their_type():
    number = PythonObjectDagsterType((int, float), name="Number", description="A number.")

    assert [number.type_check(None, value).success for value in (1, 1.5, "1")] == [
        True,
        True,
        False,
    ]
    assert number.description == "A number."
    assert PythonObjectDagsterType((int, float)).display_name == "Union[int, float]"


@pytest.mark.parametrize("python_type", ["Table", None, (), (int, "str")])
def test_what_is_no_class_makes_no_type(python_type):
    with pytest.raises(ParameterCheckError, match="python_type"):
        PythonObjectDagsterType(python_type, name="X")


def test_a_type_needs_the_resources_of_its_check_loader_and_materializer():
    @dagster_type_loader(str, required_resource_keys={"reader"})
    def load(_context, value):
        return value

    @dagster_type_materializer(str, required_resource_keys={"writer"})
    def write(_context, _config, _value):
        return []

    table = DagsterType(
        is_even, name="T", loader=load, materializer=write, required_resource_keys={"checker"}
    )

    assert table.resource_keys() == {"checker", "reader", "writer"}
    assert Int.resource_keys() == frozenset()


def test_a_type_bears_facts_about_itself():
    entry = EventMetadataEntry.json({"columns": ["a"]}, "schema")
    listed = DagsterType(is_even, name="T", metadata_entries=[entry])
    by_label = PythonObjectDagsterType(dict, name="T", metadata={"schema": {"columns": ["a"]}})

    assert listed.metadata_entries == [entry]
    assert by_label.metadata_entries[0].entry_data == entry.entry_data
    assert by_label.metadata["schema"].value == {"columns": ["a"]}
    assert DagsterType(is_even, name="T").metadata_entries == []


def test_facts_about_a_type_that_are_none_are_refused_with_its_name():
    words: Any = ["schema"]
    with pytest.raises(ParameterCheckError, match=r"'T'.*metadata_entries"):
        DagsterType(is_even, name="T", metadata_entries=words)
    with pytest.raises(CheckError, match=r"'T'.*not both"):
        DagsterType(is_even, name="T", metadata_entries=[], metadata={})


def test_a_type_tells_how_python_annotates_its_values():
    given = DagsterType(is_even, name="Even", typing_type=int | None)

    assert given.typing_type == int | None
    assert DagsterType(is_even, name="Even").typing_type is Any
    assert Int.typing_type is int
    assert Nothing.typing_type is type(None)


def test_a_type_of_a_class_is_annotated_by_the_class():
    assert PythonObjectDagsterType(Rows).typing_type is Rows
    assert PythonObjectDagsterType((int, str)).typing_type == int | str
    assert PythonObjectDagsterType(Rows, typing_type=list[int]).typing_type == list[int]


class Rows(list[int]): ...
