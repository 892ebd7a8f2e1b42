from __future__ import annotations

import enum
import typing
from types import SimpleNamespace

import pytest

from dagsterlite.config import (
    Any,
    Array,
    Bool,
    ConfigType,
    Field,
    Float,
    Int,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    String,
    convert_to_field,
    describe_config_type,
    resolve_to_config_type,
)
from dagsterlite.errors import DagsterInvalidConfigDefinitionError


class Color(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("written", "config_type"), [(int, Int), (str, String), (float, Float), (bool, Bool)]
)
def test_a_python_type_means_the_scalar_of_its_name(written, config_type):
    assert resolve_to_config_type(written) is config_type


@pytest.mark.parametrize(
    ("written", "short_form"),
    [
        (dict, "{...}"),
        (list, "[Any]"),
        ({}, "{}"),
        ({"a": int, "b": [str]}, "{a: Int, b: [String]}"),
        ([{"a": Noneable(int)}], "[{a?: Int?}]"),
    ],
)
def test_python_containers_mean_shapes_and_arrays(written, short_form):
    assert describe_config_type(written) == short_form


def test_a_config_type_means_itself():
    shape = Shape({})

    assert resolve_to_config_type(shape) is shape


def test_a_dagster_type_means_the_config_type_that_it_carries():
    dagster_type = SimpleNamespace(config_type=Int)

    assert resolve_to_config_type(dagster_type) is Int
    assert Field(dagster_type).config_type is Int
    assert describe_config_type({"a": [dagster_type]}) == "{a: [Int]}"


def test_a_dagster_type_without_config_form_is_refused():
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="has no config form"):
        resolve_to_config_type(SimpleNamespace(config_type=None))


@pytest.mark.parametrize(
    ("written", "path", "mend"),
    [
        (3, "the root of the schema", "Expected: a config type"),
        (None, "the root of the schema", "Expected: a config type"),
        ("Int", "the root of the schema", "Expected: a config type"),
        ((int,), "the root of the schema", "Expected: a config type"),
        ({"a": {"b": 3}}, "path a.b", 'Found "3" of type "<class \'int\'>"'),
        ({"a": [{"b": object}]}, r"path a\[0\].b", "Expected: a config type"),
        ({"a": {1: int}}, "path a", "Expected: keys that are strings"),
        ({"a": [int, str]}, "path a", "a list of exactly one"),
        ({"a": []}, "path a", "a list of exactly one"),
        ({"a": Color}, "path a", r"Write Enum.from_python_enum\(Color\)"),
        ({"a": Shape}, "path a", r"Make one: Shape\(…\)"),
        ({"a": [Field(int)]}, r"path a\[0\]", "give its type here, Int"),
        ({"a": list[int]}, "path a", r"write \[int\] for list\[int\]"),
        ({"a": typing.Optional[int]}, "path a", r"Noneable\(int\)"),  # noqa: UP045 what users write
    ],
)
def test_a_bad_schema_is_refused_with_its_path_and_the_mend(written, path, mend):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=f"(?s)at {path}.*{mend}"):
        resolve_to_config_type(written)


@pytest.mark.parametrize("wrapper", [Array, Noneable, lambda inner: Map(str, inner)])
@pytest.mark.parametrize("inner", [3, Field(int), [int, str]])
def test_what_means_no_config_type_cannot_be_wrapped(
    wrapper: typing.Callable[[object], ConfigType], inner: object
):
    with pytest.raises(DagsterInvalidConfigDefinitionError):
        wrapper(inner)


@pytest.mark.parametrize("key_type", [Selector({"a": int}), [int], Any, Noneable(str)])
def test_the_key_type_of_a_map_must_be_a_scalar(key_type):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="Expected: a scalar"):
        Map(key_type, int)


def test_a_scalar_union_needs_a_scalar_and_a_type_that_is_none():
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="scalar type of a ScalarUnion"):
        ScalarUnion([int], {"a": int})
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="non-scalar schema"):
        ScalarUnion(int, str)


def test_a_selector_needs_a_field():
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="Selector has no fields"):
        Selector({})


@pytest.mark.parametrize("fields", [[int], "a", 3])
@pytest.mark.parametrize("make", [Shape, Permissive, Selector])
def test_the_fields_of_a_type_must_be_a_dict(make, fields):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="Expected: a dict of fields"):
        make(fields)


def test_convert_to_field_keeps_a_field_and_wraps_the_rest():
    field = Field(int)

    assert convert_to_field(field) is field
    assert convert_to_field({"a": int}).config_type.short_form() == "{a: Int}"
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=r"at path a\."):
        convert_to_field({"a": 3})
