from __future__ import annotations

import pytest

from dagsterlite.config import (
    Any,
    Array,
    Enum,
    EnumValue,
    Field,
    Int,
    Map,
    Noneable,
    Permissive,
    Selector,
    Shape,
    String,
    StringSource,
    resolve_config,
    validate_config,
)
from dagsterlite.errors import (
    DagsterInvalidConfigDefinitionError,
    DagsterInvariantViolationError,
)


@pytest.mark.parametrize(
    "config",
    [
        int,
        Any,
        [int],
        Array(int),
        Map(str, int),
        {"a": int},
        StringSource,
        Selector({"a": Noneable(int), "b": Noneable(int)}),
        Selector({"a": int}),
    ],
)
def test_a_field_is_required_where_its_type_has_no_empty_value(config):
    field = Field(config)

    assert field.is_required
    assert not field.default_provided
    with pytest.raises(DagsterInvariantViolationError, match="no default value"):
        _ = field.default_value


@pytest.mark.parametrize(
    ("config", "default"),
    [
        (Noneable(int), None),
        ({}, {}),
        (dict, {}),
        (Permissive(), {}),
        ({"a": Field(int, default_value=1), "b": Noneable(str)}, {"a": 1, "b": None}),
        ({"a": {"b": {"c": Field(int, default_value=1)}}}, {"a": {"b": {"c": 1}}}),
        ({"a": Field(int, is_required=False)}, {}),
        (Selector({"a": Field(int, default_value=1)}), {"a": 1}),
        (Selector({"a": {}}), {"a": {}}),
        (Selector({"a": Field(int, is_required=False)}), {}),
    ],
)
def test_a_field_is_optional_where_its_type_has_an_empty_value(config, default):
    field = Field(config)

    assert not field.is_required
    assert field.default_value == default
    assert validate_config({"x": config}, {}).value == {"x": default}


def test_a_default_makes_a_field_optional():
    evaluation = validate_config({"a": Field(int, default_value=3), "b": int}, {"b": 1})

    assert evaluation.value == {"a": 3, "b": 1}


def test_a_default_that_is_false_or_none_is_a_default_all_the_same():
    schema = {"a": Field(Noneable(int), default_value=None), "b": Field(bool, default_value=False)}

    assert validate_config(schema, {}).value == {"a": None, "b": False}


def test_an_optional_field_without_default_leaves_no_key():
    schema = {"a": Field(int, is_required=False), "b": Field(Noneable(int), is_required=False)}

    assert validate_config(schema, {}).value == {}


def test_a_field_may_be_required_although_its_type_has_an_empty_value():
    evaluation = validate_config({"a": Field({}, is_required=True)}, {})

    assert [error.path for error in evaluation.errors] == [()]
    assert evaluation.errors[0].message.startswith('Missing required field "a" at the root')


def test_the_defaults_inside_a_default_are_filled_in():
    field = Field(
        {"a": int, "b": Field(int, default_value=2)}, default_value={"a": 1}, description="pair"
    )

    assert field.default_value == {"a": 1, "b": 2}
    assert field.description == "pair"


def test_the_defaults_inside_an_optional_dict_are_filled_in_only_where_it_is_given():
    optional = {"o": Field({"a": Field(int, default_value=1)}, is_required=False)}

    assert validate_config(optional, {}).value == {}
    assert validate_config(optional, {"o": {}}).value == {"o": {"a": 1}}
    assert validate_config(
        {"o": Noneable({"a": Field(int, default_value=1)})}, {"o": {}}
    ).value == {"o": {"a": 1}}


def test_a_selector_may_have_a_default_choice():
    choice = Selector({"a": int, "b": {"c": Field(int, default_value=4)}})
    schema = {"o": Field(choice, default_value={"b": {}}, description="Choose.")}

    assert validate_config(schema, {}).value == {"o": {"b": {"c": 4}}}
    assert validate_config(schema, {"o": {"a": 1}}).value == {"o": {"a": 1}}
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="only specify a single field"):
        Field(choice, default_value={"a": 1, "b": {}})


def test_a_default_is_copied_for_each_use():
    given = {"rows": [1]}
    schema = {"a": Field(Any, default_value=given)}

    given["rows"].append(2)
    first = validate_config(schema, {}).value
    first["a"]["rows"].append(3)

    assert validate_config(schema, {}).value == {"a": {"rows": [1]}}


def test_a_default_is_resolved_like_a_given_value():
    schema = {
        "color": Field(Enum("Color", [EnumValue("RED", 1)]), default_value="RED"),
        "url": Field(StringSource, default_value={"env": "URL"}),
    }

    validated = validate_config(schema, {})
    resolved = resolve_config(schema, {}, {"URL": "http://x"})

    assert validated.value == {"color": "RED", "url": {"env": "URL"}}
    assert resolved.value == {"color": 1, "url": "http://x"}


@pytest.mark.parametrize(
    ("config", "default", "message"),
    [
        (int, "x", "at the root of the default value"),
        ({"a": {"b": [int]}}, {"a": {"b": [1, "x"]}}, r"at path a\.b\[1\]"),
        ({"a": int}, {}, 'Missing required field "a"'),
        (int, None, r"Write Noneable\(Int\)"),
        (Enum("Color", [EnumValue("RED", 1)]), 1, "is not in enum type"),
    ],
)
def test_a_default_that_does_not_fit_is_refused_when_the_field_is_made(config, default, message):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=message):
        Field(config, default_value=default)


def test_a_required_field_cannot_have_a_default():
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="is_required=True"):
        Field(int, default_value=1, is_required=True)


def test_a_field_shows_its_type():
    assert repr(Field(int)) == "Field<Int>"
    assert repr(Field(int, default_value=1)) == "Field<Int?>"
    assert repr(Shape({"a": String})) == "Shape<{a: String}>"
    assert repr(Int) == "_BuiltinScalar<Int>"
