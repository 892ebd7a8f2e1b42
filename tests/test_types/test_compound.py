from __future__ import annotations

import time
from typing import Any

import pytest

from dagsterlite.config import validate_config
from dagsterlite.errors import DagsterTypeCheckError
from dagsterlite.types.annotations import resolve_dagster_type as resolve
from dagsterlite.types.compound import ListType
from dagsterlite.types.dagster_type import DagsterType, PythonObjectDagsterType
from dagsterlite.types.loader import dagster_type_loader


class Table:
    def __repr__(self):
        # Test ids must be the same in each process that collects them.
        return "Table()"


@pytest.mark.parametrize(
    ("given", "good", "bad"),
    [
        (list[int], [[], [1, 2]], [(1,), [1, "2"], None, [None]]),
        (list, [[], [1, "2"]], [(1,), None]),
        (set[str], [set(), {"a"}], [{"a", 1}, ["a"], frozenset()]),
        (set, [{1, "a"}], [[1]]),
        (tuple[int, str], [(1, "a")], [(1,), (1, "a", 2), ("a", 1), [1, "a"]]),
        (tuple[int, ...], [(), (1, 2, 3)], [(1, "a"), [1]]),
        (tuple, [(), (1, "a")], [[1]]),
        (dict[str, int], [{}, {"a": 1}], [{1: 1}, {"a": "b"}, [("a", 1)]]),
        (dict, [{}, {1: "a"}], [[], None]),
        (int | None, [None, 1], ["1", 1.5]),
        (list[dict[str, int | None]], [[{"a": None}]], [[{"a": "b"}]]),
        (list[Table], [[Table()]], [[Table]]),
    ],
)
def test_a_type_made_of_others_takes_what_they_take(given, good, bad):
    dagster_type = resolve(given)

    assert all(dagster_type.type_check(None, value).success for value in good)
    refusals = [dagster_type.type_check(None, value) for value in bad]
    assert not any(refusal.success for refusal in refusals)
    assert all(refusal.description for refusal in refusals)


def test_the_refusal_of_an_item_tells_of_the_item():
    answer = resolve(list[list[int]]).type_check(None, [[1], [2, "three"]])

    assert answer.description == 'Value "three" of python type "str" must be an int.'


def test_an_error_in_the_check_of_an_item_names_the_inner_type():
    broken = DagsterType(lambda _context, value: value.rows, name="Rows")

    with pytest.raises(DagsterTypeCheckError, match="'Rows'"):
        ListType(broken).type_check(None, [1])


def test_types_are_the_same_when_made_alike():
    assert resolve(list[int]).is_same(resolve(list[int]))
    assert resolve(dict[str, Table]).is_same(resolve(dict[str, Table]))
    assert not resolve(list[int]).is_same(resolve(set[int]))
    assert not resolve(list[int]).is_same(resolve(list[str]))
    assert not resolve(tuple[int]).is_same(resolve(tuple[int, int]))
    assert not resolve(int | None).is_same(resolve(int))
    assert not resolve(int).is_same(resolve(list[int]))


@pytest.mark.parametrize(
    ("given", "in_config", "value"),
    [
        (list[int], [1, {"value": 2}], [1, 2]),
        (set[str], ["a", "b", "a"], {"a", "b"}),
        (tuple[int, ...], [1, 2], (1, 2)),
        (dict[str, int], {"a": 1, "b": {"value": 2}}, {"a": 1, "b": 2}),
        (dict, {"a": {"b": [1]}}, {"a": {"b": [1]}}),
        (set, ["a"], {"a"}),
        (tuple, ["a", 1], ("a", 1)),
        (int | None, None, None),
        (int | None, 3, 3),
        (list[dict[str, float | None]], [{"a": 0.5, "b": None}], [{"a": 0.5, "b": None}]),
    ],
)
def test_a_type_made_of_loadable_types_is_loaded_from_config(given, in_config, value):
    loader = resolve(given).loader
    assert loader is not None

    evaluation = validate_config(loader.schema_type, in_config)

    assert evaluation.success, evaluation.errors
    assert loader.construct_from_config_value(None, evaluation.value) == value


@pytest.mark.parametrize(
    "given", [list[Table], Table | None, dict[str, Table], dict[int, str], tuple[int, str]]
)
def test_a_type_that_config_cannot_hold_has_no_loader(given):
    assert resolve(given).loader is None


def test_the_loader_of_a_type_needs_the_resources_of_those_inside():
    @dagster_type_loader(str, required_resource_keys={"files"})
    def load(_context, path):
        return path

    table = PythonObjectDagsterType(Table, name="Sheet", loader=load)

    tables = ListType(table)

    assert tables.resource_keys() == {"files"}
    assert tables.loader is not None
    assert tables.loader.required_resource_keys() == {"files"}


def test_a_list_of_anything_is_not_walked_through():
    many = [None] * 10**6
    start = time.process_time()
    for _ in range(100):
        assert resolve(list).type_check(None, many).success
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("given", "form"),
    [
        (list[int], list[int]),
        (list, list[Any]),
        (set[str], set[str]),
        (tuple[int, str], tuple[int, str]),
        (tuple[int, ...], tuple[int, ...]),
        (dict[str, list[Table]], dict[str, list[Table]]),
        (int | None, int | None),
    ],
)
def test_a_type_made_of_others_tells_how_python_annotates_it(given, form):
    assert resolve(given).typing_type == form
