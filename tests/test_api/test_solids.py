from __future__ import annotations

import inspect
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    CompositeSolidExecutionResult,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DagsterTypeCheckDidNotPass,
    InputDefinition,
    Int,
    ModeDefinition,
    Nothing,
    OutputDefinition,
    PresetDefinition,
    SolidExecutionResult,
    composite_solid,
    execute_solid,
    execute_solid_within_pipeline,
    execute_solids_within_pipeline,
    lambda_solid,
    pipeline,
    solid,
)


@lambda_solid(
    input_defs=[InputDefinition("x", Int), InputDefinition("y", Int, default_value=10)],
    output_def=OutputDefinition(Int),
)
def add(x, y):
    return x + y


@solid(config_schema={"by": int}, required_resource_keys={"unit"})
def scale(context, rows: list[int]) -> list[str]:
    return [f"{row * context.solid_config['by']}{context.resources.unit}" for row in rows]


class Own:
    """A type that no config can give."""


@lambda_solid
def take_own(own: Own) -> Own:
    return own


@solid(input_defs=[InputDefinition("after", Nothing)])
def tagged(context):
    return context.get_tag("team")


@composite_solid(input_defs=[InputDefinition("n", Int)], output_defs=[OutputDefinition(Int)])
def add_twice(n):
    return add.alias("second")(add(n))


METRES = ModeDefinition.from_resources({"unit": "m"})
BY_TWO: dict[str, Any] = {"solids": {"scale": {"config": {"by": 2}}}}


def of(result: Any) -> SolidExecutionResult:
    assert isinstance(result, SolidExecutionResult)
    return result


# --- the signatures of the documents ---


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (execute_solid, "solid_def mode_def input_values tags run_config raise_on_error"),
        (
            execute_solid_within_pipeline,
            "pipeline_def solid_name inputs run_config mode preset tags instance",
        ),
        (
            execute_solids_within_pipeline,
            "pipeline_def solid_names inputs run_config mode preset tags instance",
        ),
    ],
)
def test_parameters_are_those_of_the_documents_in_their_order(
    function: Any, parameters: str
) -> None:
    assert list(inspect.signature(function).parameters) == parameters.split()


# --- execute_solid ---


def test_a_solid_is_executed_with_values_defaults_and_config() -> None:
    assert execute_solid(add, input_values={"x": 1}).output_value() == 11
    assert execute_solid(add, input_values={"x": 1, "y": 2}).output_value() == 3
    config = {"solids": {"add": {"inputs": {"x": 5}}}}
    assert execute_solid(add, run_config=config).output_value() == 15
    result = execute_solid(
        add, input_values={"y": 1}, run_config={"solids": {"add": {"inputs": {"x": {"value": 5}}}}}
    )
    assert result.output_value() == 6


def test_mode_config_and_tags_are_those_of_the_run() -> None:
    result = execute_solid(scale, METRES, {"rows": [1, 2]}, run_config=BY_TWO)
    assert result.output_value() == ["2m", "4m"]
    assert execute_solid(tagged, tags={"team": "data"}).output_value() == "data"


def test_values_that_no_config_could_give_are_handed_on_as_they_are() -> None:
    own = Own()
    assert execute_solid(take_own, input_values={"own": own}).output_value() is own
    assert execute_solid(take_own, input_values={"own": own}).success


def test_values_are_checked_as_inputs() -> None:
    with pytest.raises(DagsterTypeCheckDidNotPass, match='step input "x" of step "add'):
        execute_solid(add, input_values={"x": "1"})
    result = of(execute_solid(add, input_values={"x": "1"}, raise_on_error=False))
    assert not result.success
    assert not result.compute_input_event_dict["x"].step_input_data.type_check_data.success
    assert result.failure_data is not None
    assert result.output_values is None


def test_a_result_is_of_the_solid_alone() -> None:
    result = of(execute_solid(add, input_values={"x": 1}))
    assert {event.step_key for event in result.compute_step_events} == {"add.compute"}


def test_what_the_solid_raises_is_raised_unless_told_otherwise() -> None:
    @lambda_solid
    def breaks():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        execute_solid(breaks)
    assert not execute_solid(breaks, raise_on_error=False).success


