from __future__ import annotations

import json
import sys
from contextlib import ExitStack

import pytest

from dagsterlite.definitions.compute import compute_fn_of
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import (
    DagsterExecutionStepExecutionError,
    DagsterResourceFunctionError,
    DagsterStorageError,
    DagsterTypeCheckError,
    user_code_error_boundary,
)
from dagsterlite.events.error_info import (
    SerializableErrorInfo,
    error_info_from_exception,
    serializable_error_info_from_exc_info,
)
from dagsterlite.serdes import from_json, to_json
from dagsterlite.types.dagster_type import DagsterType


def raised_by(fn, *args):
    try:
        fn(*args)
    except BaseException as exc:  # noqa: BLE001 - that is what is wanted
        return exc
    raise AssertionError


def info_of(fn, *args):
    info = error_info_from_exception(raised_by(fn, *args))
    assert from_json(to_json(info)) == info
    return info


def chain(info):
    while info is not None:
        yield info
        info = info.cause


def divide():
    return 1 / 0


def test_an_error_keeps_its_message_its_class_and_where_it_was_raised():
    info = info_of(divide)

    assert info.message == "ZeroDivisionError: division by zero\n"
    assert info.cls_name == "ZeroDivisionError"
    assert [", in " in line for line in info.stack] == [True, True]
    assert "in divide\n    return 1 / 0" in info.stack[-1]
    assert __file__ in info.stack[-1]
    assert info.cause is None
    assert info.innermost is info


def test_the_frames_of_the_framework_are_left_out():
    outputs = [OutputDefinition()]
    compute = compute_fn_of("solid 's'", lambda context: divide(), outputs, takes_context=True)

    info = info_of(lambda: list(compute(None, {})))

    assert not any("compute.py" in line for line in info.stack)
    assert "in divide" in info.stack[-1]


def test_all_frames_are_kept_where_the_framework_alone_is_at_fault():
    scope = {"__name__": "dagsterlite.somewhere", "__builtins__": {}}
    fault = eval("lambda: missing", scope)

    exc = raised_by(fault)
    exc.__traceback__ = exc.__traceback__.tb_next

    assert len(error_info_from_exception(exc).stack) == 1


def test_of_what_our_words_tell_no_frames_of_ours_are_kept():
    scope = {"__name__": "dagsterlite.somewhere", "DagsterStorageError": DagsterStorageError}
    exec(
        "def fails():\n try: missing\n except NameError as exc:\n"
        "  raise DagsterStorageError('Mend it.') from exc",
        scope,
    )
    scope["stack"] = ExitStack
    exec("def enters():\n with stack() as opened: opened.callback(fails)", scope)

    exc = raised_by(scope["enters"])
    exc.__traceback__ = exc.__traceback__.tb_next

    assert [(i.cls_name, i.stack) for i in chain(error_info_from_exception(exc))] == [
        ("DagsterStorageError", []),
        ("NameError", []),
    ]


def test_the_reason_of_a_step_is_the_users_error_and_of_a_resource_both():
    def fails(wrapper):
        with user_code_error_boundary(wrapper, lambda: "It failed"):
            divide()

    step = info_of(fails, DagsterExecutionStepExecutionError)
    made = info_of(fails, DagsterResourceFunctionError)

    assert step.reason == "ZeroDivisionError: division by zero"
    assert made.reason.endswith(
        "DagsterResourceFunctionError: It failed: ZeroDivisionError: division by zero"
    )


def test_a_wrapper_of_a_users_error_has_no_frames_of_its_own_but_the_cause_has():
    def fails():
        with user_code_error_boundary(DagsterExecutionStepExecutionError, lambda: "Step s failed"):
            divide()

    info = info_of(fails)

    assert info.message.endswith("DagsterExecutionStepExecutionError: Step s failed\n")
    assert info.stack == []
    assert info.innermost.cls_name == "ZeroDivisionError"
    assert "in divide" in info.innermost.stack[-1]


def test_causes_and_contexts_are_chained_unless_suppressed():
    def caused():
        try:
            divide()
        except ZeroDivisionError as exc:
            raise ValueError("bad") from exc

    def in_context():
        try:
            divide()
        except ZeroDivisionError:
            raise ValueError("bad")  # noqa: B904

    def suppressed():
        try:
            divide()
        except ZeroDivisionError:
            raise ValueError("bad") from None

    assert [i.cls_name for i in chain(info_of(caused))] == ["ValueError", "ZeroDivisionError"]
    assert [i.cls_name for i in chain(info_of(in_context))] == ["ValueError", "ZeroDivisionError"]
    assert [i.cls_name for i in chain(info_of(suppressed))] == ["ValueError"]


