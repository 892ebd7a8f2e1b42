"""Errors as the user's own traceback."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dagsterlite import (
    DagsterError,
    DagsterExecutionStepExecutionError,
    DagsterResourceFunctionError,
    DagsterStorageError,
    user_code_error_boundary,
)
from dagsterlite.events.error_info import (
    SerializableErrorInfo,
    error_info_from_exception,
)
from dagsterlite.render.failures import headline, traceback_lines


def raised(function) -> SerializableErrorInfo:
    with pytest.raises((DagsterError, ValueError, KeyError)) as caught:
        function()
    return error_info_from_exception(caught.value)


def plain():
    raise ValueError("no rows")


def wrapped():
    with user_code_error_boundary(DagsterExecutionStepExecutionError, lambda: "step x"):
        plain()


def chained():
    try:
        plain()
    except ValueError as exc:
        raise KeyError("x") from exc


def test_a_traceback_has_the_user_s_frames_and_its_message() -> None:
    lines = traceback_lines(raised(plain))

    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: no rows"
    assert any("in plain" in line for line in lines)


def test_the_framework_s_wrapping_is_left_out() -> None:
    lines = traceback_lines(raised(wrapped))

    assert lines[-1] == "ValueError: no rows"
    assert not any("DagsterExecutionStepExecutionError" in line for line in lines)
    assert not any("direct cause" in line for line in lines)


def in_a_resource():
    with user_code_error_boundary(DagsterResourceFunctionError, lambda: "Resource 'db' failed"):
        plain()


def reword(cause: Exception):
    raise DagsterStorageError("Mend the file.") from cause


def reworded():
    try:
        plain()
    except ValueError as exc:
        reword(exc)


def test_a_wrapper_that_names_a_resource_is_told_with_what_the_resource_raised() -> None:
    error = raised(in_a_resource)

    lines = traceback_lines(error)
    assert "ValueError: no rows" in lines
    assert lines[-1].endswith("DagsterResourceFunctionError: Resource 'db' failed")
    assert headline(error).endswith("Resource 'db' failed: ValueError: no rows")


def test_an_error_in_our_words_stands_without_what_libraries_raised_below_it() -> None:
    frames = [
        '  File "/opt/lib/python3.11/asyncio/timeouts.py", line 115, in __aexit__\n',
        '  File "/home/me/.venv/lib/python3.11/site-packages/distributed/core.py", line 2, in f\n',
    ]
    cause = SerializableErrorInfo("OSError: timed out\n", frames, "OSError")
    worded = raised(lambda: reword(ValueError()))

    lines = traceback_lines(replace(worded, stack=[], cause=cause))

    assert lines == ["dagsterlite.errors.DagsterStorageError: Mend the file."]


def test_an_error_in_our_words_stands_below_the_users_error_that_caused_it() -> None:
    lines = traceback_lines(raised(reworded))

    assert any("in plain" in line for line in lines)
    assert lines[-1].endswith("DagsterStorageError: Mend the file.")


def test_a_cause_comes_first_as_python_prints_it() -> None:
    lines = traceback_lines(raised(chained))

    assert lines.index("ValueError: no rows") < lines.index("KeyError: 'x'")
    assert any("direct cause" in line for line in lines)


def test_frames_of_importing_are_left_out() -> None:
    frames = ['  File "<frozen importlib._bootstrap>", line 1, in x\n', '  File "a.py", line 1\n']
    error = SerializableErrorInfo("E: x\n", frames, "E")

    assert traceback_lines(error) == [
        "Traceback (most recent call last):",
        '  File "a.py", line 1',
        "E: x",
    ]


def test_the_headline_is_one_line_however_long_the_message() -> None:
    error = SerializableErrorInfo("ValueError: first\n  second\x1b[2J\n" + "x" * 1000, [], "V")

    line = headline(error)

    assert line.startswith("ValueError: first second\\x1b[2J xxx")
    assert len(line) == 300
