from __future__ import annotations

import pytest

from dagsterlite.config import DagsterEvaluationErrorReason as Reason
from dagsterlite.config import (
    Field,
    Int,
    Noneable,
    Permissive,
    Selector,
    Shape,
    validate_config,
)

SHAPE = Shape({"a": int, "b": Field(str, default_value="x")})
SELECTOR = Selector({"one": {"path": str}, "two": {}, "number": int})


def errors_of(config_type, value):
    return [(error.reason, error.path) for error in validate_config(config_type, value).errors]


def test_a_shape_keeps_what_is_given_and_fills_in_the_rest():
    given = {"a": 1}

    evaluation = validate_config(SHAPE, given)

    assert evaluation.value == {"a": 1, "b": "x"}
    assert given == {"a": 1}


def test_none_is_an_empty_shape():
    assert validate_config({}, None).value == {}
    assert validate_config({"a": {"b": Noneable(int)}}, {"a": None}).value == {"a": {"b": None}}
    assert errors_of(SHAPE, None) == [(Reason.MISSING_REQUIRED_FIELD, ())]


@pytest.mark.parametrize("config_type", [SHAPE, Permissive(), SELECTOR])
@pytest.mark.parametrize("value", [[], "a", 0, False, ""])
def test_a_dict_type_refuses_what_is_no_dict(config_type, value):
    (error,) = validate_config({"x": config_type}, {"x": value}).errors

    assert (error.reason, error.path) == (Reason.RUNTIME_TYPE_MISMATCH, ("x",))
    assert error.message.startswith("Value at path x must be dict. Found ")
    assert f'Expected: "{config_type.short_form()}"' in error.message


def test_a_missing_field_is_reported_at_the_dict_that_lacks_it():
    (error,) = validate_config(
        {"solids": {"load": {"x": int, "y": str}}}, {"solids": {"load": {"y": ""}}}
    ).errors

    assert (error.reason, error.path) == (Reason.MISSING_REQUIRED_FIELD, ("solids", "load"))
    assert error.message == (
        'Missing required field "x" at path solids.load. Found fields: "y". '
        'Expected also: "{x: Int}".'
    )


def test_several_missing_fields_are_one_error():
    (error,) = validate_config({"x": int, "y": [str], "z": {}}, {}).errors

    assert error.reason is Reason.MISSING_REQUIRED_FIELDS
    assert error.message.startswith(
        'Missing required fields "x", "y" at the root of the run config.'
    )
    assert "{x: Int, y: [String]}" in error.message


def test_a_misspelt_field_is_told_the_near_one():
    (error,) = validate_config({"solids": {"load": {}, "save": {}}}, {"solids": {"lod": {}}}).errors

    assert (error.reason, error.path) == (Reason.FIELD_NOT_DEFINED, ("solids",))
    assert error.message == (
        "Undefined field \"lod\" at path solids. Did you mean 'load'? "
        'Defined fields: "load", "save".'
    )


def test_several_undefined_fields_are_one_error_with_each_near_name():
    (error,) = validate_config({"load": {}, "save": {}}, {"lod": {}, "sav": {}, "q": 1}).errors

    assert error.reason is Reason.FIELDS_NOT_DEFINED
    assert error.message.startswith('Undefined fields "lod", "sav", "q" at the root')
    assert "\"lod\": Did you mean 'load'?" in error.message
    assert "\"sav\": Did you mean 'save'?" in error.message


@pytest.mark.parametrize("config_type", [SHAPE, Permissive({"a": int})])
def test_a_key_that_is_no_text_is_told_to_be_quoted(config_type):
    (error,) = validate_config({"x": config_type}, {"x": {"a": 1, 2: 3}}).errors

    assert (error.reason, error.path) == (Reason.RUNTIME_TYPE_MISMATCH, ("x",))
    assert error.message == (
        'Invalid key at path x. Key "2" of type "<class \'int\'>" is not valid for expected type '
        '"String". Quote it to give it as text.'
    )


def test_a_permissive_dict_keeps_unknown_keys_by_identity():
    unknown = object()
    permissive = Permissive({"a": int, "b": Field(int, default_value=2)})

    evaluation = validate_config(permissive, {"a": 1, "c": unknown})

    assert evaluation.value == {"a": 1, "b": 2, "c": unknown}
    assert evaluation.value["c"] is unknown


def test_a_permissive_dict_checks_the_fields_that_it_knows():
    permissive = Permissive({"a": int, "b": int})

    assert errors_of(permissive, {"a": "x", "c": 1}) == [
        (Reason.MISSING_REQUIRED_FIELD, ()),
        (Reason.RUNTIME_TYPE_MISMATCH, ("a",)),
    ]


@pytest.mark.parametrize(
    ("value", "filled"),
    [
        ({"one": {"path": "p"}}, {"one": {"path": "p"}}),
        ({"two": None}, {"two": {}}),
        ({"number": 3}, {"number": 3}),
    ],
)
def test_a_selector_takes_exactly_one_field(value, filled):
    assert validate_config(SELECTOR, value).value == filled


@pytest.mark.parametrize("value", [None, {}])
def test_a_selector_of_several_fields_cannot_be_empty(value):
    (error,) = validate_config({"x": SELECTOR}, {"x": value}).errors

    assert (error.reason, error.path) == (Reason.SELECTOR_FIELD_ERROR, ("x",))
    assert error.message == (
        "Must specify a field at path x if more than one field is defined. "
        'Defined fields: "one", "two", "number".'
    )


def test_a_selector_refuses_several_fields():
    (error,) = validate_config({"x": SELECTOR}, {"x": {"one": {}, "two": {}}}).errors

    assert (error.reason, error.path) == (Reason.SELECTOR_FIELD_ERROR, ("x",))
    assert error.message.startswith(
        'You can only specify a single field at path x. You specified "one", "two". '
    )


def test_a_selector_refuses_a_field_that_it_does_not_have():
    (error,) = validate_config(SELECTOR, {"on": {}}).errors

    assert error.reason is Reason.FIELD_NOT_DEFINED
    assert "Did you mean 'one'?" in error.message


def test_a_selector_refuses_a_key_that_is_no_text():
    assert errors_of(SELECTOR, {True: {}}) == [(Reason.RUNTIME_TYPE_MISMATCH, ())]


def test_a_selector_reports_what_is_wrong_in_its_field():
    assert errors_of(SELECTOR, {"one": None}) == [(Reason.MISSING_REQUIRED_FIELD, ("one",))]
    assert errors_of(SELECTOR, {"number": None}) == [(Reason.RUNTIME_TYPE_MISMATCH, ("number",))]


@pytest.mark.parametrize("value", [None, {}])
def test_an_empty_selector_takes_its_single_optional_field(value):
    selector = Selector({"config": {"n": Field(Int, default_value=4)}})

    assert validate_config(selector, value).value == {"config": {"n": 4}}


def test_an_empty_selector_does_not_take_a_required_field():
    (error,) = validate_config(Selector({"env": str}), {}).errors

    assert error.reason is Reason.SELECTOR_FIELD_ERROR
    assert error.message.startswith('Must specify the required field "env" at the root')