def test_an_exception_that_is_false_is_a_cause_all_the_same():
    class Empty(Exception):
        def __len__(self):
            return 0

    def fails():
        raise ValueError("bad") from Empty()

    assert [i.cls_name for i in chain(info_of(fails))] == ["ValueError", "Empty"]


def test_a_type_checks_error_leads_to_the_users_own():
    broken = DagsterType(lambda _context, _value: divide(), name="Broken")

    info = info_of(broken.type_check, None, 1)

    assert info.cls_name == DagsterTypeCheckError.__name__
    assert info.innermost.cls_name == "ZeroDivisionError"


def test_endless_recursion_keeps_where_it_began_and_where_it_ended():
    def deeper(n):
        return deeper(n + 1)

    info = info_of(deeper, 0)

    assert info.cls_name == "RecursionError"
    assert len(info.stack) == 51
    assert "in raised_by" in info.stack[0]
    assert "frames are left out here" in info.stack[10]
    assert all("in deeper" in line for line in info.stack[-40:])


def test_a_very_long_chain_of_causes_is_cut_in_the_middle():
    def fails():
        error = ValueError(0)
        for number in range(1, 5_000):
            following = ValueError(number)
            following.__cause__ = error
            error = following
        raise error

    infos = list(chain(info_of(fails)))

    assert len(infos) == 21
    assert infos[0].message == "ValueError: 4999\n"
    assert infos[10].message == "(4980 further causes are left out here)\n"
    assert infos[-1].message == "ValueError: 0\n"


def test_a_circle_of_causes_ends():
    def fails():
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first

    assert [i.message for i in chain(info_of(fails))] == [
        "ValueError: first\n",
        "ValueError: second\n",
    ]


def test_a_huge_message_is_cut():
    def fails():
        raise ValueError("x" * 10**7)

    info = info_of(fails)

    assert len(info.message) < 10_100
    assert info.message.endswith("more characters)\n")


def test_a_huge_line_of_source_is_cut(tmp_path):
    path = tmp_path / "generated.py"
    path.write_text("def fails(): raise ValueError('" + "x" * 50_000 + "')\n")
    scope: dict[str, object] = {"__name__": "generated"}
    exec(compile(path.read_text(), path, "exec"), scope)

    assert all(len(line) < 2_100 for line in info_of(scope["fails"]).stack)


class RaisesOnStr(Exception):
    def __str__(self):
        raise ValueError


class ExitsOnStr(Exception):
    def __str__(self):  # noqa: PLE0307
        sys.exit(1)


class RaisesOnAnything(SyntaxError):
    @property
    def lineno(self):  # type: ignore[override]
        raise ValueError


class NoText(Exception):
    def __str__(self):
        return 5  # noqa: PLE0307


@pytest.mark.parametrize("cls", [RaisesOnStr, ExitsOnStr, RaisesOnAnything, NoText])
def test_an_exception_that_cannot_be_shown_does_no_harm(cls):
    def fails():
        raise cls("text")

    info = info_of(fails)

    assert info.cls_name == cls.__name__
    assert cls.__name__ in info.message
    assert "in fails" in info.stack[-1]


def test_text_that_no_encoding_can_write_is_escaped():
    def fails():
        raise ValueError("\ud800 and ä")

    assert info_of(fails).message == "ValueError: \\ud800 and ä\n"


def test_notes_and_members_of_groups_are_kept():
    def fails():
        error = ValueError("bad")
        error.add_note("while reading a.csv")
        raise ExceptionGroup("both", [error, KeyError("b")])

    message = info_of(fails).message

    assert message.startswith("ExceptionGroup: both (2 sub-exceptions)\n")
    assert "ValueError: bad\nwhile reading a.csv" in message
    assert "KeyError: 'b'" in message


def test_what_stops_a_process_is_an_error_too():
    def interrupted():
        raise KeyboardInterrupt

    assert info_of(interrupted).cls_name == "KeyboardInterrupt"


def test_an_error_without_traceback_has_no_frames():
    assert error_info_from_exception(ValueError("bad")).stack == []


def test_an_error_is_made_of_what_sys_tells_too():
    try:
        divide()
    except ZeroDivisionError:
        info = serializable_error_info_from_exc_info(sys.exc_info())

    assert info.cls_name == "ZeroDivisionError"


def test_an_error_is_printed_with_its_causes():
    inner = SerializableErrorInfo("Inner: b\n", ["  at\n"])
    info = SerializableErrorInfo("Outer: a\n", [], "Outer", inner)

    assert str(info) == info.to_string()
    assert info.to_string() == (
        "Outer: a\n\nThe above exception was caused by:\nInner: b\nStack Trace:\n  at\n"
    )
    assert json.loads(to_json(info))["cause"]["message"] == "Inner: b\n"
