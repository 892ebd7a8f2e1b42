from __future__ import annotations

import pytest

from dagsterlite.config import (
    BoolSource,
    IntSource,
    Noneable,
    StringSource,
    resolve_config,
    validate_config,
)
from dagsterlite.config import DagsterEvaluationErrorReason as Reason

FROM_ENV = {"env": "THE_VALUE"}


@pytest.mark.parametrize(
    ("source", "value"), [(StringSource, "x"), (IntSource, 3), (BoolSource, False)]
)
def test_a_source_takes_a_plain_value(source, value):
    evaluation = resolve_config(source, value, {})

    assert evaluation.value is value
    assert evaluation.env_values == {}


@pytest.mark.parametrize(
    ("source", "text", "value"),
    [
        (StringSource, "x y", "x y"),
        (StringSource, "", ""),
        (IntSource, "-3", -3),
        (BoolSource, "true", True),
        (BoolSource, "False", False),
        (BoolSource, "1", True),
        (BoolSource, "off", False),
    ],
)
def test_a_source_reads_its_variable_when_resolved(source, text, value):
    evaluation = resolve_config({"a": [source]}, {"a": [FROM_ENV]}, {"THE_VALUE": text})

    assert evaluation.value == {"a": [value]}
    assert evaluation.env_values == {"THE_VALUE": text}


@pytest.mark.parametrize("source", [StringSource, IntSource, BoolSource])
def test_a_source_is_left_as_given_when_only_validated(source):
    evaluation = validate_config(source, FROM_ENV)

    assert evaluation.value == FROM_ENV
    assert evaluation.value is not FROM_ENV
    assert evaluation.env_values == {}


def test_a_variable_that_is_not_set_is_reported_by_name_and_path():
    (error,) = resolve_config({"db": {"url": StringSource}}, {"db": {"url": FROM_ENV}}, {}).errors

    assert (error.reason, error.path) == (Reason.FAILED_POST_PROCESSING, ("db", "url"))
    assert error.message.startswith(
        'Post processing at path db.url failed: the environment variable "THE_VALUE" is not set. '
    )


@pytest.mark.parametrize("source", [IntSource, BoolSource])
def test_a_variable_of_the_wrong_form_is_reported_without_its_text(source):
    evaluation = resolve_config(source, FROM_ENV, {"THE_VALUE": "hunter2"})

    (error,) = evaluation.errors
    assert error.reason is Reason.FAILED_POST_PROCESSING
    assert '"THE_VALUE" does not hold' in error.message
    assert "hunter2" not in error.message
    assert evaluation.env_values == {"THE_VALUE": "hunter2"}


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        (5, Reason.RUNTIME_TYPE_MISMATCH, ()),
        (None, Reason.RUNTIME_TYPE_MISMATCH, ()),
        ([], Reason.RUNTIME_TYPE_MISMATCH, ()),
        ({}, Reason.SELECTOR_FIELD_ERROR, ()),
        ({"enf": "X"}, Reason.FIELD_NOT_DEFINED, ()),
        ({"env": 3}, Reason.RUNTIME_TYPE_MISMATCH, ("env",)),
    ],
)
def test_a_source_of_the_wrong_form_is_reported(value, reason, path):
    for evaluation in (validate_config(StringSource, value), resolve_config(StringSource, value)):
        assert [(error.reason, error.path) for error in evaluation.errors] == [(reason, path)]


def test_the_process_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("THE_VALUE", "from the process")

    assert resolve_config(StringSource, FROM_ENV).value == "from the process"


def test_what_was_read_does_not_show_when_an_evaluation_is_printed():
    evaluation = resolve_config(Noneable(StringSource), FROM_ENV, {"THE_VALUE": "hunter2"})

    assert evaluation.value == "hunter2"
    assert "hunter2" not in repr(evaluation)
