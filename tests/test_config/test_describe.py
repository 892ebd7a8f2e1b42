from __future__ import annotations

import enum
import json

import pytest

from dagsterlite.config import (
    Any,
    Array,
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
    config_type_snapshot,
    describe_config_type,
    print_config_type,
)
from dagsterlite.errors import DagsterInvalidConfigDefinitionError


class Color(enum.Enum):
    RED = 1
    BLUE = 2


SCHEMA = Shape(
    {
        "url": Field(StringSource, description="Where the rows are.\nAny scheme will do."),
        "rows": Field([int], default_value=[1, 2]),
        "color": Enum.from_python_enum(Color),
        "cluster": Selector({"local": {"workers": Noneable(int)}, "remote": {"address": str}}),
        "tags": Map(str, {"n": int}),
        "more": Permissive({"a": int}, description="Anything else."),
        "size": ScalarUnion(int, {"w": int}),
        "empty": {},
        "name": Field(str, default_value="ä", is_required=False),
    },
    description="The solid's config.",
)


@pytest.mark.parametrize(
    ("config_type", "short_form"),
    [
        (int, "Int"),
        (Any, "Any"),
        ({"url": str, "rows": Field([int], is_required=False)}, "{url: String, rows?: [Int]}"),
        (Permissive(), "{...}"),
        (Permissive({"a": int}), "{a: Int, ...}"),
        (Selector({"a": int, "b": {}}), "{a: Int | b?: {}}"),
        (Noneable([int]), "[Int]?"),
        (Map(int, str), "{[Int]: String}"),
        (ScalarUnion(int, [int]), "(Int | [Int])"),
        (StringSource, "StringSource"),
        (Enum("E", [EnumValue("a")]), "E"),
    ],
)
def test_a_type_is_described_in_one_line(config_type, short_form):
    assert describe_config_type(config_type) == short_form


def test_a_type_is_printed_with_descriptions_defaults_and_marks_of_optional_fields():
    assert print_config_type(SCHEMA) == [
        "# The solid's config.",
        "{",
        "  # Where the rows are.",
        "  # Any scheme will do.",
        "  url: StringSource",
        "  rows?: [Int] = [1, 2]",
        "  color: Color (RED | BLUE)",
        "  cluster: {",
        "    # exactly one of",
        "    local?: {",
        "      workers?: Int?",
        "    }",
        "    remote: {",
        "      address: String",
        "    }",
        "  }",
        "  tags: {[String]: {",
        "    n: Int",
        "  }}",
        "  # Anything else.",
        "  more: {",
        "    a: Int",
        "    ...",
        "  }",
        "  size: (Int | {",
        "    w: Int",
        "  })",
        "  empty?: {}",
        '  name?: String = "ä"',
        "}",
    ]


def test_a_snapshot_is_json_and_does_not_depend_on_the_order_of_fields():
    one = config_type_snapshot({"a": Field(int, default_value=1), "b": {"c": str, "d": [bool]}})
    other = config_type_snapshot({"b": {"d": [bool], "c": str}, "a": Field(int, default_value=1)})

    assert json.dumps(one) == json.dumps(other)
    assert json.loads(json.dumps(one)) == one
    assert one == {
        "kind": "shape",
        "fields": {
            "a": {"type": {"kind": "scalar", "name": "Int"}, "required": False, "default": 1},
            "b": {
                "type": {
                    "kind": "shape",
                    "fields": {
                        "c": {"type": {"kind": "scalar", "name": "String"}, "required": True},
                        "d": {
                            "type": {"kind": "array", "inner": {"kind": "scalar", "name": "Bool"}},
                            "required": True,
                        },
                    },
                },
                "required": True,
            },
        },
    }


def test_a_snapshot_holds_every_kind_of_type():
    snapshot = config_type_snapshot(SCHEMA)

    assert json.loads(json.dumps(snapshot)) == snapshot
    kinds = {name: field["type"]["kind"] for name, field in snapshot["fields"].items()}
    assert kinds == {
        "url": "scalar",
        "rows": "array",
        "color": "enum",
        "cluster": "selector",
        "tags": "map",
        "more": "permissive",
        "size": "scalar_union",
        "empty": "shape",
        "name": "scalar",
    }
    assert snapshot["fields"]["url"]["description"].startswith("Where")
    assert snapshot["fields"]["more"]["type"]["description"] == "Anything else."
    assert config_type_snapshot(Noneable(int))["kind"] == "noneable"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": int}, {"a": str}),
        ({"a": int}, {"a": Field(int, is_required=False)}),
        ({"a": Field(int, default_value=1)}, {"a": Field(int, default_value=2)}),
        ({"a": int}, Permissive({"a": int})),
        ({"a": int}, Selector({"a": int})),
        (Noneable(int), Array(int)),
        (Enum("E", [EnumValue("a")]), Enum("E", [EnumValue("b")])),
    ],
)
def test_different_schemas_have_different_snapshots(one, other):
    assert config_type_snapshot(one) != config_type_snapshot(other)


def test_a_default_that_json_cannot_hold_is_named_by_its_type():
    schema = {"a": Field(Any, default_value={"x": (object(), float("nan"), 1.5)})}

    default = config_type_snapshot(schema)["fields"]["a"]["default"]

    assert default == {"x": [{"python_type": "builtins.object"}, "nan", 1.5]}
    assert print_config_type(schema)[1].startswith('  a?: Any = {"x": ')


@pytest.mark.parametrize(
    "describe", [describe_config_type, print_config_type, config_type_snapshot]
)
def test_what_means_no_config_type_cannot_be_described(describe):
    with pytest.raises(DagsterInvalidConfigDefinitionError):
        describe(3)
