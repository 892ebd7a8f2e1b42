from __future__ import annotations

import copy
import pickle
from enum import StrEnum

import pytest

from dagsterlite.config import (
    Any,
    Bool,
    BoolSource,
    ConfigScalar,
    ConfigType,
    Float,
    Int,
    IntSource,
    String,
    StringSource,
    validate_config,
)
from dagsterlite.config import DagsterEvaluationErrorReason as Reason


class Text(StrEnum):
    ONE = "one"


@pytest.mark.parametrize(
    ("config_type", "value"),
    [
        (Int, 0),
        (Int, -5),
        (int, 10**30),
        (Float, 1.5),
        (Float, 2),
        (float, float("inf")),
        (Bool, True),
        (bool, False),
        (String, ""),
        (str, "a\nb"),
        (String, Text.ONE),
    ],
)
def test_a_scalar_takes_values_of_its_type_unchanged(config_type, value):
    evaluation = validate_config(config_type, value)

    assert evaluation.success
    assert evaluation.value is value
    assert evaluation.errors == ()


@pytest.mark.parametrize(
    ("config_type", "value"),
    [
        (Int, True),
        (Int, 1.0),
        (Int, "1"),
        (Int, None),
        (Float, False),
        (Float, "1.5"),
        (Float, None),
        (Bool, 1),
        (Bool, "true"),
        (Bool, None),
        (String, 5),
        (String, b"x"),
        (String, None),
        (String, ["x"]),
        (Int, {}),
    ],
)
def test_a_scalar_refuses_values_of_other_types(config_type, value):
    evaluation = validate_config(config_type, value)

    assert not evaluation.success
    assert evaluation.value is None
    (error,) = evaluation.errors
    assert error.reason is Reason.RUNTIME_TYPE_MISMATCH
    assert error.path == ()
    assert f"type \"<class '{type(value).__name__}'>\"" in error.message


def test_a_misfit_names_place_value_and_expected_type():
    (error,) = validate_config({"a": {"b": int}}, {"a": {"b": "x"}}).errors

    assert error.path == ("a", "b")
    assert error.message == (
        'Invalid scalar at path a.b. Value "x" of type "<class \'str\'>" is not valid for expected '
        'type "Int".'
    )


def test_a_misfit_at_the_root_says_what_the_root_is():
    (error,) = validate_config(Int, "x", root="config of solid 'load'").errors

    assert error.message.startswith("Invalid scalar at the root of the config of solid 'load'. ")


def test_a_long_value_is_cut_in_the_message():
    (error,) = validate_config(Int, "x" * 500).errors

    assert f'"{"x" * 79}…"' in error.message
    assert "x" * 80 not in error.message


def test_a_number_where_text_is_wanted_is_told_to_be_quoted():
    (error,) = validate_config(String, 5).errors

    assert error.message.endswith("Quote it to give it as text.")


@pytest.mark.parametrize("config_type", [String, Int, Bool])
def test_an_environment_source_for_a_plain_scalar_is_told_the_type_that_takes_it(config_type):
    (error,) = validate_config(config_type, {"env": "HOME"}).errors

    assert f"Declare the field as {config_type.name}Source" in error.message


@pytest.mark.parametrize("value", [None, 1, object(), [{"a": 1}]])
def test_any_hands_every_value_through_by_identity(value):
    assert validate_config(Any, value).value is value


@pytest.mark.parametrize(
    "singleton", [Any, Bool, Int, Float, String, StringSource, IntSource, BoolSource]
)
def test_the_types_that_stand_once_survive_pickling_and_copying_as_themselves(
    singleton: ConfigType,
):
    assert pickle.loads(pickle.dumps(singleton)) is singleton
    assert copy.deepcopy(singleton) is singleton


def test_a_scalar_of_ones_own_names_itself_in_messages():
    port = ConfigScalar("Port", (int,))

    (error,) = validate_config(port, "x").errors

    assert 'expected type "Port"' in error.message
    assert validate_config([port], [80]).value == [80]
