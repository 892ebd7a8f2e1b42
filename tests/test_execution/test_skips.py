from __future__ import annotations

import pytest

from dagsterlite import (
    InputDefinition,
    Int,
    List,
    Nothing,
    Output,
    OutputDefinition,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from tests.event_lists import of_step


@solid(
    config_schema=[str],
    output_defs=[OutputDefinition(Int, n, is_required=False) for n in ("left", "right")],
)
def branch(context):
    for name in context.solid_config:
        yield Output(len(name), name)


@lambda_solid(input_defs=[InputDefinition("x", Int)], output_def=OutputDefinition(Int))
def passes(x):
    return x


@lambda_solid(input_defs=[InputDefinition("xs", List[Int])])
def collects(xs):
    return xs


@lambda_solid(input_defs=[InputDefinition("x", Int), InputDefinition("y", Int)])
def joins(x, y):
    return (x, y)


@lambda_solid(input_defs=[InputDefinition("after", Nothing)])
def later():
    return "later"


@pipeline
def graph():
    left, right = branch()
    a, b = passes.alias("a")(left), passes.alias("b")(right)
    joins(a, b)
    collects([a, b])
    collects.alias("straight")([left, right])
    later(b)


def run_with(*names: str):
    return execute_pipeline(graph, {"solids": {"branch": {"config": list(names)}}})


def test_only_the_branch_that_was_yielded_runs_and_the_run_succeeds() -> None:
    result = run_with("left")
    assert result.success
    ends = {r.solid.name: (r.success, r.skipped) for r in result.solid_result_list}
    assert ends == {
        "branch": (True, False),
        "a": (True, False),
        "b": (False, True),
        "joins": (False, True),
        "collects": (True, False),
        "straight": (True, False),
        "later": (False, True),
    }


@pytest.mark.parametrize(
    ("names", "expected"), [(["left", "right"], [4, 5]), (["left"], [4]), (["right"], [5])]
)
def test_a_list_of_outputs_holds_those_that_were_yielded_in_order(
    names: list[str], expected: list[int]
) -> None:
    result = run_with(*names)
    assert result.output_for_solid("collects") == expected
    assert result.output_for_solid("straight") == expected


def test_a_list_of_which_no_output_was_yielded_is_skipped() -> None:
    result = run_with()
    assert result.success
    assert of_step(result, "collects") == of_step(result, "straight") == ["STEP_SKIPPED"]
    (event,) = result.result_for_solid("straight").compute_step_events
    assert event.message == (
        'Skipped execution of step "straight.compute": these outputs were not yielded: '
        "branch.compute.left, branch.compute.right."
    )


def test_a_skipped_step_has_no_values() -> None:
    result = run_with("left").result_for_solid("b")
    assert result.skipped
    assert result.output_values is None
    assert result.output_value() is None
