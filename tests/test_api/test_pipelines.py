from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterError,
    DagsterExecutionStepNotFoundError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    DagsterRun,
    DagsterRunAlreadyExists,
    InputDefinition,
    ModeDefinition,
    Output,
    PipelineDefinition,
    PipelineRun,
    PresetDefinition,
    ResourceDefinition,
    RunsFilter,
    execute_pipeline,
    execute_pipeline_iterator,
    execute_run,
    lambda_solid,
    pipeline,
    solid,
)
from dagsterlite.api import create_execution_plan, create_run_for_pipeline, validate_run_config
from dagsterlite.errors import DagsterUnpicklableOutputError
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import recorded, told


@solid(config_schema={"n": int})
def source(context):
    return context.solid_config["n"]


@lambda_solid(input_defs=[InputDefinition("x", int)])
def double(x):
    return 2 * x


@solid(required_resource_keys={"factor"}, input_defs=[InputDefinition("x", int)])
def scale(context, x):
    return x * context.resources.factor


SOURCE: dict[str, Any] = {"solids": {"source": {"config": {"n": 3}}}}


def mode(name: str, factor: int) -> ModeDefinition:
    resources = {"factor": ResourceDefinition.hardcoded_resource(factor)}
    return ModeDefinition(name, resource_defs=resources)


@pipeline(
    mode_defs=[mode("test", 10), mode("prod", 100)],
    preset_defs=[
        PresetDefinition("full", SOURCE, mode="prod", tags={"from": "preset", "both": "preset"}),
        PresetDefinition("part", SOURCE, ["source+"], "test"),
        PresetDefinition("unset", mode="test"),
    ],
    tags={"team": "data", "both": "pipeline"},
)
def graph():
    scale(double(source()))


@pipeline
def simple():
    double(source())


Run = Callable[..., Any]


def run_all(definition: Any, *args: Any, **kwargs: Any) -> Any:
    return list(execute_pipeline_iterator(definition, *args, **kwargs))


both = pytest.mark.parametrize("execute", [execute_pipeline, run_all])


# --- the signatures of the documents ---


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (
            execute_pipeline,
            "pipeline run_config mode preset tags solid_selection instance raise_on_error",
        ),
        (
            execute_pipeline_iterator,
            "pipeline run_config mode preset tags solid_selection instance",
        ),
        (execute_run, "pipeline pipeline_run instance raise_on_error"),
    ],
)
def test_parameters_are_those_of_the_documents_in_their_order(
    function: Callable[..., Any], parameters: str
) -> None:
    found = inspect.signature(function).parameters
    # What is ours alone is given by its name only.
    documented = [p.name for p in found.values() if p.kind is not p.KEYWORD_ONLY]
    assert documented == parameters.split()
    optional = [p for p in found.values() if p.default is None]
    assert {p.name for p in optional} == {
        p for p in parameters.split() if p not in {"pipeline", "pipeline_run", "raise_on_error"}
    } - ({"instance"} if function is execute_run else set())
    if "raise_on_error" in found:
        assert found["raise_on_error"].default is (function is execute_pipeline)


# --- what each parameter does ---


def test_a_pipeline_runs_with_its_config_in_an_ephemeral_instance() -> None:
    result = execute_pipeline(simple, SOURCE)
    assert result.success
    assert result.output_for_solid("double") == 6


def test_the_mode_decides_the_resources() -> None:
    for name, expected in (("test", 60), ("prod", 600)):
        assert execute_pipeline(graph, SOURCE, mode=name).output_for_solid("scale") == expected


def test_a_preset_gives_config_mode_and_tags_and_the_callers_tags_win() -> None:
    instance = DagsterInstance.ephemeral()
    result = execute_pipeline(graph, preset="full", tags={"both": "caller"}, instance=instance)
    assert result.output_for_solid("scale") == 600
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.mode == "prod"
    assert run.tags == {"team": "data", "from": "preset", "both": "caller"}


def test_a_callers_tag_wins_over_the_presets_also_where_it_is_the_pipelines() -> None:
    instance = DagsterInstance.ephemeral()
    execute_pipeline(graph, preset="full", tags={"both": "pipeline"}, instance=instance)
    assert instance.get_runs()[0].tags["both"] == "pipeline"


def test_a_presets_selection_is_taken() -> None:
    result = execute_pipeline(graph, preset="part")
    assert [r.solid.name for r in result.solid_result_list] == ["source", "double"]


