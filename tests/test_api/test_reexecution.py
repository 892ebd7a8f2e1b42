from __future__ import annotations

import inspect
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    CheckError,
    DagsterExecutionStepNotFoundError,
    DagsterInstance,
    DagsterInvalidConfigError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    DagsterRunConflict,
    DagsterRunNotFoundError,
    DagsterStepNotStoredError,
    ModeDefinition,
    Output,
    OutputDefinition,
    PresetDefinition,
    composite_solid,
    execute_pipeline,
    execute_run,
    fs_io_manager,
    lambda_solid,
    load_run_result,
    pipeline,
    reexecute_pipeline,
    reexecute_pipeline_iterator,
    solid,
)
from dagsterlite.events.engine import EngineEventData, OutputsTaken
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import told

FILES: dict[str, Any] = {"intermediate_storage": {"filesystem": {}}}
RESUME = {"dagster/is_resume_retry": "true"}

CALLS: list[str] = []
FAILING: set[str] = set()


@pytest.fixture(autouse=True)
def _calls() -> None:
    CALLS.clear()
    FAILING.clear()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        yield instance


def called(name: str) -> None:
    CALLS.append(name)
    if name in FAILING:
        raise RuntimeError(name)


@solid
def start(_context) -> int:
    called("start")
    return len(CALLS)


@solid
def left(_context, x: int) -> int:
    called("left")
    return x + 10


@solid
def right(_context, x: int) -> int:
    called("right")
    return x + 100


@solid
def join(_context, a: int, b: int) -> int:
    called("join")
    return a + b


@pipeline(preset_defs=[PresetDefinition("files", FILES), PresetDefinition("part", {}, ["start"])])
def diamond():
    x = start()
    join(left(x), right(x))


def run(instance: DagsterInstance, **arguments: Any) -> PipelineExecutionResult:
    arguments = {"run_config": FILES, "raise_on_error": False, **arguments}
    return execute_pipeline(diamond, instance=instance, **arguments)


def again(
    instance: DagsterInstance, parent: str, *selection: str, **arguments: Any
) -> PipelineExecutionResult:
    CALLS.clear()
    if selection:
        arguments["step_selection"] = list(selection)
    arguments = {"run_config": FILES, **arguments}
    return reexecute_pipeline(diamond, parent, instance=instance, **arguments)


def taken(result: PipelineExecutionResult) -> dict[str, tuple[str, ...]]:
    """Return which steps' outputs were taken from which run."""
    found = {}
    for event in result.event_list:
        match event.event_specific_data:
            case EngineEventData(detail=OutputsTaken(run_id, keys)):
                found[run_id] = keys
    return found


# --- the signatures of the documents ---


def test_parameters_are_those_of_the_documents_in_their_order() -> None:
    names = "pipeline parent_run_id run_config step_selection mode preset tags instance"
    found = inspect.signature(reexecute_pipeline).parameters
    assert list(found) == [*names.split(), "raise_on_error", "step_keys_to_execute"]
    assert found["raise_on_error"].default is True
    found = inspect.signature(reexecute_pipeline_iterator).parameters
    assert list(found) == [*names.split(), "step_keys_to_execute"]


# --- what runs, and what is taken ---


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["left"], ["left"]),
        (["left.compute"], ["left"]),
        (["*left.compute"], ["start", "left"]),
        (["left.compute+"], ["left", "join"]),
        (["start+"], ["start", "left", "right"]),
        (["*left.compute+++"], ["start", "left", "join"]),
        (["left", "right.compute+"], ["left", "right", "join"]),
        (["*"], ["start", "left", "right", "join"]),
    ],
)
def test_selected_steps_run_and_others_are_taken_from_the_parent(
    instance: DagsterInstance, selection: list[str], expected: list[str]
) -> None:
    parent = run(instance)
    result = again(instance, parent.run_id, *selection)
    assert result.success
    assert sorted(CALLS) == sorted(expected)
    assert {e.step_key for e in result.step_event_list} == {f"{n}.compute" for n in expected}


