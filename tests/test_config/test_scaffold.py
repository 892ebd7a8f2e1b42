"""Config types as documents to be filled in."""

from __future__ import annotations

from typing import Any as AnyValue

import pytest

from dagsterlite.config import (
    Any,
    Enum,
    EnumValue,
    Field,
    Map,
    Noneable,
    Permissive,
    ScalarUnion,
    Selector,
    Shape,
    StringSource,
    validate_config,
)
from dagsterlite.config.scaffold import scaffold_config
from dagsterlite.config.yaml_document import parse_yaml
from dagsterlite.errors import DagsterInvalidConfigDefinitionError

COLOR = Enum("Color", [EnumValue("RED"), EnumValue("BLUE")])
SCHEMA: dict[str, AnyValue] = {
    "url": Field(str, description="Where it answers.\nWith its port."),
    "rows": Field(int, default_value=3, description="How many."),
    "color": Field(COLOR, default_value="RED"),
    "token": Field(StringSource, default_value={"env": "TOKEN"}),
    "limit": Field(int, is_required=False),
    "perhaps": Noneable(int),
    "inner": {"names": [str], "deep": {"n": Field(float, default_value=1.5)}},
    "empty": {},
    "open": Permissive(),
}


def lines(schema: object, given: AnyValue = None, *, only_required: bool = False) -> list[str]:
    return scaffold_config(schema, given, only_required=only_required)


def read(found: list[str]) -> AnyValue:
    return parse_yaml("\n".join(found))


def uncommented(found: list[str]) -> list[str]:
    """Take one comment mark from each line, as a user does who wants what is commented out."""
    return [line.replace("# ", "", 1) for line in found]


def test_required_fields_are_left_empty_and_the_others_stand_with_their_defaults():
    assert lines(SCHEMA) == [
        "# Where it answers.",
        "# With its port.",
        "url:  # String, required",
        "# How many.",
        "rows: 3  # Int, default",
        "color: RED  # Color (RED | BLUE), default",
        "token: {env: TOKEN}  # StringSource, default",
        "# limit:  # Int, optional",
        "# perhaps:  # Int?, optional",
        "inner:",
        "  names:  # [String], required",
        "  deep:",
        "    n: 1.5  # Float, default",
        "open: {}",
    ]


def test_what_is_required_may_stand_alone():
    assert lines(SCHEMA, only_required=True) == [
        "# Where it answers.",
        "# With its port.",
        "url:  # String, required",
        "inner:",
        "  names:  # [String], required",
    ]
    assert lines({"a": Field(int, default_value=1)}, only_required=True) == []


def test_a_document_fits_once_it_is_filled_in():
    for only_required in (False, True):
        document = "\n".join(lines(SCHEMA, only_required=only_required))
        missing = validate_config(SCHEMA, parse_yaml(document))
        assert {error.path for error in missing.errors} == {("url",), ("inner", "names")}

        filled = document.replace("url:", "url: u").replace("names:", "names: [a]")
        expected = validate_config(SCHEMA, {"url": "u", "inner": {"names": ["a"]}})
        assert validate_config(SCHEMA, parse_yaml(filled)) == expected


def test_what_is_given_stands_in_its_place_and_is_never_left_out():
    given = {"url": "u", "limit": 5, "open": {"b": [1]}, "inner": {"names": ["x"]}}

    found = lines(SCHEMA, given, only_required=True)

    assert "limit: 5  # Int" in found
    assert read(found) == given


def test_references_to_the_environment_stand_as_they_were_written(monkeypatch):
    monkeypatch.setenv("URL", "secret")

    assert lines({"url": StringSource}, {"url": {"env": "URL"}}) == [
        "url: {env: URL}  # StringSource"
    ]


def test_a_choice_shows_each_form_to_be_uncommented():
    schema = {"kind": Selector({"file": {"path": str}, "memory": {}, "n": Field(int)})}

    found = lines(schema)

    assert found == [
        "kind:",
        "  # exactly one of these:",
        "  # file:",
        "  #   path:  # String, required",
        "  # memory: {}",
        "  # n:  # Int",
    ]
    chosen = [line.replace("# memory", "memory") for line in found]
    assert validate_config(schema, read(chosen)).value == {"kind": {"memory": {}}}


def test_a_choice_that_is_made_keeps_the_others_at_hand():
    schema = {"kind": Field(Selector({"a": int, "b": str}), default_value={"b": "x"})}

    assert lines(schema) == [
        "kind:",
        "  b: x  # String",
        "  # or, in its place, one of these:",
        "  # a:  # Int",
    ]
    assert lines(schema, {"kind": {"a": 1}}, only_required=True) == ["kind:", "  a: 1  # Int"]


def test_what_is_commented_out_fits_when_the_marks_are_taken_away():
    schema = Shape(
        {
            "more": Field(
                {"a": Field(int, default_value=1), "b": Field(str, description="Say."), "c": {}},
                is_required=False,
                description="Further things.",
            )
        }
    )

    found = lines(schema)

    assert read(found) is None
    assert found[0] == "# # Further things."
    assert read(uncommented(found)) == {"more": {"a": 1, "b": None}}


def test_a_type_of_several_lines_stands_above_its_field():
    schema = {"rows": [{"a": Field(int, description="First.")}], "x": ScalarUnion(int, {"y": str})}

    found = lines(schema)

    assert found[:6] == [
        "# [{",
        "#   # First.",
        "#   a: Int",
        "# }]",
        "rows:  # required",
        "# (Int | {",
    ]
    assert lines(schema, {"rows": [{"a": 1}], "x": {"y": "z"}}) == ["rows: [{a: 1}]", "x: {y: z}"]


@pytest.mark.parametrize(
    "value",
    [
        "two\nlines",
        "a: b # c",
        "",
        "on",
        "\x07",
        "\x85",
        "\u2028",
        "\xa0",
        "ü☂😀",
        "x" * 200,
        "{",
        "2013-01-01",
    ],
)
def test_every_text_is_read_back_as_it_was(value):
    schema = {
        value: Field(str, default_value=value),
        "m": Field(Map(str, [str]), is_required=False),
    }
    given = {"m": {value: [value]}}

    found = lines(schema, given)

    assert read(found) == {value: value, **given}


def test_a_value_that_stands_in_several_places_is_written_in_each():
    twice = [1]

    assert lines({"a": Field(Any, default_value=[twice, twice])}) == [
        "a: [[1], [1]]  # Any, default"
    ]


def test_descriptions_of_any_characters_stay_comments():
    schema = {"a": Field(int, default_value=1, description="One\x07\ntwo\x1b[31m\u2028 three: x")}

    assert read(lines(schema)) == {"a": 1}


def test_a_default_that_only_python_can_write_is_shown_as_a_comment():
    default = Field(Any, default_value=object())
    inside = Field(Permissive(), default_value={"b": object(), "c": 1})

    assert lines({"a": default}) == ["# a:  # Any, default"]
    assert lines({"a": inside}) == ["a:", "  # b:", "  c: 1"]


def test_config_of_another_form_than_the_long_one_is_kept_as_it_is():
    schema = {"a": {"b": Field(int, default_value=1)}}

    assert read(lines(schema, {"a": {"c": 1}, "z": 2})) == {"a": {"c": 1}, "z": 2}


def test_a_wrong_schema_is_refused():
    with pytest.raises(DagsterInvalidConfigDefinitionError):
        lines({"a": object()})