def test_what_a_preset_sets_may_be_given_again() -> None:
    result = execute_pipeline(graph, SOURCE, preset="part", solid_selection=["source+"])
    assert result.success
    assert execute_pipeline(graph, {}, preset="full").success


def test_tags_stand_on_the_run_as_texts() -> None:
    instance = DagsterInstance.ephemeral()
    execute_pipeline(simple, SOURCE, tags={"n": 3, "list": [1], "t": "x"}, instance=instance)
    assert instance.get_runs()[0].tags == {"n": "3", "list": "[1]", "t": "x"}


def test_a_selection_executes_a_part_and_ignores_the_config_of_the_rest() -> None:
    config = {"solids": {"double": {"inputs": {"x": 4}}, "source": {"config": {"nonsense": True}}}}
    instance = DagsterInstance.ephemeral()
    result = execute_pipeline(simple, config, solid_selection=["double"], instance=instance)
    assert result.output_for_solid("double") == 8
    run = instance.get_runs()[0]
    assert run.solid_selection == ("double",)
    assert run.solids_to_execute == frozenset({"double"})
    with pytest.raises(DagsterInvariantViolationError, match="was not executed"):
        result.result_for_solid("source")


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["*scale"], ["source", "double", "scale"]),
        (["*double"], ["source", "double"]),
        (["source++"], ["source", "double", "scale"]),
        (["*"], ["source", "double", "scale"]),
    ],
)
def test_selections_follow_the_query_language(selection: list[str], expected: list[str]) -> None:
    result = execute_pipeline(graph, SOURCE, mode="test", solid_selection=selection)
    assert [r.solid.name for r in result.solid_result_list] == expected


def test_the_iterator_yields_what_happens_while_it_happens() -> None:
    instance = DagsterInstance.ephemeral()
    events = execute_pipeline_iterator(simple, SOURCE, instance=instance)
    first = next(events)
    assert first.event_type_value == "PIPELINE_START"
    assert recorded(instance) == ["PIPELINE_START"]
    rest = list(events)
    assert told([first, *rest]) == recorded(instance)


def test_the_iterator_checks_its_arguments_before_the_first_event_is_asked_for() -> None:
    with pytest.raises(DagsterInvalidConfigError):
        execute_pipeline_iterator(simple, {})
    instance = DagsterInstance.ephemeral()
    events = execute_pipeline_iterator(simple, SOURCE, instance=instance)
    assert instance.get_runs_count() == 1
    events.close()


# --- raise_on_error ---


def failing(error: BaseException) -> PipelineDefinition:
    @solid
    def fails(_context):
        raise error

    return PipelineDefinition([fails], name="p")


def test_errors_are_raised_by_default_and_recorded_alike_where_they_are_not() -> None:
    error = ZeroDivisionError("x")
    logs = []
    for raise_on_error in (True, False):
        instance = DagsterInstance.ephemeral()
        if raise_on_error:
            with pytest.raises(ZeroDivisionError) as caught:
                execute_pipeline(failing(error), instance=instance)
            assert caught.value is error
        else:
            result = execute_pipeline(failing(error), instance=instance, raise_on_error=False)
            assert not result.success
        logs.append(recorded(instance))
    assert logs[0] == logs[1]


def test_an_error_that_is_raised_keeps_later_steps_from_running() -> None:
    @lambda_solid
    def other():
        raise NotImplementedError

    @solid(tags={"dagster/priority": 1})
    def fails(_context):
        raise ZeroDivisionError

    instance = DagsterInstance.ephemeral()
    with pytest.raises(ZeroDivisionError):
        execute_pipeline(PipelineDefinition([other, fails], name="p"), instance=instance)
    assert "STEP_START other.compute" not in recorded(instance)


def test_the_iterator_tells_errors_and_raises_none() -> None:
    events = run_all(failing(ZeroDivisionError()))
    assert told(events)[-1] == "PIPELINE_FAILURE"


# --- misuse ---