def test_a_whole_run_takes_nothing(instance: DagsterInstance) -> None:
    result = again(instance, run(instance).run_id)
    assert sorted(CALLS) == ["join", "left", "right", "start"]
    assert taken(result) == {}
    assert instance.require_run(result.run_id).dagster_run.step_keys_to_execute is None


def test_values_are_the_parents_and_lie_where_they_lay(instance: DagsterInstance) -> None:
    parent = run(instance)
    (old,) = (e for e in parent.events_by_step_key["left.compute"] if "Stored" in e.message)
    result = again(instance, parent.run_id, "join")
    assert result.output_for_solid("join") == 1 + 10 + 1 + 100
    assert taken(result) == {parent.run_id: ("left.compute", "right.compute")}
    read = [
        e.object_store_operation_result_data.address
        for e in result.events_by_step_key["join.compute"]
        if e.message.startswith("Retrieved")
    ]
    assert old.object_store_operation_result_data.address in read
    assert all(address and parent.run_id in address for address in read)


def test_the_run_tells_where_it_comes_from(instance: DagsterInstance) -> None:
    parent = run(instance)
    child = again(instance, parent.run_id, "left+", tags={"mine": 1})
    grandchild = again(instance, child.run_id, "join", mode="default")
    record = instance.require_run(grandchild.run_id).dagster_run
    assert record.parent_run_id == record.previous_run_id == child.run_id
    assert record.root_run_id == parent.run_id
    assert record.step_keys_to_execute == ("join.compute",)
    assert record.tags["dagster/parent_run_id"] == child.run_id
    assert record.tags["dagster/root_run_id"] == parent.run_id
    assert record.run_config == FILES
    assert record.mode == "default"
    record = instance.require_run(child.run_id).dagster_run
    assert record.root_run_id == record.parent_run_id == parent.run_id
    assert record.tags["mine"] == "1"


def test_each_step_is_taken_from_the_nearest_run_that_was_to_execute_it(
    instance: DagsterInstance,
) -> None:
    first = run(instance)
    second = again(instance, first.run_id, "right")
    third = again(instance, second.run_id, "join")
    assert taken(second) == {first.run_id: ("start.compute",)}
    assert taken(third) == {first.run_id: ("left.compute",), second.run_id: ("right.compute",)}
    fourth = again(instance, third.run_id, "join")
    assert taken(fourth) == {third.run_id: ("left.compute", "right.compute")}
    assert fourth.output_for_solid("join") == third.output_for_solid("join")


def test_what_a_nearer_run_failed_to_renew_is_not_taken_from_an_earlier_one(
    instance: DagsterInstance,
) -> None:
    first = run(instance)
    FAILING.add("left")
    second = again(instance, first.run_id, "left", raise_on_error=False)
    FAILING.clear()
    before = instance.get_runs_count()
    with pytest.raises(DagsterStepNotStoredError, match=r"'left.compute' is needed .* FAILURE"):
        again(instance, second.run_id, "join")
    assert instance.get_runs_count() == before
    assert CALLS == []


def test_keys_may_be_given_in_place_of_queries(instance: DagsterInstance) -> None:
    parent = run(instance)
    for keys in (["left.compute"], ("left",)):
        assert again(instance, parent.run_id, step_keys_to_execute=keys).success
        assert CALLS == ["left"]


def test_the_parents_selection_of_solids_holds(instance: DagsterInstance) -> None:
    parent = run(instance, solid_selection=["*left"])
    result = again(instance, parent.run_id)
    assert sorted(CALLS) == ["left", "start"]
    assert instance.require_run(result.run_id).dagster_run.solid_selection == ("*left",)
    with pytest.raises(DagsterExecutionStepNotFoundError, match=r"no step 'join.compute'"):
        again(instance, parent.run_id, "join")