def test_a_composite_gives_the_results_of_the_solids_inside() -> None:
    result = execute_solid(add_twice, input_values={"n": 1})
    assert isinstance(result, CompositeSolidExecutionResult)
    assert result.output_value() == 21
    assert of(result.result_for_solid("second")).output_value() == 21
    assert [inner.solid.name for inner in result.solid_result_list] == ["add", "second"]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"solid_def": lambda: 1}, CheckError, "'solid_def' must be a solid"),
        ({"mode_def": "test"}, CheckError, "'mode_def' must be a ModeDefinition"),
        ({"input_values": [1]}, CheckError, "'input_values' must be a dict"),
        ({"input_values": {1: 1}}, CheckError, "a dict whose keys are names"),
        ({"input_values": {"z": 1}}, CheckError, r"no input 'z'.* Its inputs: 'x', 'y'"),
        ({"solid_def": tagged, "input_values": {"after": 1}}, CheckError, "of type Nothing"),
        ({"solid_def": take_own}, DagsterInvalidDefinitionError, "input 'own' of solid"),
        ({"solid_def": scale}, DagsterInvalidDefinitionError, "unit"),
        ({}, DagsterInvalidConfigError, "solids"),
        ({"run_config": 3}, CheckError, "execute_solid: argument 'run_config' must be a dict"),
        ({"tags": 3}, CheckError, "'tags' must be a dict"),
    ],
)
def test_misuse_is_told(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        execute_solid(**{"solid_def": add, **arguments})


# --- within a pipeline ---


@lambda_solid
def load() -> list[int]:
    raise NotImplementedError


@solid
def total(_context, rows: list[str], extra: int) -> str:
    return ",".join(rows) + str(extra)


@pipeline(
    mode_defs=[METRES, ModeDefinition("feet", {"unit": METRES.resource_defs["unit"]})],
    preset_defs=[
        PresetDefinition(
            "two",
            {"solids": {**BY_TWO["solids"], "total": {"inputs": {"extra": 7}}}},
            mode="default",
            solid_selection=["load"],
            tags={"team": "data"},
        )
    ],
)
def graph():
    total(scale(load()))
    add_twice()
    add.alias("renamed")()


def test_a_solid_is_executed_within_a_pipeline_with_values_in_place_of_its_sources() -> None:
    instance = DagsterInstance.ephemeral()
    result = execute_solid_within_pipeline(
        graph, "scale", {"rows": [1]}, BY_TWO, "feet", tags={"a": "b"}, instance=instance
    )
    assert result.output_value() == ["2m"]
    (run,) = instance.get_runs()
    assert run.mode == "feet"
    assert run.tags == {"a": "b"}


def test_aliases_and_composites_are_executed_by_their_names() -> None:
    arguments: dict[str, Any] = {"mode": "default"}
    result = execute_solid_within_pipeline(graph, "renamed", {"x": 1}, **arguments)
    assert result.output_value() == 11
    result = execute_solid_within_pipeline(graph, "add_twice", {"n": 1}, **arguments)
    assert isinstance(result, CompositeSolidExecutionResult)
    assert result.output_value() == 21


def test_a_preset_gives_config_and_tags_and_its_selection_has_no_say() -> None:
    instance = DagsterInstance.ephemeral()
    result = execute_solid_within_pipeline(
        graph, "scale", {"rows": [3]}, preset="two", instance=instance
    )
    assert result.output_value() == ["6m"]
    assert instance.get_runs()[0].tags == {"team": "data"}


def test_solids_that_are_connected_stay_connected() -> None:
    results = execute_solids_within_pipeline(
        graph,
        {"scale", "total", "renamed"},
        {"scale": {"rows": [1, 2]}, "renamed": {"x": 4}},
        preset="two",
    )
    assert set(results) == {"scale", "total", "renamed"}
    assert results["total"].output_value() == "2m,4m7"
    assert results["renamed"].output_value() == 14


def test_a_value_stands_in_place_of_a_solid_that_is_executed_too() -> None:
    results = execute_solids_within_pipeline(
        graph,
        frozenset({"scale", "total"}),
        {"scale": {"rows": [1]}, "total": {"rows": ["x"]}},
        preset="two",
    )
    assert results["total"].output_value() == "x7"
    assert results["scale"].output_value() == ["2m"]


def test_errors_are_raised() -> None:
    with pytest.raises(DagsterTypeCheckDidNotPass):
        execute_solid_within_pipeline(graph, "renamed", {"x": "1"}, mode="default")
    with pytest.raises(NotImplementedError):
        execute_solid_within_pipeline(graph, "load", mode="default")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"pipeline_def": add}, CheckError, "'pipeline_def' must be a PipelineDefinition"),
        ({"solid_names": "scale"}, CheckError, "'solid_names' must be a set of names"),
        ({"solid_names": [3]}, CheckError, "'solid_names' must be a set of names"),
        ({"solid_names": []}, CheckError, "'solid_names' is empty"),
        ({"solid_names": ["sclae"]}, CheckError, r"no solid 'sclae'. Did you mean 'scale'"),
        ({"inputs": {"sclae": {}}}, CheckError, r"no solid 'sclae'. Did you mean"),
        ({"inputs": {"total": {}}}, CheckError, "'total', which is not among the solids"),
        ({"inputs": {"scale": {"row": 1}}}, CheckError, r"no input 'row'. Did you mean 'rows'"),
        ({"inputs": {"scale": 3}}, CheckError, r"\"inputs\['scale'\]\"|inputs\['scale'\]"),
        ({"inputs": 3}, CheckError, "'inputs' must be a dict"),
        ({"inputs": None}, DagsterInvalidConfigError, "rows"),
        ({"run_config": {}}, DagsterInvalidConfigError, "scale"),
        ({"mode": "x"}, DagsterInvariantViolationError, "no mode 'x'"),
        ({"preset": "two"}, CheckError, "may not set both"),
    ],
)
def test_misuse_within_a_pipeline_is_told(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    given = {
        "pipeline_def": graph,
        "solid_names": ["scale"],
        "inputs": {"scale": {"rows": [1]}},
        "run_config": BY_TWO,
        "mode": "default",
    }
    with pytest.raises(error, match=message):
        execute_solids_within_pipeline(**{**given, **arguments})


def test_the_name_of_one_solid_must_be_a_text() -> None:
    with pytest.raises(CheckError, match="'solid_name' must be a text"):
        execute_solid_within_pipeline(graph, ["scale"])  # type: ignore[arg-type]
