"""What becomes of values: kept while they are needed, committed as a whole, or not at all."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    ModeDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    execute_pipeline,
    execute_run,
    intermediate_storage,
    lambda_solid,
    pipeline,
    resource,
    solid,
)
from dagsterlite.api import create_run_for_pipeline
from dagsterlite.errors import DagsterRunConflict, DagsterStorageError
from dagsterlite.events.receipt import Receipt, StepOutcome, StoredOutput
from dagsterlite.memory import InMemoryIntermediateStorage
from dagsterlite.runs import DagsterRunStatus
from dagsterlite.stores import StepManifest
from tests.event_lists import assert_gap_free, logged, of_step, recorded


class Big:
    """A value whose end can be watched."""


def test_a_value_is_let_go_once_no_step_to_come_needs_it(tmp_path: Path) -> None:
    seen: list[weakref.ref[Big]] = []

    @lambda_solid
    def makes():
        big = Big()
        seen.append(weakref.ref(big))
        return big

    @lambda_solid(input_defs=[InputDefinition("big")])
    def uses(big):
        assert seen[0]() is big
        return 1

    @lambda_solid(input_defs=[InputDefinition("number")])
    def later(number):
        gc.collect()
        return seen[0]() is None

    @pipeline
    def graph():
        later(uses(makes()))

    config = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    assert execute_pipeline(graph, config).output_for_solid("later") is True


def test_a_value_that_no_step_needs_is_not_held_by_the_run(tmp_path: Path) -> None:
    seen: list[weakref.ref[Big]] = []

    @lambda_solid
    def makes():
        big = Big()
        seen.append(weakref.ref(big))
        return big

    @pipeline
    def graph():
        makes()

    config = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    result = execute_pipeline(graph, config)
    gc.collect()
    assert seen[0]() is None
    assert isinstance(result.output_for_solid("makes"), Big)


def test_in_memory_the_very_object_is_handed_on() -> None:
    @lambda_solid
    def makes():
        return []

    @lambda_solid(input_defs=[InputDefinition("xs")])
    def uses(xs):
        return xs

    @pipeline
    def graph():
        uses(makes())

    result = execute_pipeline(graph)
    assert result.output_for_solid("makes") is result.output_for_solid("uses")


# --- commits ---


class Trouble(InMemoryIntermediateStorage):
    """A storage in which something goes wrong."""

    commits = True
    discards = True
    accepted: StepManifest | None = None

    def __init__(self) -> None:
        super().__init__()
        self.discarded: list[str] = []

    def commit(self, manifest: StepManifest) -> StepManifest:
        if not self.commits:
            raise DagsterStorageError("the disk is full")
        return self.accepted or super().commit(manifest)

    def discard(self, step_key: str, outputs: Iterable[StoredOutput]) -> None:
        if not self.discards:
            raise DagsterStorageError("the network is gone")
        outputs = list(outputs)
        self.discarded += [output.output_name for output in outputs]
        super().discard(step_key, outputs)


def run_in(storage: Trouble, *, fails: bool = False) -> tuple[Any, DagsterInstance]:
    @intermediate_storage(name="trouble")
    def made(_context):
        return storage

    @solid(output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def gives(_context):
        yield Output(1, "a")
        if fails:
            raise ValueError("no")
        yield Output(2, "b")

    mode = ModeDefinition(intermediate_storage_defs=[made])
    instance = DagsterInstance.ephemeral()
    graph = PipelineDefinition([gives], name="p", mode_defs=[mode])
    return execute_pipeline(graph, instance=instance, raise_on_error=False), instance


def test_a_commit_that_fails_fails_the_step_and_what_was_stored_is_removed() -> None:
    storage = Trouble()
    storage.commits = False
    result, instance = run_in(storage)
    assert of_step(result, "gives")[-1] == "STEP_FAILURE"
    assert "STEP_SUCCESS" not in of_step(result, "gives")
    assert storage.discarded == ["a", "b"]
    assert_gap_free(logged(instance))


class LostAnswers(Trouble):
    """A storage that takes a manifest and is gone before it says so."""

    #: Whether it is there again a moment later.
    comes_back = False

    def commit(self, manifest: StepManifest) -> StepManifest:
        super().commit(manifest)
        raise DagsterStorageError("the network is gone")

    def read_manifest(self, step_key: str) -> StepManifest | None:
        if not self.comes_back:
            raise OSError("the network is still gone")
        return super().read_manifest(step_key)


@pytest.mark.parametrize("comes_back", [True, False])
def test_what_a_manifest_may_name_is_not_removed(comes_back: bool) -> None:
    storage = LostAnswers()
    storage.comes_back = comes_back
    result, instance = run_in(storage)
    assert of_step(result, "gives")[-1] == "STEP_FAILURE"
    assert storage.discarded == []
    storage.comes_back = True
    manifest = storage.read_manifest("gives.compute")
    assert manifest is not None
    assert [storage.read_output("gives.compute", one) for one in manifest.receipt.outputs] == [1, 2]
    assert_gap_free(logged(instance))


def test_outputs_of_a_failed_step_are_removed() -> None:
    storage = Trouble()
    result, _ = run_in(storage, fails=True)
    assert not result.success
    assert storage.discarded == ["a"]


def test_outputs_that_cannot_be_removed_do_not_hide_why_the_step_failed() -> None:
    storage = Trouble()
    storage.discards = False
    result, instance = run_in(storage, fails=True)
    failure = result.result_for_solid("gives").failure_data
    assert "ValueError: no" in failure.error.to_string()
    assert "Outputs of a failed attempt cannot be removed: the network is gone" in [
        entry.user_message for entry in logged(instance)
    ]


def test_an_attempt_that_was_second_stands_back_and_the_accepted_one_counts() -> None:
    storage = Trouble()
    kept = storage.write_output("gives.compute", "first", "a", "theirs")
    storage.accepted = StepManifest(
        Receipt(
            run_id="r",
            step_key="gives.compute",
            attempt_id="first",
            outcome=StepOutcome.SUCCESS,
            outputs=(kept,),
        )
    )
    result, _ = run_in(storage)
    assert of_step(result, "gives")[-1] == "ENGINE_EVENT"
    assert storage.discarded == ["a", "b"]


def test_files_of_a_failed_step_do_not_stay(tmp_path: Path) -> None:
    @solid(output_defs=[OutputDefinition(name="a"), OutputDefinition(name="b")])
    def gives(_context):
        yield Output(1, "a")
        raise ValueError("no")

    config = {"intermediate_storage": {"filesystem": {"base_dir": str(tmp_path)}}}
    graph = PipelineDefinition([gives], name="p")
    assert not execute_pipeline(graph, config, raise_on_error=False).success
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


# --- a run whose status changes while it is prepared ---


def prepared_with(act: Any) -> PipelineDefinition:
    @resource
    def acts(context):
        act(context)
        return 1

    @solid(required_resource_keys={"acts"})
    def never(_context):
        raise NotImplementedError

    mode = ModeDefinition(resource_defs={"acts": acts})
    return PipelineDefinition([never], name="p", mode_defs=[mode])


def test_a_cancel_while_a_run_is_prepared_is_heard_at_its_start() -> None:
    graph = prepared_with(lambda context: context.instance.request_cancel(context.run_id))
    instance = DagsterInstance.ephemeral()
    run = create_run_for_pipeline(graph, instance=instance, status=DagsterRunStatus.STARTING)
    result = execute_run(graph, run, instance)
    assert result.status is DagsterRunStatus.CANCELED
    assert recorded(instance) == ["PIPELINE_CANCELING", "PIPELINE_CANCELED"]


def test_a_run_that_somebody_ended_while_it_was_prepared_stays_as_it_is() -> None:
    def end(context: Any) -> None:
        context.instance.run_storage.change_status(
            context.run_id,
            DagsterRunStatus.FAILURE,
            expected=set(DagsterRunStatus),
            timestamp=0.0,
        )

    instance = DagsterInstance.ephemeral()
    with pytest.raises(DagsterRunConflict, match="cannot record PIPELINE_START"):
        execute_pipeline(prepared_with(end), instance=instance, raise_on_error=False)
    assert recorded(instance) == []
    assert instance.get_runs()[0].is_failure


# --- several runs in one process ---


def test_runs_in_several_threads_share_an_instance(tmp_path: Path) -> None:
    @lambda_solid(input_defs=[InputDefinition("x", default_value=0)])
    def count(x):
        return x + 1

    @pipeline
    def graph():
        x = count()
        for _ in range(9):
            x = count(x)

    values: list[int] = []
    with DagsterInstance.local_temp(str(tmp_path)) as instance:

        def work() -> None:
            result = execute_pipeline(graph, instance=instance)
            values.append(result.output_for_solid("count_10"))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert values == [10] * 8
        for run in instance.get_runs():
            assert run.is_success
            assert_gap_free(logged(instance, run.run_id))
