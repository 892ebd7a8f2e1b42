"""Steps that a launcher executes, in another process or in this one."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DagsterInvariantViolationError,
    DagsterStepExecutionFailed,
    Failure,
    ModeDefinition,
    Output,
    OutputDefinition,
    RetryMode,
    RetryRequested,
    StepLauncher,
    StepRunRef,
    execute_pipeline,
    fs_io_manager,
    pipeline,
    resource,
    run_step_from_ref,
    solid,
    step_context_to_step_run_ref,
    step_run_ref_to_step_context,
)
from dagsterlite.errors import DagsterExecutionInterruptedError
from tests.event_lists import assert_gap_free, logged, of_step
from tests.test_house.checkout import ROOT

FILES: dict[str, Any] = {
    "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    "intermediate_storage": {"filesystem": {}},
}

MAIN = """
import pickle, sys
from dagsterlite import run_step_from_ref
with open(sys.argv[1], "rb") as file:
    ref = pickle.load(file)
with open(sys.argv[2], "wb") as file:
    for event in run_step_from_ref(ref):
        pickle.dump(event, file)
"""


class ProcessLauncher(StepLauncher):
    """Executes each step in a Python process of its own."""

    def launch_step(self, step_context, prior_attempts_count):
        with tempfile.TemporaryDirectory() as folder:
            ref, events = os.path.join(folder, "ref"), os.path.join(folder, "events")
            with open(ref, "wb") as file:
                pickle.dump(step_context_to_step_run_ref(step_context, prior_attempts_count), file)
            subprocess.run([sys.executable, "-c", MAIN, ref, events], check=True, cwd=ROOT)
            with open(events, "rb") as file:
                while True:
                    try:
                        yield pickle.load(file)
                    except EOFError:
                        return


class LocalLauncher(StepLauncher):
    """Executes each step in this process, from its message."""

    def launch_step(self, step_context):  # type: ignore[override]
        yield from run_step_from_ref(step_context_to_step_run_ref(step_context))


def mode_with(launcher: Any, **more: Any) -> list[ModeDefinition]:
    @resource
    def made(_context):
        return launcher

    return [ModeDefinition(resource_defs={"launcher": made, **more})]


def run(definition: Any, **kwargs: Any) -> Any:
    return execute_pipeline(definition, {**FILES, **kwargs.pop("config", {})}, **kwargs)


launched = solid(required_resource_keys={"launcher"})


@solid
def one(_context):
    return 1


@solid(required_resource_keys={"launcher"}, config_schema={"plus": int})
def adds_elsewhere(context, number):
    return number + context.solid_config["plus"], os.getpid()


@solid
def takes(_context, pair):
    return pair[0], pair[1] != os.getpid()


ADD = {"solids": {"adds_elsewhere": {"config": {"plus": 41}}}}


def test_a_launcher_executes_a_step_in_another_process() -> None:
    @pipeline(mode_defs=mode_with(ProcessLauncher()))
    def numbers():
        takes(adds_elsewhere(one()))

    with DagsterInstance.ephemeral() as instance:
        result = run(numbers, config=ADD, instance=instance)

        assert result.output_for_solid("takes") == (42, True)
        assert of_step(result, "adds_elsewhere") == [
            "STEP_START",
            "OBJECT_STORE_OPERATION",
            "STEP_INPUT",
            "STEP_OUTPUT",
            "OBJECT_STORE_OPERATION",
            "STEP_SUCCESS",
        ]
        entries = logged(instance)
        assert_gap_free(entries)
        assert [e.dagster_event for e in entries if e.dagster_event] == result.event_list


def test_a_launched_step_leaves_the_events_that_it_leaves_here() -> None:
    @launched
    def yields(context):
        yield Output(context.retry_number)

    def executed(launcher: Any) -> list[str]:
        @pipeline(mode_defs=mode_with(launcher))
        def numbers():
            yields()

        return of_step(run(numbers), "yields")

    assert executed(LocalLauncher()) == executed(None)


@launched
def fails(_context):
    raise ValueError("no")


@launched
def fails_on_purpose(_context):
    raise Failure("wanted")


def test_a_launched_step_fails_with_the_users_own_traceback() -> None:
    @pipeline(mode_defs=mode_with(ProcessLauncher()))
    def failing():
        takes(fails())

    with pytest.raises(DagsterStepExecutionFailed, match="no"):
        run(failing)
    result = run(failing, raise_on_error=False)

    assert of_step(result, "fails") == ["STEP_START", "STEP_FAILURE"]
    assert of_step(result, "takes") == ["ENGINE_EVENT"]
    error = result.result_for_solid("fails").failure_data.error
    assert error.innermost.cls_name == "ValueError"
    assert "in fails" in error.innermost.to_string()


def test_what_a_launched_step_says_of_its_failure_is_kept() -> None:
    @pipeline(mode_defs=mode_with(LocalLauncher()))
    def failing():
        fails_on_purpose()

    result = run(failing, raise_on_error=False)

    data = result.result_for_solid("fails_on_purpose").failure_data
    assert data.user_failure_data.description == "wanted"


def test_a_launched_step_is_tried_again() -> None:
    @launched
    def retries_twice(context):
        if context.retry_number < 2:
            raise RetryRequested(max_retries=2) from ValueError("busy")
        return context.retry_number

    @pipeline(mode_defs=mode_with(LocalLauncher()))
    def retrying():
        retries_twice()

    result = run(retrying)

    assert result.output_for_solid("retries_twice") == 2
    step = result.result_for_solid("retries_twice")
    assert step.retry_attempts == 2
    ups = [e for e in step.step_events if e.is_step_up_for_retry]
    assert [e.step_retry_data.error.message.strip() for e in ups] == ["ValueError: busy"] * 2


def test_a_launched_step_leaves_out_outputs_and_hands_others_to_its_manager() -> None:
    @solid(
        output_defs=[
            OutputDefinition(int, "kept", io_manager_key="files"),
            OutputDefinition(int, "absent", is_required=False),
            OutputDefinition(int, "plain"),
        ],
        required_resource_keys={"launcher"},
    )
    def three(_context):
        yield Output(1, "kept")
        yield Output(2, "plain")

    @solid
    def total(_context, left, right):
        return left + right

    @pipeline(mode_defs=mode_with(LocalLauncher(), files=fs_io_manager))
    def numbers():
        kept, absent, plain = three()
        total(kept, plain)
        total.alias("never")(absent, plain)

    result = run(numbers)

    assert result.output_for_solid("total") == 3
    assert result.result_for_solid("three").output_values == {"kept": 1, "plain": 2}
    assert of_step(result, "never") == ["STEP_SKIPPED"]


def test_resources_of_a_launched_step_are_made_and_torn_down_where_it_is_executed(
    tmp_path: Path,
) -> None:
    @resource(config_schema={"path": str})
    def notes(context):
        path = context.resource_config["path"]
        Path(path).write_text("made", encoding="utf-8")
        yield path
        Path(path).write_text("torn down", encoding="utf-8")

    @solid(required_resource_keys={"launcher", "notes"})
    def reads(context):
        return Path(context.resources.notes).read_text(encoding="utf-8")

    @pipeline(mode_defs=mode_with(LocalLauncher(), notes=notes))
    def reading():
        reads()

    path = tmp_path / "notes"
    result = run(reading, config={"resources": {"notes": {"config": {"path": str(path)}}}})

    assert result.output_for_solid("reads") == "made"
    assert path.read_text(encoding="utf-8") == "torn down"


# --- launchers that go wrong ---------------------------------------------------------------------


class Says(StepLauncher):
    def __init__(self, say):
        self._say = say

    def launch_step(self, step_context, prior_attempts_count):
        return self._say(step_context)


def executed_by(say: Any) -> Any:
    @launched
    def step(_context):
        return 1

    @pipeline(mode_defs=mode_with(Says(say)))
    def numbers():
        step()

    return run(numbers)


def raises(_context):
    raise ConnectionError("no cluster")
    yield


def of_another_step(context):
    event = next(run_step_from_ref(step_context_to_step_run_ref(context)))
    yield replace(event, step_key="other.compute")


def test_what_a_launcher_raises_fails_the_step() -> None:
    with pytest.raises(ConnectionError, match="no cluster"):
        executed_by(raises)


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda _: [3], "yielded 3 of type int"),
        (lambda _: [], "yielded no event that tells how step 'step.compute' ended"),
        (of_another_step, "yielded an event of 'other.compute' for step 'step.compute'"),
    ],
    ids=["no events", "none", "another step"],
)
def test_what_a_launcher_must_not_yield_is_told(say: Any, words: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=words):
        executed_by(say)


def test_values_in_memory_are_out_of_a_launchers_reach() -> None:
    @pipeline(mode_defs=mode_with(LocalLauncher()))
    def numbers():
        takes(adds_elsewhere(one()))

    with pytest.raises(DagsterInvariantViolationError, match="intermediate_storage filesystem"):
        run(numbers, config={**ADD, "intermediate_storage": {"in_memory": {}}})


def test_a_step_has_one_launcher() -> None:
    @resource
    def another(_context):
        return LocalLauncher()

    @solid(required_resource_keys={"launcher", "another"})
    def torn(_context):
        return 1

    @pipeline(mode_defs=mode_with(LocalLauncher(), another=another))
    def numbers():
        torn()

    with pytest.raises(DagsterInvariantViolationError, match="requires 2 resources that are step"):
        run(numbers)


# --- the message ---------------------------------------------------------------------------------


def refs_of(definition_of: Any, **kwargs: Any) -> tuple[Any, StepRunRef]:
    refs: list[StepRunRef] = []

    def say(context):
        refs.append(step_context_to_step_run_ref(context))
        yield from run_step_from_ref(refs[-1])

    result = run(definition_of(mode_with(Says(say))), **kwargs)
    (ref,) = refs
    return result, ref


def numbers_in(mode_defs: list[ModeDefinition]) -> Any:
    @pipeline(mode_defs=mode_defs)
    def numbers():
        takes(adds_elsewhere(one()))
        one.alias("left_out")()

    return numbers


def test_the_message_says_what_is_to_be_executed() -> None:
    selected = ["*takes"]
    config = {"solids": {**ADD["solids"], "left_out": {}}}
    result, ref = refs_of(numbers_in, config=config, solid_selection=selected)

    assert result.success
    assert (ref.run_id, ref.step_key) == (result.run_id, "adds_elsewhere.compute")
    assert ref.pipeline_run.run_id == result.run_id
    assert ref.run_config == {**FILES, **config}
    assert (ref.retry_mode, ref.prior_attempts_count) == (RetryMode.ENABLED, 0)
    assert ref.ignored_solids == ("left_out",)
    assert pickle.loads(pickle.dumps(ref)) == ref


def test_a_context_is_made_from_the_message() -> None:
    instance = DagsterInstance.ephemeral()
    result, ref = refs_of(numbers_in, config=ADD, instance=instance)

    with step_run_ref_to_step_context(ref, instance) as context:
        assert context.step.key == "adds_elsewhere.compute"
        assert context.run_id == result.run_id
        assert context.solid_config == {"plus": 41}
        assert context.run_context.open_instance() is instance


def test_a_step_whose_upstream_left_nothing_is_refused() -> None:
    def forgets(context):
        ref = step_context_to_step_run_ref(context)
        run = replace(ref.pipeline_run, run_id="another")
        yield from run_step_from_ref(replace(ref, pipeline_run=run))

    @pipeline(mode_defs=mode_with(Says(forgets)))
    def numbers():
        takes(adds_elsewhere(one()))

    with pytest.raises(DagsterInvariantViolationError, match=r"'one\.compute' is needed"):
        run(numbers, config=ADD)


def test_a_pipeline_that_cannot_be_pickled_is_told() -> None:
    lock = threading.Lock()

    @launched
    def locks(_context):
        return lock.locked()

    @pipeline(mode_defs=mode_with(LocalLauncher()))
    def locking():
        locks()

    with pytest.raises(DagsterInvariantViolationError, match="'locking' cannot be sent"):
        run(locking)


class LateLauncher(StepLauncher):
    """Tells that a step failed elsewhere when its time here is over."""

    def launch_step(self, step_context):  # type: ignore[override]
        try:
            while True:
                time.sleep(0.01)
        except DagsterExecutionInterruptedError:
            yield from run_step_from_ref(step_context_to_step_run_ref(step_context))


def test_a_launched_step_that_fails_after_its_time_has_one_end() -> None:
    @solid(required_resource_keys={"launcher"}, tags={"dagsterlite/timeout": "0.05"})
    def fails(_context):
        raise ValueError("too late")

    @pipeline(mode_defs=mode_with(LateLauncher()))
    def late():
        fails()

    result = run(late, raise_on_error=False)

    assert of_step(result, "fails") == ["STEP_START", "STEP_FAILURE"]
    failure = result.result_for_solid("fails").failure_data
    assert failure.error.cls_name == "DagsterStepTimeoutError"
