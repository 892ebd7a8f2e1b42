from __future__ import annotations

import pytest

from dagsterlite.config import (
    STORAGE_OPTIONS,
    Field,
    Permissive,
    Shape,
    String,
    arguments_of,
    resolve_config,
)


def reads(path, sep=",", *columns, header=None):
    return path, sep, columns, header


def reads_more(path, **options):
    return path, options


def test_the_arguments_of_a_function_are_config():
    schema = arguments_of(reads, {"path": Field(String)})

    assert isinstance(schema, Shape)
    assert list(schema.fields) == ["path", "sep", "header"]
    assert resolve_config(schema, {"path": "a"}).value == {"path": "a"}
    given = {"path": "a", "sep": None, "header": [1]}
    assert resolve_config(schema, given).value == given


@pytest.mark.parametrize("given", [{}, {"path": "a", "seperator": ";"}, {"path": 5}])
def test_what_the_function_does_not_take_is_refused(given):
    assert not resolve_config(arguments_of(reads, {"path": Field(String)}), given).success


def test_arguments_may_be_kept_from_config():
    schema = arguments_of(reads, {}, without=["path"])

    assert not resolve_config(schema, {"path": "a"}).success
    assert resolve_config(schema, {"sep": ";"}).success


def test_a_function_of_any_keywords_takes_any():
    schema = arguments_of(reads_more, {"path": Field(String)})

    assert isinstance(schema, Permissive)
    assert resolve_config(schema, {"path": "a", "sep": ";"}).value == {"path": "a", "sep": ";"}


def test_secrets_among_storage_options_may_stand_in_the_environment(monkeypatch):
    monkeypatch.setenv("STORE_SECRET", "s3cr3t")
    given = {"secret": {"env": "STORE_SECRET"}, "anon": False}
    found = resolve_config(STORAGE_OPTIONS.config_type, given)

    assert found.value == {"secret": "s3cr3t", "anon": False}
