from __future__ import annotations

import pickle

from dagsterlite.config import (
    Array,
    ConfigScalar,
    Enum,
    EnumValue,
    Field,
    IntSource,
    Noneable,
    Selector,
    Shape,
    StringSource,
    resolve_config,
    validate_config,
)
from dagsterlite.config import DagsterEvaluationErrorReason as Reason
from dagsterlite.errors import DagsterInvalidConfigError, PostProcessingError

SCHEMA = Shape(
    {
        "solids": {
            "load": {"config": {"url": StringSource, "rows": [int]}},
            "save": {"config": {"format": Enum("Format", [EnumValue("csv"), EnumValue("json")])}},
        },
        "storage": Field(Selector({"memory": {}, "files": {"base": str}}), is_required=False),
        "workers": Field(IntSource, default_value={"env": "WORKERS"}),
    }
)


class Port(ConfigScalar):
    def __init__(self) -> None:
        super().__init__("Port", (int,))

    def post_process(self, value: object) -> object:
        if value == 0:
            raise PostProcessingError("0 is no port")
        return f":{value}"


class Route(Shape):
    def post_process(self, value: object) -> object:
        assert isinstance(value, dict)
        return f"{value['host']}{value['port']}"


ROUTES = Array(Route({"host": str, "port": Field(Port(), default_value=80)}))


def test_all_errors_are_reported_at_once_in_the_order_of_the_document():
    broken = {
        "storage": {"memory": {}, "files": {}},
        "solids": {
            "save": {"config": {"format": "xml"}},
            "lod": {},
            "load": {"config": {"rows": [1, "2", True], "url": {"env": "URL"}, "x": 1}},
        },
        "worker": 1,
    }

    evaluation = resolve_config(SCHEMA, broken, {})

    assert [(error.reason, error.path) for error in evaluation.errors] == [
        (Reason.FIELD_NOT_DEFINED, ()),
        (Reason.SELECTOR_FIELD_ERROR, ("storage",)),
        (Reason.FIELD_NOT_DEFINED, ("solids",)),
        (Reason.RUNTIME_TYPE_MISMATCH, ("solids", "save", "config", "format")),
        (Reason.FIELD_NOT_DEFINED, ("solids", "load", "config")),
        (Reason.RUNTIME_TYPE_MISMATCH, ("solids", "load", "config", "rows", 1)),
        (Reason.RUNTIME_TYPE_MISMATCH, ("solids", "load", "config", "rows", 2)),
        (Reason.FAILED_POST_PROCESSING, ("solids", "load", "config", "url")),
        (Reason.FAILED_POST_PROCESSING, ("workers",)),
    ]
    assert "at path solids.load.config.rows[2]." in evaluation.errors[6].message


def test_one_error_carries_all_the_messages():
    evaluation = validate_config(SCHEMA, {"solids": {}})

    error = DagsterInvalidConfigError("The config does not fit.", evaluation.errors, {"solids": {}})

    assert 'Missing required fields "load", "save" at path solids.' in str(error)
    assert error.errors == evaluation.errors


def test_a_given_value_is_never_changed():
    rows = [1]
    given = {
        "solids": {
            "load": {"config": {"url": {"env": "URL"}, "rows": rows}},
            "save": {"config": {"format": "csv"}},
        }
    }
    before = pickle.dumps(given)

    resolved = resolve_config(SCHEMA, given, {"URL": "u", "WORKERS": "4"})

    assert pickle.dumps(given) == before
    assert resolved.value == {
        "solids": {
            "load": {"config": {"url": "u", "rows": [1]}},
            "save": {"config": {"format": "csv"}},
        },
        "workers": 4,
    }
    assert resolved.value["solids"]["load"]["config"]["rows"] is not rows
    assert resolved.env_values == {"URL": "u", "WORKERS": "4"}


def test_hooks_turn_values_into_what_they_stand_for_from_the_inside_out():
    assert resolve_config(ROUTES, [{"host": "a"}, {"host": "b", "port": 8}]).value == [
        "a:80",
        "b:8",
    ]
    assert validate_config(ROUTES, [{"host": "a"}]).value == [{"host": "a", "port": 80}]


def test_a_hook_that_refuses_a_value_is_reported_with_its_path():
    (error,) = resolve_config({"routes": ROUTES}, {"routes": [{"host": "a", "port": 0}]}).errors

    assert (error.reason, error.path) == (Reason.FAILED_POST_PROCESSING, ("routes", 0, "port"))
    assert error.message == "Post processing at path routes[0].port failed: 0 is no port"


def test_a_hook_does_not_see_a_value_with_misfits():
    (error,) = resolve_config(ROUTES, [{"host": 1, "port": 8}]).errors

    assert error.path == (0, "host")


def test_a_schema_is_understood_in_each_of_its_forms():
    assert validate_config({"a": [Noneable(int)]}, {"a": [1, None]}).value == {"a": [1, None]}
    assert validate_config(int, 3).value == 3


def test_a_schema_survives_pickling():
    schema = pickle.loads(pickle.dumps(SCHEMA))
    broken: object = {"solids": {"lod": {}}}

    assert validate_config(schema, broken) == validate_config(SCHEMA, broken)


def test_thousands_of_wrong_keys_are_answered_with_a_short_message():
    schema: object = {f"solid_{number}": {} for number in range(3_000)}
    misspelt: object = {f"solid{number}": {} for number in range(3_000)}

    (error,) = validate_config(schema, misspelt).errors

    assert error.reason is Reason.FIELDS_NOT_DEFINED
    assert "and 2980 more" in error.message
    assert "\"solid0\": Did you mean 'solid_0'?" in error.message
    assert len(error.message) < 3_000
