"""Config that stands for other config."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dagsterlite.config import (
    Field,
    Int,
    MappedConfig,
    Shape,
    StringSource,
    config_type_snapshot,
    describe_config_type,
    print_config_type,
    resolve_config,
    validate_config,
)
from dagsterlite.errors import DagsterConfigMappingFunctionError

INNER = Shape({"path": StringSource, "rows": Field(Int, default_value=3)})


def from_year(config: Any) -> Any:
    return {"path": f"{config['where']}-{config['year']}"}


def mapped(config_fn: Any = from_year) -> MappedConfig:
    outer = Shape({"where": StringSource, "year": Field(Int, default_value=2013)})
    return MappedConfig(outer, config_fn, INNER, source="solid 'fast'", target="solid 'load'")


def test_it_resolves_to_what_the_function_makes_of_it_with_defaults_on_both_sides():
    evaluation = resolve_config(mapped(), {"where": "a"}, {})

    assert evaluation.value == {"path": "a-2013", "rows": 3}


def test_checking_alone_calls_no_function_and_keeps_what_was_given():
    evaluation = validate_config(mapped(lambda _config: 1 / 0), {"where": {"env": "PLACE"}})

    assert evaluation.value == {"where": {"env": "PLACE"}, "year": 2013}


def test_the_environment_is_read_on_both_sides_and_remembered():
    both = mapped(lambda config: {"path": {"env": config["where"]}})

    evaluation = resolve_config(both, {"where": {"env": "A"}}, {"A": "B", "B": "secret"})

    assert evaluation.value == {"path": "secret", "rows": 3}
    assert evaluation.env_values == {"A": "B", "B": "secret"}


def test_misfits_of_what_is_given_are_told_as_ever_and_call_no_function():
    schema = {"a": mapped(lambda _config: 1 / 0)}

    (error,) = resolve_config(schema, {"a": {"where": 5}}, {}).errors

    assert error.path == ("a", "where")


def test_misfits_of_what_the_function_returns_are_told_with_both_places():
    schema = {"a": mapped(lambda _config: {"pth": 1, "rows": "x"})}

    errors = resolve_config(schema, {"a": {"where": "b"}}, {}).errors

    assert [error.path for error in errors] == [("a",)] * 3
    for error in errors:
        assert "solid 'fast', configured at path a, hands to solid 'load'" in error.message
    assert "Did you mean 'path'?" in errors[0].message
    assert "at path rows" in errors[2].message


def test_misfits_never_show_what_was_read_from_the_environment():
    schema = mapped(lambda config: {"path": "p", "rows": config["where"]})

    (error,) = resolve_config(schema, {"where": {"env": "TOKEN"}}, {"TOKEN": "hush-hush"}).errors

    assert "hush" not in error.message
    assert "********" in error.message


def test_a_function_that_raises_is_the_user_s_error_with_both_names():
    with pytest.raises(DagsterConfigMappingFunctionError) as caught:
        resolve_config({"a": mapped(lambda _config: 1 / 0)}, {"a": {"where": "b"}}, {})

    assert str(caught.value) == (
        "The config_fn of solid 'fast' raised an error for its config at path a."
    )
    assert isinstance(caught.value.user_exception, ZeroDivisionError)


def test_one_may_stand_for_another():
    outer = MappedConfig(
        Shape({"y": Int}),
        lambda config: {"where": "w", "year": config["y"]},  # type: ignore[index]
        mapped(),
        source="solid 'outer'",
        target="solid 'fast'",
    )

    assert resolve_config(outer, {"y": 7}, {}).value == {"path": "w-7", "rows": 3}


def test_readers_see_what_is_to_be_given():
    assert describe_config_type(mapped()) == "{where: StringSource, year?: Int}"
    assert print_config_type(mapped()) == print_config_type(mapped().given_type)
    assert config_type_snapshot(mapped()) == config_type_snapshot(mapped().given_type)


def test_it_travels():
    there = pickle.loads(pickle.dumps(mapped()))

    assert resolve_config(there, {"where": "a"}, {}).value == {"path": "a-2013", "rows": 3}