def test_a_preset_gives_the_config(instance: DagsterInstance) -> None:
    parent = run(instance)
    assert again(instance, parent.run_id, "join", run_config=None, preset="files").success


def test_the_iterator_yields_what_happens(instance: DagsterInstance) -> None:
    parent = run(instance)
    events = reexecute_pipeline_iterator(diamond, parent.run_id, FILES, ["join"], instance=instance)
    assert events.step_keys == ("join.compute",)
    assert events.run.parent_run_id == parent.run_id
    lines = told(list(events))
    assert lines[:3] == ["PIPELINE_START", "ENGINE_EVENT", "STEP_START join.compute"]
    assert lines[-1] == "PIPELINE_SUCCESS"


def test_errors_are_raised_unless_told_otherwise(instance: DagsterInstance) -> None:
    parent = run(instance)
    FAILING.add("join")
    with pytest.raises(RuntimeError, match="join"):
        again(instance, parent.run_id, "join")
    assert not again(instance, parent.run_id, "join", raise_on_error=False).success


# --- skipped steps and composites ---


@solid(
    output_defs=[OutputDefinition(int, "some"), OutputDefinition(int, "none", is_required=False)]
)
def choose(_context):
    yield Output(1, "some")


@lambda_solid
def take(x: int) -> int:
    return x


@composite_solid(output_defs=[OutputDefinition(int)])
def boxed(x: int):
    return take(take.alias("inner")(x))


@pipeline
def branching():
    some, none = choose()
    boxed(some)
    take.alias("last")(take.alias("never")(none))


def test_a_step_that_was_skipped_is_skipped_still_for_what_needs_it(
    instance: DagsterInstance,
) -> None:
    first = execute_pipeline(branching, FILES, instance=instance)
    for parent in (first, reexecute(branching, first, ["last"], instance)):
        result = reexecute(branching, parent, ["last"], instance)
        assert told(result.step_event_list) == ["STEP_SKIPPED last.compute"]
        assert result.success


def test_steps_in_composites_are_selected_by_their_path(instance: DagsterInstance) -> None:
    first = execute_pipeline(branching, FILES, instance=instance)
    result = reexecute(branching, first, ["boxed.take"], instance)
    assert result.output_for_solid("boxed.take") == 1
    assert taken(result) == {first.run_id: ("boxed.inner.compute",)}


def test_an_output_that_was_not_yielded_is_not_there_for_later_steps(
    instance: DagsterInstance,
) -> None:
    first = execute_pipeline(branching, FILES, instance=instance)
    result = reexecute(branching, first, ["never", "boxed.inner"], instance)
    assert result.result_for_solid("never").skipped
    assert result.output_for_solid("boxed.inner") == 1


def reexecute(
    definition: Any, parent: Any, selection: list[str], instance: DagsterInstance
) -> PipelineExecutionResult:
    return reexecute_pipeline(definition, parent.run_id, FILES, selection, instance=instance)


# --- resuming ---


def test_failed_steps_and_those_after_them_are_resumed(instance: DagsterInstance) -> None:
    FAILING.add("left")
    parent = run(instance)
    FAILING.clear()
    result = again(instance, parent.run_id, tags=RESUME)
    assert sorted(CALLS) == ["join", "left"]
    assert result.success
    record = instance.require_run(result.run_id).dagster_run
    assert record.is_resume_retry
    assert record.step_keys_to_execute == ("left.compute", "join.compute")


def test_steps_never_started_are_resumed(instance: DagsterInstance) -> None:
    FAILING.add("start")
    with pytest.raises(RuntimeError):
        run(instance, raise_on_error=True)
    FAILING.clear()
    (parent,) = instance.get_runs()
    assert again(instance, parent.run_id, tags=RESUME).success
    assert sorted(CALLS) == ["join", "left", "right", "start"]


