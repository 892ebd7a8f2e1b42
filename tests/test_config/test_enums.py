from __future__ import annotations

import enum
import pickle

import pytest

from dagsterlite.config import DagsterEvaluationErrorReason as Reason
from dagsterlite.config import Enum, EnumValue, Field, resolve_config, validate_config
from dagsterlite.config.yaml_document import parse_yaml
from dagsterlite.errors import DagsterInvalidConfigDefinitionError


class Color(enum.Enum):
    RED = 1
    DARK_GREEN = 2


COLOR = Enum.from_python_enum(Color)


def test_an_enum_takes_the_texts_of_its_values_and_resolves_them():
    assert validate_config([COLOR], ["RED"]).value == ["RED"]
    assert resolve_config([COLOR], ["RED", "DARK_GREEN"]).value == [Color.RED, Color.DARK_GREEN]


def test_a_value_without_a_python_value_stands_for_its_text():
    level = Enum("Level", [EnumValue("low", description="little"), EnumValue("high", 10)])

    assert resolve_config({"a": level, "b": level}, {"a": "low", "b": "high"}).value == {
        "a": "low",
        "b": 10,
    }


def test_a_text_that_is_not_in_the_enum_is_told_the_near_one():
    (error,) = validate_config({"color": COLOR}, {"color": "DARKGREEN"}).errors

    assert (error.reason, error.path) == (Reason.RUNTIME_TYPE_MISMATCH, ("color",))
    assert error.message == (
        'Value at path color is not in enum type "Color". '
        'Found "DARKGREEN" of type "<class \'str\'>". Expected one of "RED", "DARK_GREEN". '
        "Did you mean 'DARK_GREEN'?"
    )


@pytest.mark.parametrize("value", [1, None, ["RED"], {"RED": None}])
def test_what_is_no_text_is_not_in_an_enum(value):
    assert not resolve_config(COLOR, value).success


def test_a_member_of_the_python_enum_is_told_to_be_given_as_text():
    (error,) = validate_config(COLOR, Color.RED).errors

    assert error.message.endswith("Give the text 'RED', not the Python enum's member.")
    with pytest.raises(DagsterInvalidConfigDefinitionError, match="Give the text 'RED'"):
        Field(COLOR, default_value=Color.RED)


def test_an_enum_bears_the_name_that_it_is_given():
    assert Enum.from_python_enum(Color, name="Paint").name == "Paint"
    assert COLOR.name == "Color"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Enum("E", [EnumValue("a"), EnumValue("a")]), "'a' twice"),
        (lambda: Enum("E", []), "has no values"),
        (lambda: Enum("E", ["a"]), r"(?s)at path \[0\].*an EnumValue"),  # type: ignore[list-item]
        (lambda: Enum(3, [EnumValue("a")]), "Expected: text"),  # type: ignore[arg-type]
        (lambda: EnumValue(3), "Expected: text"),  # type: ignore[arg-type]
        (lambda: Enum.from_python_enum(int), "subclass of enum.Enum"),  # type: ignore[arg-type]
        (lambda: Enum.from_python_enum(enum.Enum), "has no values"),
    ],
)
def test_a_bad_enum_is_refused_when_it_is_made(make, message):
    with pytest.raises(DagsterInvalidConfigDefinitionError, match=message):
        make()


def test_an_enum_in_a_schema_survives_pickling():
    schema = pickle.loads(pickle.dumps(Field({"color": COLOR}).config_type))

    assert resolve_config(schema, {"color": "RED"}).value == {"color": Color.RED}


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("off", "off"),
        ("Off", "off"),
        ("'off'", "off"),
        ("no", "off"),
        ("yes", "YES"),
        ("on", "YES"),
    ],
)
def test_a_bare_word_that_yaml_reads_as_a_truth_value_is_taken_for_the_enums_text(document, text):
    switch = Enum("Switch", [EnumValue("auto"), EnumValue("off"), EnumValue("YES")])

    evaluation = resolve_config({"switch": switch}, parse_yaml(f"switch: {document}"))

    assert evaluation.value == {"switch": text}


@pytest.mark.parametrize("texts", [("auto",), ("off", "no"), ("auto", "on")])
def test_a_truth_value_that_stands_for_no_one_text_is_not_in_an_enum(texts):
    enum_type = Enum("Switch", [EnumValue(text) for text in texts])

    (error,) = validate_config({"switch": enum_type}, parse_yaml("switch: off")).errors

    assert error.path == ("switch",)
    assert 'Found "False" of type "<class \'bool\'>"' in error.message


def test_a_bool_beside_an_enum_takes_the_words_of_yaml():
    schema = {"flag": bool, "group": Enum("Group", [EnumValue("auto"), EnumValue("off")])}

    evaluation = resolve_config(schema, parse_yaml("flag: yes\ngroup: off"))

    assert evaluation.value == {"flag": True, "group": "off"}
