"""Errors go from process to process as they are: their facts, and the message made of these."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from dagsterlite import errors
from dagsterlite.errors import DagsterError

MADE_OF_FACTS = [
    errors.ParameterCheckError("f", "limit", "a number", "x"),
    errors.DagsterUnknownResourceError("db", ["dbs"]),
    errors.DagsterInvalidConfigError("Misfits:", [], {"a": 1}),
    errors.MissingExtraError("postgres", "psycopg", "postgres"),
    errors.DagsterExecutionStepExecutionError("Step failed", ValueError("no rows")),
    errors.DagsterTypeCheckDidNotPass("It is no int.", metadata_entries=["a"]),
    errors.DagsterStepOutputNotFoundError("No output.", step_key="a", output_name="b"),
    errors.DagsterExecutionStepNotFoundError(["a"], ["b"]),
    errors.DagsterStepNotStoredError("a", "it has not run"),
    errors.DagsterUnpicklableOutputError("a", "result", 1, "it is a lock"),
    errors.DagsterStepExecutionFailed("run", {}),
    errors.DagsterStepTimeoutError("a", 1.5),
    errors.DagsterRunCanceledError("run"),
    errors.DagsterUnmetResourcesError("a", {"GPU": 1}, [{"CPU": 2}]),
    errors.DagsterRunNotFoundError("run", "Look elsewhere."),
    errors.DagsterRunAlreadyExists("run"),
    errors.DagsterLeaseLostError("run", "driver"),
    errors.DagsterFileNotFoundError("/a"),
    errors.DagsterOutputsNotStoredError("a", "no space"),
    errors.DagsterOutputsUnreachableError("run", None, "no key"),
    errors.DagsterRunNotDeletedError("run", "no key"),
    errors.DagsterCorruptObjectError("/a", "cut short"),
    errors.DagsterUnknownCodecError("x.y", "/a", ["pickle"]),
]


@pytest.mark.parametrize("error", MADE_OF_FACTS, ids=lambda error: type(error).__name__)
def test_an_error_that_is_made_of_facts_is_the_same_elsewhere(error: DagsterError) -> None:
    there = pickle.loads(pickle.dumps(error))

    assert type(there) is type(error)
    assert str(there) == str(error)
    assert list(map(repr, vars(there).items())) == list(map(repr, vars(error).items()))


def test_no_error_that_is_made_of_facts_is_left_out() -> None:
    classes = {item for item in vars(errors).values() if isinstance(item, type)}
    own = {cls for cls in classes if issubclass(cls, DagsterError) and "__init__" in vars(cls)} - {
        errors.DagsterUserCodeExecutionError
    }

    assert own - {type(error) for error in MADE_OF_FACTS} == set()


def test_what_user_code_raises_is_wrapped_with_a_message_or_what_a_function_makes() -> None:
    for message in ("Error occurred during step execution", lambda: "Error occurred here"):
        expected = message if isinstance(message, str) else "Error occurred here"
        with (
            pytest.raises(errors.DagsterExecutionStepExecutionError, match=expected) as caught,
            errors.user_code_error_boundary(errors.DagsterExecutionStepExecutionError, message),
        ):
            raise ValueError("no rows")
        assert caught.value.user_exception is caught.value.__cause__


@pytest.mark.parametrize(
    ("error_cls", "msg_fn", "found"),
    [
        (DagsterError, "a message", "'error_cls' must be a class that inherits from Dagster"),
        (ValueError("x"), "a message", "'error_cls'"),
        (errors.DagsterTypeLoadingError, None, "'msg_fn' must be a message, or a function"),
    ],
)
def test_a_boundary_refuses_wrong_arguments_before_its_block_begins(
    error_cls: Any, msg_fn: Any, found: str
) -> None:
    begun: list[bool] = []
    with (
        pytest.raises(errors.ParameterCheckError, match=found),
        errors.user_code_error_boundary(error_cls, msg_fn),
    ):
        begun.append(True)
    assert not begun
