from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    DagsterInvariantViolationError,
    DagsterType,
    EventMetadataEntry,
    InputDefinition,
    Int,
    List,
    ModeDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    ResourceDefinition,
    SolidDefinition,
    TypeCheck,
    dagster_type_loader,
    dagster_type_materializer,
    execute_pipeline,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.errors import (
    DagsterTypeCheckDidNotPass,
    DagsterTypeCheckError,
    DagsterTypeLoadingError,
    DagsterTypeMaterializationError,
)
from tests.event_lists import of_step


@lambda_solid
def text():
    return "text"


@lambda_solid(input_defs=[InputDefinition("x", Int)])
def wants_int(x):
    raise NotImplementedError


def test_an_input_of_another_type_fails_the_step_after_it_was_told() -> None:
    @pipeline
    def graph():
        wants_int(text())

    with pytest.raises(
        DagsterTypeCheckDidNotPass,
        match=r'failed for step input "x" of step .* - expected type "Int". Description: Value',
    ) as caught:
        execute_pipeline(graph)
    assert caught.value.dagster_type is Int
    result = execute_pipeline(graph, raise_on_error=False)
    assert of_step(result, "wants_int") == ["STEP_START", "STEP_INPUT", "STEP_FAILURE"]
    event = result.result_for_solid("wants_int").compute_input_event_dict["x"]  # type: ignore[union-attr]
    data = event.step_input_data.type_check_data
    assert (data.success, data.label) == (False, "x")
    assert event.message == 'Got input "x" of type "Int". (Type check failed).'


def test_an_output_of_another_type_fails_the_step_before_it_is_kept() -> None:
    @solid(output_defs=[OutputDefinition(Int)])
    def gives(_context):
        return "text"

    graph = PipelineDefinition([gives], name="p")
    with pytest.raises(
        DagsterTypeCheckDidNotPass,
        match=r'step output "result" of step "gives\.compute" - expected',
    ):
        execute_pipeline(graph)
    result = execute_pipeline(graph, raise_on_error=False)
    assert of_step(result, "gives") == ["STEP_START", "STEP_OUTPUT", "STEP_FAILURE"]
    assert result.result_for_solid("gives").output_values is None


def checked_by(check: Any) -> SolidDefinition:
    own = DagsterType(check, name="Own")

    @solid(output_defs=[OutputDefinition(own)])
    def gives(_context):
        return 1

    return gives


def test_a_checks_description_and_metadata_reach_the_event_and_the_error() -> None:
    answer = TypeCheck(
        success=False, description="too few", metadata_entries=[EventMetadataEntry.int(1, "rows")]
    )
    graph = PipelineDefinition([checked_by(lambda _c, _v: answer)], name="p")
    with pytest.raises(DagsterTypeCheckDidNotPass, match="too few") as caught:
        execute_pipeline(graph)
    assert [e.label for e in caught.value.metadata_entries] == ["rows"]
    result = execute_pipeline(graph, raise_on_error=False)
    event = result.result_for_solid("gives").get_output_event_for_compute()  # type: ignore[union-attr]
    assert event.step_output_data.type_check_data.description == "too few"


@pytest.mark.parametrize(
    ("answer", "error"),
    [("yes", DagsterInvariantViolationError), (None, DagsterInvariantViolationError)],
)
def test_a_check_that_answers_with_something_else_fails_the_step(
    answer: object, error: type[Exception]
) -> None:
    graph = PipelineDefinition([checked_by(lambda _c, _v: answer)], name="p")
    with pytest.raises(error, match="must return a bool or a TypeCheck"):
        execute_pipeline(graph)


def test_a_check_that_raises_fails_the_step_with_its_own_error_as_cause() -> None:
    def check(_context: Any, _value: Any) -> bool:
        raise ZeroDivisionError("in check")

    graph = PipelineDefinition([checked_by(check)], name="p")
    with pytest.raises(DagsterTypeCheckError, match="type 'Own' raised") as caught:
        execute_pipeline(graph)
    assert isinstance(caught.value.user_exception, ZeroDivisionError)
    result = execute_pipeline(graph, raise_on_error=False)
    assert of_step(result, "gives") == ["STEP_START", "STEP_FAILURE"]


def test_a_check_that_exits_is_recorded_as_the_steps_failure() -> None:
    def check(_context: Any, _value: Any) -> bool:
        raise SystemExit(1)

    graph = PipelineDefinition([checked_by(check)], name="p")
    result = execute_pipeline(graph, raise_on_error=False)
    assert of_step(result, "gives") == ["STEP_START", "STEP_FAILURE"]


