from __future__ import annotations

import collections.abc
import typing
from enum import Enum

import pytest

from dagsterlite import config
from dagsterlite.errors import DagsterInvalidDefinitionError, ParameterCheckError
from dagsterlite.types import annotations as named
from dagsterlite.types import builtins
from dagsterlite.types.annotations import (
    make_python_type_usable_as_dagster_type,
    resolve_dagster_type,
)
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType


class Table:
    pass


class Row(typing.TypedDict):
    a: int


class Color(Enum):
    RED = 1


class Quacks(typing.Protocol):
    def quack(self) -> None: ...


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (int, builtins.Int),
        (float, builtins.Float),
        (bool, builtins.Bool),
        (str, builtins.String),
        (typing.Any, builtins.Any),
        (None, builtins.Any),
        (type(None), builtins.Nothing),
        (builtins.Path, builtins.Path),
    ],
)
def test_python_types_mean_the_built_in_types(given, expected):
    assert resolve_dagster_type(given) is expected


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (list, "[Any]"),
        (typing.List, "[Any]"),  # noqa: UP006
        (named.List, "[Any]"),
        (list[int], "[Int]"),
        (typing.List[int], "[Int]"),  # noqa: UP006
        (named.List[int], "[Int]"),
        (list[list[str]], "[[String]]"),
        (dict, "dict"),
        (named.Dict, "dict"),
        (dict[str, int], "Dict[String,Int]"),
        (typing.Dict[str, typing.Any], "Dict[String,Any]"),  # noqa: UP006
        (named.Dict[str, int], "Dict[String,Int]"),
        (set, "set"),
        (set[int], "Set[Int]"),
        (named.Set[int], "Set[Int]"),
        (tuple, "tuple"),
        (tuple[int, str], "Tuple[Int,String]"),
        (tuple[int, ...], "Tuple[Int,...]"),
        (tuple[()], "Tuple[]"),
        (named.Tuple[int, str], "Tuple[Int,String]"),
        (int | None, "Int?"),
        (typing.Optional[int], "Int?"),  # noqa: UP045
        (named.Optional[int], "Int?"),
        (list[int | None] | None, "[Int?]?"),
        (typing.Annotated[int, "rows"], "Int"),
        (Table, "Table"),
        (Color, "Color"),
        (list[Table], "[Table]"),
        (collections.abc.Sequence, "Sequence"),
        (typing.Sequence[int], "Sequence"),
        (named.List[PythonObjectDagsterType(Table, name="Sheet")], "[Sheet]"),
    ],
    ids=str,
)
def test_annotations_mean_types_made_of_others(given, name):
    assert resolve_dagster_type(given).display_name == name


def test_a_class_means_one_type_wherever_it_is_written():
    assert resolve_dagster_type(Table) is resolve_dagster_type(Table)
    assert resolve_dagster_type(list[Table]).is_same(resolve_dagster_type(named.List[Table]))
    assert resolve_dagster_type(Table).unique_name is None


@pytest.mark.parametrize(
    ("given", "mend"),
    [
        (5, "Give a DagsterType"),
        (typing.Union[int, str], "T | None"),  # noqa: UP007
        (int | str | None, "T | None"),
        (typing.Literal["a"], "T | None"),
        (typing.TypeVar("T"), "T | None"),
        (Quacks, "isinstance"),
        (Row, "isinstance"),
        ("Tabel", "No such name was found"),
        (DagsterType, "write DagsterType"),
        (config.Permissive, "write Permissive"),
        (config.StringSource, "belongs in a config_schema"),
        (config.Shape({"a": int}), "belongs in a config_schema"),
        ([int], "list"),
        ({"a": int}, "dict"),
        (lambda value: value, "Give a DagsterType"),
    ],
    ids=lambda item: str(item)[:17],
)
def test_what_means_no_type_is_refused_with_the_place_and_a_mend(given, mend):
    with pytest.raises(DagsterInvalidDefinitionError, match="is not a dagster type") as caught:
        resolve_dagster_type(given, "input 'rows'")

    assert str(caught.value).startswith("input 'rows': ")
    assert mend in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: named.List[builtins.Nothing],
        lambda: named.Optional[builtins.Nothing],
        lambda: named.Dict[str, builtins.Nothing],
        lambda: resolve_dagster_type(tuple[int, None]),
        lambda: resolve_dagster_type(set[None]),
    ],
)
def test_nothing_stands_alone(make):
    with pytest.raises(DagsterInvalidDefinitionError, match="Nothing cannot be wrapped"):
        make()


@pytest.mark.parametrize(
    "make",
    [
        lambda: named.List[int, str],
        lambda: named.Optional[int, str],
        lambda: named.Dict[int],
        lambda: named.Set[int, int],
    ],
)
def test_a_wrong_number_of_inner_types_is_refused(make):
    with pytest.raises(DagsterInvalidDefinitionError, match=r"takes \d type\(s\), not \d"):
        make()


def test_a_class_can_be_made_to_stand_for_a_type():
    class Frame:
        pass

    frame = PythonObjectDagsterType(Frame, name="Frame", description="Rows and columns.")

    make_python_type_usable_as_dagster_type(Frame, frame)
    make_python_type_usable_as_dagster_type(Frame, frame)

    assert resolve_dagster_type(Frame) is frame
    assert resolve_dagster_type(list[Frame]).inner_types == (frame,)


def test_a_class_stands_for_one_type_only():
    class Frame:
        pass

    make_python_type_usable_as_dagster_type(Frame, PythonObjectDagsterType(Frame, name="One"))
    with pytest.raises(DagsterInvalidDefinitionError, match="stands for the dagster type 'One'"):
        make_python_type_usable_as_dagster_type(Frame, PythonObjectDagsterType(Frame, name="Two"))
    with pytest.raises(DagsterInvalidDefinitionError, match="'Int' already"):
        make_python_type_usable_as_dagster_type(int, PythonObjectDagsterType(int, name="Count"))


def test_a_class_that_was_used_as_a_type_before_is_refused_with_the_mend():
    class Frame:
        pass

    resolve_dagster_type(Frame)
    with pytest.raises(DagsterInvalidDefinitionError, match="before the first definition"):
        make_python_type_usable_as_dagster_type(Frame, PythonObjectDagsterType(Frame, name="F"))


@pytest.mark.parametrize(("python_type", "dagster_type"), [("Frame", builtins.Int), (Table, int)])
def test_only_classes_can_stand_for_types_and_only_for_types(python_type, dagster_type):
    with pytest.raises(ParameterCheckError, match="make_python_type_usable_as_dagster_type"):
        make_python_type_usable_as_dagster_type(python_type, dagster_type)