@both
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"mode": "test", "preset": "full"}, CheckError, "may not set both mode .* and preset"),
        ({"mode": "prod", "preset": "full"}, CheckError, "may not set both"),
        (
            {"preset": "full", "run_config": {"solids": {}}},
            CheckError,
            "run_config given differs from that of preset 'full'",
        ),
        (
            {"preset": "part", "solid_selection": ["double"]},
            CheckError,
            r"solid_selection given \(\['double'\]\) differs from that of preset 'part'",
        ),
        ({"preset": "ful"}, DagsterInvariantViolationError, "no preset 'ful'. Did you mean 'full'"),
        ({"mode": "pord"}, DagsterInvariantViolationError, "no mode 'pord'. Did you mean 'prod'"),
        ({}, DagsterInvariantViolationError, "several modes .*'prod', 'test'.*: name one"),
        ({"mode": 3}, CheckError, "'mode' must be a text"),
        ({"preset": 3}, CheckError, "'preset' must be a text"),
        ({"mode": "test", "run_config": "x"}, CheckError, "'run_config' must be a dict"),
        ({"mode": "test", "run_config": [1]}, CheckError, "'run_config' must be a dict"),
        ({"mode": "test", "tags": ["x"]}, CheckError, "'tags' must be a dict"),
        ({"mode": "test", "tags": {1: "x"}}, CheckError, "'tags' must be a dict whose keys"),
        (
            {"mode": "test", "tags": {"x": object()}},
            DagsterInvalidDefinitionError,
            "value of tag 'x' must be a text or JSON-able",
        ),
        ({"mode": "test", "solid_selection": "double"}, CheckError, "'solid_selection' must be"),
        ({"mode": "test", "solid_selection": [1]}, CheckError, "must be a list of texts"),
        (
            {"mode": "test", "solid_selection": ["duoble"]},
            DagsterInvalidSubsetError,
            r"No qualified solids to execute found for solid_selection=\['duoble'\].*'double'",
        ),
        ({"mode": "test", "solid_selection": []}, DagsterInvalidSubsetError, "is empty"),
        ({"mode": "test", "instance": "x"}, CheckError, "'instance' must be a DagsterInstance"),
        ({"mode": "test"}, DagsterInvalidConfigError, 'Missing required field "solids"'),
    ],
)
def test_misuse_is_told_before_anything_runs(
    execute: Run, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    instance = DagsterInstance.ephemeral()
    with pytest.raises(error, match=message) as caught:
        execute(graph, **{"instance": instance, **arguments})
    assert isinstance(caught.value, DagsterError)
    assert instance.get_runs_count() == 0


@both
@pytest.mark.parametrize("given", [None, "graph", double, lambda: graph])
def test_what_is_no_pipeline_is_told(execute: Run, given: object) -> None:
    with pytest.raises(CheckError, match="must be a PipelineDefinition"):
        execute(given)


def test_an_argument_of_the_wrong_type_is_a_type_error_too() -> None:
    with pytest.raises(TypeError):
        execute_pipeline(3)  # type: ignore[arg-type]


def test_a_selection_that_leaves_an_input_without_a_value_is_refused() -> None:
    class Own:
        pass

    @lambda_solid(input_defs=[InputDefinition("own", Own)])
    def needs_own(own):
        raise NotImplementedError

    @lambda_solid
    def makes():
        raise NotImplementedError

    @pipeline
    def two():
        needs_own(makes())

    with pytest.raises(DagsterInvalidSubsetError, match="input 'own' of solid 'needs_own'"):
        execute_pipeline(two, solid_selection=["needs_own"])


def test_config_of_a_pipeline_of_one_mode_may_name_that_mode() -> None:
    assert execute_pipeline(simple, SOURCE, mode="default").success


# --- runs made first, executed later ---


def test_a_run_is_recorded_first_and_executed_later() -> None:
    instance = DagsterInstance.ephemeral()
    run = create_run_for_pipeline(
        simple, run_config=SOURCE, tags={"x": "y"}, solid_selection=["*double"], instance=instance
    )
    assert run.status is DagsterRunStatus.NOT_STARTED
    assert instance.get_run_by_id(run.run_id) == run
    result = execute_run(simple, run, instance)
    assert result.success
    assert result.run_id == run.run_id
    assert result.output_for_solid("double") == 6


def test_a_recorded_runs_steps_are_those_that_it_names() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run("simple", run_config=SOURCE, step_keys_to_execute=["source.compute"])
    result = execute_run(simple, run, instance)
    assert result.success
    assert list(result.events_by_step_key) == ["source.compute"]


def test_a_step_that_is_needed_but_neither_executed_nor_stored_is_told() -> None:
    instance = DagsterInstance.ephemeral()
    run = instance.create_run("simple", run_config=SOURCE, step_keys_to_execute=["double.compute"])
    with pytest.raises(DagsterInvariantViolationError, match=r"'source.compute' is needed but not"):
        execute_run(simple, run, instance, raise_on_error=True)
    run = instance.create_run("simple", run_config=SOURCE, step_keys_to_execute=["nope"])
    with pytest.raises(DagsterExecutionStepNotFoundError):
        execute_run(simple, run, instance)


def test_execute_run_does_not_raise_unless_told_to() -> None:
    instance = DagsterInstance.ephemeral()
    run = create_run_for_pipeline(failing(ZeroDivisionError()), instance=instance)
    assert not execute_run(failing(ZeroDivisionError()), run, instance).success
    again = create_run_for_pipeline(failing(ZeroDivisionError()), instance=instance)
    with pytest.raises(ZeroDivisionError):
        execute_run(failing(ZeroDivisionError()), again, instance, raise_on_error=True)


def test_what_is_no_run_and_no_instance_is_told() -> None:
    instance = DagsterInstance.ephemeral()
    run = create_run_for_pipeline(simple, run_config=SOURCE, instance=instance)
    with pytest.raises(CheckError, match="'pipeline_run' must be a PipelineRun"):
        execute_run(simple, run.run_id, instance)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="'instance' must be a DagsterInstance"):
        execute_run(simple, run, None)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="says where the run is recorded"):
        create_run_for_pipeline(simple, run_config=SOURCE)


