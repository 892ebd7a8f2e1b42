from __future__ import annotations

import asyncio

import pytest

from dagsterlite.definitions.compute import compute_fn_of
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.events.yielded import (
    AssetMaterialization,
    AssetObservation,
    ExpectationResult,
    Materialization,
    Output,
)

ONE = [OutputDefinition()]
TWO = [OutputDefinition(name="a"), OutputDefinition(name="b")]


class Log:
    def __init__(self):
        self.warnings: list[str] = []

    def warning(self, message):
        self.warnings.append(message)


class Context:
    def __init__(self):
        self.log = Log()


def run(fn, outputs=ONE, context=None):
    compute = compute_fn_of("solid 's'", fn, outputs, takes_context=True)
    return list(compute(context or Context(), {}))


def test_a_returned_value_is_the_one_output():
    assert run(lambda context: 5) == [Output(5)]
    assert run(lambda context: None) == [Output(None)]
    assert run(lambda context: 5, [OutputDefinition(name="rows")]) == [Output(5, "rows")]


def test_a_returned_output_is_taken_as_it_is():
    assert run(lambda context: Output(5, "b"), TWO) == [Output(5, "b")]


def test_what_is_yielded_is_handed_on():
    events = [AssetMaterialization("a"), ExpectationResult(True), Output(1)]

    assert run(lambda context: (event for event in events)) == events


def test_a_returned_generator_is_drained():
    def fn(context):
        def inner():
            yield Output(1)

        return inner()

    assert run(fn) == [Output(1)]


def test_inputs_are_handed_over_by_name():
    compute = compute_fn_of("solid 's'", lambda b, a: (a, b), ONE, takes_context=False)

    assert list(compute(None, {"a": 1, "b": 2})) == [Output((1, 2))]


@pytest.mark.parametrize(
    "event",
    [
        AssetMaterialization("a"),
        Materialization("a"),
        AssetObservation("a"),
        ExpectationResult(True),
    ],
)
def test_a_returned_event_is_refused_since_it_might_be_the_value(event):
    with pytest.raises(DagsterInvariantViolationError, match=r"solid 's'.*Yield it instead"):
        run(lambda context: event)


def test_a_solid_of_several_or_no_outputs_must_not_return_a_value():
    with pytest.raises(DagsterInvariantViolationError, match=r"several outputs.*'a', 'b'"):
        run(lambda context: (1, 2), TWO)
    with pytest.raises(DagsterInvariantViolationError, match="defined to have no outputs"):
        run(lambda context: 5, [])
    assert run(lambda context: None, TWO) == []
    assert run(lambda context: None, []) == []


def test_none_returned_for_an_optional_output_is_a_value_with_a_warning():
    context = Context()

    assert run(lambda context: None, [OutputDefinition(is_required=False)], context) == [
        Output(None)
    ]
    (warning,) = context.log.warnings
    assert '"result"' in warning


def test_a_returned_coroutine_is_run_to_its_end():
    assert run(lambda context: asyncio.sleep(0, 5)) == [Output(5)]


def test_an_async_stream_is_drained():
    async def fn(context):
        await asyncio.sleep(0)
        yield Output(1, "a")
        yield Output(2, "b")

    assert run(fn, TWO) == [Output(1, "a"), Output(2, "b")]