def test_only_the_steps_of_the_parent_itself_are_resumed(instance: DagsterInstance) -> None:
    FAILING.add("right")
    first = run(instance)
    second = again(instance, first.run_id, "right", raise_on_error=False)
    FAILING.clear()
    assert again(instance, second.run_id, tags=RESUME).success
    assert CALLS == ["right"]


def test_nothing_is_left_of_a_run_that_succeeded(instance: DagsterInstance) -> None:
    parent = run(instance)
    with pytest.raises(DagsterInvalidSubsetError, match=r"Nothing of run .* is left to do"):
        again(instance, parent.run_id, tags=RESUME)


DIES = """
import os, sys
sys.path[:0] = [{root!r}]
from dagsterlite import DagsterInstance, execute_pipeline, pipeline, solid, lambda_solid

@lambda_solid
def one(): return 1

@lambda_solid
def dies(x): os._exit(1)

@lambda_solid
def after(x): return x

@pipeline
def mortal(): after(dies(one()))

if __name__ == "__main__":
    with DagsterInstance.local_temp(sys.argv[1]) as instance:
        execute_pipeline(mortal, {files!r}, instance=instance)
"""


@lambda_solid
def one():
    raise NotImplementedError


@lambda_solid(name="dies")
def lives(x):
    return x + 1


@lambda_solid
def after(x):
    return x


@pipeline
def mortal():
    after(lives(one()))


def test_a_run_whose_driver_was_killed_is_resumed_once_its_lease_is_over(
    tmp_path: Path, instance: DagsterInstance
) -> None:
    script = tmp_path / "dies.py"
    script.write_text(DIES.format(root=os.getcwd(), files=FILES), encoding="utf-8")
    died = subprocess.run([sys.executable, script, tmp_path / "home"], check=False)
    assert died.returncode == 1
    (parent,) = instance.get_runs()
    assert parent.status is DagsterRunStatus.STARTED
    arguments: dict[str, Any] = {"tags": RESUME, "instance": instance}
    with pytest.raises(DagsterRunConflict, match="still under way"):
        reexecute_pipeline(mortal, parent.run_id, FILES, **arguments)
    driver = instance.require_run(parent.run_id).driver_id
    assert driver is not None
    instance.run_storage.renew_lease(parent.run_id, driver, seconds=-1, now=time.time())
    result = reexecute_pipeline(mortal, parent.run_id, FILES, **arguments)
    assert result.output_for_solid("after") == 2
    assert taken(result) == {parent.run_id: ("one.compute",)}


# --- storages ---


def test_a_run_that_keeps_its_values_in_memory_cannot_take_any(instance: DagsterInstance) -> None:
    parent = run(instance)
    with pytest.raises(DagsterInvariantViolationError, match="intermediates in memory") as caught:
        again(instance, parent.run_id, "join", run_config={})
    assert "intermediate_storage: {filesystem: {}}" in str(caught.value)
    assert CALLS == []
    assert again(instance, parent.run_id, run_config={}).success


def test_what_the_parent_kept_in_memory_is_gone(instance: DagsterInstance) -> None:
    parent = run(instance, run_config={})
    with pytest.raises(DagsterStepNotStoredError, match="kept them in memory, or elsewhere"):
        again(instance, parent.run_id, "join")
    assert CALLS == []
    run_ids = [r.run_id for r in instance.get_runs() if r.run_id != parent.run_id]
    (failed,) = run_ids
    assert instance.require_run(failed).dagster_run.is_failure


def test_a_base_folder_may_be_named(instance: DagsterInstance, tmp_path: Path) -> None:
    files = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path / "base")}}}
    parent = run(instance, run_config=files)
    assert again(instance, parent.run_id, "join", run_config=files).success


def test_an_ephemeral_instance_serves_within_its_process() -> None:
    instance = DagsterInstance.ephemeral()
    parent = run(instance)
    assert again(instance, parent.run_id, "join").output_for_solid("join") == 112