def test_a_run_id_is_used_once() -> None:
    instance = DagsterInstance.ephemeral()
    create_run_for_pipeline(simple, "mine", SOURCE, instance=instance)
    with pytest.raises(DagsterRunAlreadyExists, match="'mine'"):
        create_run_for_pipeline(simple, "mine", SOURCE, instance=instance)


def test_a_run_keeps_snapshots_of_what_it_was_made_from(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        first, second = (execute_pipeline(simple, SOURCE, instance=instance) for _ in range(2))
        runs = [instance.require_run(r.run_id).dagster_run for r in (first, second)]
        ids = {(r.pipeline_snapshot_id, r.execution_plan_snapshot_id) for r in runs}
        assert len(ids) == 1
        snapshot_id = runs[0].pipeline_snapshot_id
        assert snapshot_id is not None
        body = instance.run_storage.get_snapshot(snapshot_id)
        assert body is not None
        assert json.loads(body)["name"] == "simple"
        assert len(instance.get_runs(RunsFilter(snapshot_id=snapshot_id))) == 2


# --- helpers ---


def test_a_config_is_validated_without_a_run() -> None:
    assert validate_run_config(simple, SOURCE) == SOURCE
    with pytest.raises(DagsterInvalidConfigError):
        validate_run_config(simple, {})
    with pytest.raises(DagsterInvariantViolationError):
        validate_run_config(graph, SOURCE)
    with pytest.raises(CheckError):
        validate_run_config("simple")  # type: ignore[arg-type]


def test_a_plan_is_made_without_a_run() -> None:
    plan = create_execution_plan(simple, SOURCE, step_keys_to_execute=["double"])
    assert [s.key for s in plan.steps] == ["double.compute"]


# --- values that cannot be stored ---


def test_an_output_that_cannot_be_pickled_is_told_and_leaves_nothing_half_written(
    tmp_path: Path,
) -> None:
    @solid
    def gives(_context):
        yield Output(threading.Lock())

    definition = PipelineDefinition([gives], name="p")
    config = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    with pytest.raises(DagsterUnpicklableOutputError, match=r"'result' of step 'gives.compute'"):
        execute_pipeline(definition, config)
    result = execute_pipeline(definition, config, raise_on_error=False)
    assert told(result.event_list)[-3:] == [
        "STEP_OUTPUT gives.compute",
        "STEP_FAILURE gives.compute",
        "PIPELINE_FAILURE",
    ]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert execute_pipeline(definition).success


# --- what a run in process imports ---

LEAN = """
import sys
from dagsterlite import solid, pipeline, execute_pipeline
@solid
def one(context): return 1
@pipeline
def graph(): one()
assert execute_pipeline(graph).output_for_solid("one") == 1
heavy = {"dask", "distributed", "sqlalchemy", "alembic", "fsspec", "s3fs", "pandas", "click"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_run_in_process_imports_no_cluster_and_no_database() -> None:
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", LEAN],
        capture_output=True,
        text=True,
        check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith("COV")},
    )
    assert answer.stdout == "[]\n"


def test_dagster_run_is_what_the_documents_call_pipeline_run() -> None:
    assert PipelineRun is DagsterRun
