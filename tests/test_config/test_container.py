from __future__ import annotations

import pytest

from dagsterlite import String as DagsterString
from dagsterlite.config import (
    Array,
    Field,
    Map,
    Noneable,
    ScalarUnion,
    Selector,
    Shape,
    String,
    describe_config_type,
    print_config_type,
    validate_config,
)
from dagsterlite.config import DagsterEvaluationErrorReason as Reason
from dagsterlite.errors import DagsterInvalidConfigDefinitionError

UNION = ScalarUnion(str, {"value": str, "n": Field(int, default_value=1)})


def errors_of(config_type, value):
    return [(error.reason, error.path) for error in validate_config(config_type, value).errors]


def test_an_array_evaluates_each_of_its_values_into_a_new_list():
    given = [{"a": 1}, {}]

    evaluation = validate_config([{"a": Field(int, default_value=7)}], given)

    assert evaluation.value == [{"a": 1}, {"a": 7}]
    assert given == [{"a": 1}, {}]
    assert validate_config(Array(int), []).value == []


@pytest.mark.parametrize("value", [None, {}, "ab", 3, (1, 2)])
def test_an_array_refuses_what_is_no_list(value):
    (error,) = validate_config({"rows": [int]}, {"rows": value}).errors

    assert (error.reason, error.path) == (Reason.RUNTIME_TYPE_MISMATCH, ("rows",))
    assert error.message.startswith("Value at path rows must be list. Found ")
    assert error.message.endswith('Expected: "[Int]".')


def test_an_array_reports_each_value_at_its_position():
    assert errors_of({"rows": [{"url": str}]}, {"rows": [{"url": ""}, {"url": 1}, {"url": 2}]}) == [
        (Reason.RUNTIME_TYPE_MISMATCH, ("rows", 1, "url")),
        (Reason.RUNTIME_TYPE_MISMATCH, ("rows", 2, "url")),
    ]


def test_a_noneable_takes_none_or_its_inner_type():
    assert validate_config(Noneable(int), None).success
    assert validate_config(Noneable([int]), [1]).value == [1]
    assert errors_of(Noneable(int), "x") == [(Reason.RUNTIME_TYPE_MISMATCH, ())]


def test_none_for_a_noneable_shape_stays_none():
    assert validate_config({"a": Noneable({"b": Noneable(int)})}, {"a": None}).value == {"a": None}


def test_a_map_takes_any_keys_of_its_key_type():
    assert validate_config(Map(str, {"a": Noneable(int)}), {"x": None, "y": {"a": 1}}).value == {
        "x": {"a": None},
        "y": {"a": 1},
    }
    assert validate_config(Map(int, str), {1: "a", 2: "b"}).value == {1: "a", 2: "b"}


def test_a_map_reports_bad_keys_and_values():
    assert errors_of({"m": Map(str, int)}, {"m": {1: 1, "b": "x"}}) == [
        (Reason.RUNTIME_TYPE_MISMATCH, ("m",)),
        (Reason.RUNTIME_TYPE_MISMATCH, ("m", "b")),
    ]
    assert errors_of(Map(float, int), {1.5: "x"}) == [(Reason.RUNTIME_TYPE_MISMATCH, ("1.5",))]


@pytest.mark.parametrize("value", [None, [], "x"])
def test_a_map_refuses_what_is_no_dict(value):
    (error,) = validate_config(Map(str, int), value).errors

    assert "must be dict" in error.message
    assert '"{[String]: Int}"' in error.message


@pytest.mark.parametrize(
    ("value", "filled"), [("x", "x"), ({"value": "y"}, {"value": "y", "n": 1})]
)
def test_a_scalar_union_takes_a_scalar_or_the_other_form(value, filled):
    assert validate_config(UNION, value).value == filled


def test_a_scalar_union_sends_dicts_and_lists_to_its_other_form():
    assert errors_of(UNION, {"value": 1}) == [(Reason.RUNTIME_TYPE_MISMATCH, ("value",))]
    assert errors_of(UNION, []) == [(Reason.RUNTIME_TYPE_MISMATCH, ())]
    assert validate_config(ScalarUnion(int, [int]), [1, 2]).value == [1, 2]
    assert validate_config(ScalarUnion(int, Map(str, int)), {"a": 2}).value == {"a": 2}


@pytest.mark.parametrize("value", [None, 5, True])
def test_a_scalar_union_refuses_other_scalars(value):
    (error,) = validate_config({"x": UNION}, {"x": value}).errors

    assert error.message.startswith("Invalid scalar at path x. ")
    assert '"(String | {value: String, n?: Int})"' in error.message


def test_a_key_that_would_blur_the_path_is_quoted_in_it():
    schema = {"m": Map(str, Selector({"a": int}))}

    (error,) = validate_config(schema, {"m": {"x.y": {"a": "no"}}}).errors

    assert error.path == ("m", "x.y", "a")
    assert "at path m['x.y'].a." in error.message


@pytest.mark.parametrize("key", [str, String, DagsterString])
def test_a_dict_from_one_scalar_type_means_a_map(key):
    schema = {"counts": {key: {"n": int}}}

    assert describe_config_type(schema) == "{counts: {[String]: {n: Int}}}"
    assert validate_config(schema, {"counts": {"a": {"n": 1}}}).success
    assert errors_of(schema, {"counts": {"a": {"n": "x"}}})[0][1] == ("counts", "a", "n")


def test_a_wrong_map_in_a_schema_is_told_with_its_place():
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=r"at path a\.String"):
        Shape({"a": {str: object()}})
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="key type of a Map"):
        Shape({"a": {dict: int}})
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="keys that are strings"):
        Shape({"a": {str: int, "b": int}})


def test_the_keys_of_a_map_may_be_labelled_for_readers():
    labelled = Map(str, int, key_label_name="city")

    assert describe_config_type(labelled) == "{[city: String]: Int}"
    assert print_config_type(labelled) == ["{[city: String]: Int}"]
    assert validate_config(labelled, {"Oslo": 1}).success


def test_documented_parameters_have_their_documented_names():
    assert describe_config_type(Array(inner_type=int)) == "[Int]"
    assert describe_config_type(Noneable(inner_type=int)) == "Int?"
    assert describe_config_type(Map(key_type=str, inner_type=int)) == "{[String]: Int}"
    union = ScalarUnion(scalar_type=str, non_scalar_schema=[int])
    assert describe_config_type(union) == "(String | [Int])"