def test_a_run_recorded_as_a_re_execution_takes_over_when_it_is_executed(
    instance: DagsterInstance,
) -> None:
    parent = run(instance)
    made = instance.create_run_for_pipeline(
        diamond,
        run_config=FILES,
        step_keys_to_execute=["join"],
        parent_run_id=parent.run_id,
    )
    assert made.root_run_id == parent.run_id
    result = execute_run(diamond, made, instance)
    assert result.output_for_solid("join") == 112


# --- misuse ---


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"parent_run_id": 3}, CheckError, "'parent_run_id' must be a text"),
        ({"parent_run_id": "nope"}, DagsterRunNotFoundError, "no run 'nope'"),
        ({"instance": None}, DagsterRunNotFoundError, "was given no instance"),
        ({"instance": "x"}, CheckError, "'instance' must be a DagsterInstance"),
        ({"pipeline": branching}, CheckError, "is of pipeline 'diamond', not of 'branching'"),
        ({"pipeline": 3}, CheckError, "'pipeline' must be a PipelineDefinition"),
        ({"run_config": "x"}, CheckError, "'run_config' must be a dict"),
        ({"run_config": {"nope": 1}}, DagsterInvalidConfigError, "nope"),
        ({"step_selection": "join"}, CheckError, "must be a list of texts"),
        ({"step_selection": []}, DagsterInvalidSubsetError, "selection of steps is empty"),
        ({"step_selection": ["**"]}, DagsterInvalidSubsetError, "is no selection"),
        (
            {"step_selection": ["jion"]},
            DagsterExecutionStepNotFoundError,
            "no step 'jion.compute'. Did you mean 'join.compute'",
        ),
        ({"step_selection": ["jion"]}, DagsterInvalidSubsetError, "jion"),
        ({"step_keys_to_execute": "join"}, CheckError, "must be a list of step keys"),
        ({"step_keys_to_execute": [3]}, CheckError, "must be a list of texts"),
        ({"step_keys_to_execute": []}, DagsterInvalidSubsetError, "is empty"),
        ({"step_keys_to_execute": ["x"]}, DagsterExecutionStepNotFoundError, "x.compute"),
        (
            {"step_keys_to_execute": ["join"], "step_selection": ["join"]},
            CheckError,
            "step_selection and step_keys_to_execute each say which steps",
        ),
        (
            {"step_selection": ["join"], "tags": RESUME},
            CheckError,
            "step_selection and the tag dagster/is_resume_retry each say",
        ),
        ({"mode": "nope"}, DagsterInvariantViolationError, "no mode 'nope'"),
        ({"preset": "files", "mode": "default"}, CheckError, "may not set both"),
    ],
)
@pytest.mark.parametrize("execute", [reexecute_pipeline, reexecute_pipeline_iterator])
def test_misuse_is_told_before_there_is_a_run(
    instance: DagsterInstance,
    execute: Any,
    arguments: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    parent = run(instance)
    given = {"pipeline": diamond, "parent_run_id": parent.run_id, "instance": instance}
    with pytest.raises(error, match=message):
        execute(**{**given, **arguments})
    assert instance.get_runs_count() == 1


# --- outputs that IO managers keep ---


def managed_by(manager: Any) -> Any:
    @pipeline(mode_defs=[ModeDefinition(resource_defs={"io_manager": manager})])
    def managed():
        left(start())

    return managed


def test_what_an_io_manager_keeps_is_loaded_as_the_parent_kept_it(
    instance: DagsterInstance,
) -> None:
    definition = managed_by(fs_io_manager)
    parent = execute_pipeline(definition, FILES, instance=instance)
    CALLS.clear()
    for _ in range(2):
        result = reexecute_pipeline(definition, parent.run_id, FILES, ["left"], instance=instance)
        assert CALLS == ["left"]
        assert result.output_for_solid("left") == 11
        assert load_run_result(definition, result.run_id, instance).output_for_solid("left") == 11
        parent = result
        CALLS.clear()