def test_a_check_has_the_documented_context() -> None:
    seen: list[Any] = []

    def check(context: Any, value: Any) -> bool:
        context.log.info("checking")
        seen.append((context.resources.limit, context.run_id, value))
        return bool(value < context.resources.limit)

    own = DagsterType(check, name="Own", required_resource_keys={"limit"})

    @solid(output_defs=[OutputDefinition(own)])
    def gives(_context):
        return 1

    mode = ModeDefinition(resource_defs={"limit": ResourceDefinition.hardcoded_resource(3)})
    result = execute_pipeline(PipelineDefinition([gives], name="p", mode_defs=[mode]))
    assert result.success
    assert seen == [(3, result.run_id, 1)]


# --- loaders and materializers ---


def typed(load: Any = None, write: Any = None) -> PipelineDefinition:
    loader = dagster_type_loader({"n": int})(load) if load else None
    materializer = dagster_type_materializer({"to": str})(write) if write else None
    own = DagsterType(lambda _c, _v: True, name="Own", loader=loader, materializer=materializer)

    @solid(input_defs=[InputDefinition("x", own)], output_defs=[OutputDefinition(own)])
    def hands_on(_context, x):
        yield Output(x)

    return PipelineDefinition([hands_on], name="p")


def test_a_loader_makes_an_inputs_value_from_config() -> None:
    graph = typed(load=lambda _context, config: config["n"] * 2)
    run_config = {"solids": {"hands_on": {"inputs": {"x": {"n": 4}}}}}
    assert execute_pipeline(graph, run_config).output_for_solid("hands_on") == 8


def test_a_loader_that_raises_names_the_input_and_the_step() -> None:
    def load(_context: Any, _config: Any) -> Any:
        raise ZeroDivisionError

    run_config = {"solids": {"hands_on": {"inputs": {"x": {"n": 4}}}}}
    with pytest.raises(
        DagsterTypeLoadingError, match=r"loading input 'x' of step 'hands_on.compute'"
    ) as caught:
        execute_pipeline(typed(load=load), run_config)
    assert isinstance(caught.value.user_exception, ZeroDivisionError)


def test_a_materializer_that_raises_names_the_output_and_the_step() -> None:
    def write(_context: Any, _config: Any, _value: Any) -> Any:
        raise ZeroDivisionError

    graph = typed(load=lambda _c, config: config["n"], write=write)
    run_config = {
        "solids": {"hands_on": {"inputs": {"x": {"n": 4}}, "outputs": {"result": {"to": "a"}}}}
    }
    with pytest.raises(
        DagsterTypeMaterializationError, match=r"output 'result' of step 'hands_on.compute'"
    ):
        execute_pipeline(graph, run_config)
    result = execute_pipeline(graph, run_config, raise_on_error=False)
    assert of_step(result, "hands_on")[-3:] == [
        "STEP_OUTPUT",
        "OBJECT_STORE_OPERATION",
        "STEP_FAILURE",
    ]


def test_a_value_of_the_wrong_type_is_told_with_its_step() -> None:
    @solid(output_defs=[OutputDefinition(Int, name="n")])
    def gives_text(_context):
        return "one"

    @solid
    def gives_any(_context):
        return "one"

    @solid(input_defs=[InputDefinition("x", Int)])
    def takes(_context, x):
        raise AssertionError(x)

    @pipeline
    def wrong_output():
        gives_text()

    @pipeline
    def wrong_input():
        takes.alias("taker")(gives_any())

    with pytest.raises(DagsterTypeCheckDidNotPass) as caught:
        execute_pipeline(wrong_output)
    assert str(caught.value) == (
        'Type check failed for step output "n" of step "gives_text.compute" - expected type '
        '"Int". Description: Value "one" of python type "str" must be an int.'
    )
    with pytest.raises(DagsterTypeCheckDidNotPass, match=r'input "x" of step "taker\.compute" - '):
        execute_pipeline(wrong_input)


def test_a_type_check_that_raises_is_told_with_its_step() -> None:
    def raises(_context, _value):
        raise ZeroDivisionError

    broken = DagsterType(raises, name="Broken")

    @solid(output_defs=[OutputDefinition(List[broken], "rows")])
    def gives_rows(_context):
        return [1]

    @solid(input_defs=[InputDefinition("x", broken)])
    def takes_broken(_context, x):
        raise AssertionError(x)

    @pipeline
    def wrong_output():
        gives_rows()

    @pipeline
    def wrong_input():
        takes_broken(text())

    with pytest.raises(DagsterTypeCheckError) as caught:
        execute_pipeline(wrong_output)
    assert str(caught.value) == (
        "The type check of type 'Broken' raised an error, for step output \"rows\" of step "
        '"gives_rows.compute".'
    )
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with pytest.raises(DagsterTypeCheckError, match=r'input "x" of step "takes_broken\.compute"'):
        execute_pipeline(wrong_input)
