"""Outputs that are stored while the next steps run: what may go wrong until they are."""

from __future__ import annotations

import errno
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import fsspec
import pytest
from dask.utils import parse_bytes
from fsspec.implementations.local import LocalFileSystem

from dagsterlite import (
    DagsterInstance,
    DagsterOutputsNotStoredError,
    DynamicOutput,
    DynamicOutputDefinition,
    InputDefinition,
    ModeDefinition,
    execute_pipeline,
    failure_hook,
    intermediate_storage,
    pipeline,
    reexecute_pipeline,
    solid,
    success_hook,
    validate_run_config,
)
from dagsterlite.errors import (
    DagsterExecutionInterruptedError,
    DagsterInvalidConfigError,
    DagsterRunCanceledError,
    DagsterStepExecutionFailed,
)
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.runs import DagsterRunStatus
from dagsterlite.stores import StagedOutput
from dagsterlite_dask.keeping import Keeping
from dagsterlite_dask.write_behind import Lane
from dagsterlite_fsspec.intermediates import FsspecIntermediateStorage
from tests.event_lists import assert_gap_free, logged, of_step, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, kill, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)


class Gated(FsspecIntermediateStorage):
    """Stores outputs of a step staged before only once a file of the step's name lets it."""

    gates = ""

    def stage_output(self, step_key, attempt_id, output_name, value, codec=None):
        staged = super().stage_output(step_key, attempt_id, output_name, value, codec)
        gate = os.path.join(self.gates, step_key.removesuffix(".compute"))

        def write() -> None:
            while not os.path.exists(gate) and not os.path.exists(f"{self.gates}/all"):
                if os.path.exists(f"{gate}.full"):
                    os.unlink(f"{gate}.full")
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                time.sleep(0.01)
            assert staged.write is not None
            staged.write()

        return StagedOutput(staged.stored, write)


@intermediate_storage(name="gated", config_schema={"folder": str, "gates": str})
def gated(init_context):
    config = init_context.intermediate_storage_config
    storage = Gated(config["folder"], init_context.pipeline_run.run_id)
    storage.gates = config["gates"]
    return storage


@intermediate_storage(name="slow", config_schema={"folder": str})
def slow(init_context):
    # Its base class cannot be sent to workers.
    class SlowFiles(LocalFileSystem):  # type: ignore[misc]
        """Takes its time; full where the folder's name says so."""

        protocol = "slow"

        def pipe_file(self, path, value, mode="overwrite", **kwargs):
            if "/full/" in path and "dagsterlite_probe" not in path:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            time.sleep(0.05)
            super().pipe_file(path, value, mode, **kwargs)

    fsspec.register_implementation("slow", SlowFiles, clobber=True)
    folder = init_context.intermediate_storage_config["folder"]
    return FsspecIntermediateStorage(f"slow://{folder}", init_context.pipeline_run.run_id)


MODES = [ModeDefinition(intermediate_storage_defs=[gated, slow])]


@solid(config_schema=CONFIG)
def source(context):
    note(context.solid_config["folder"], "source")
    return [1]


@solid(config_schema=CONFIG, input_defs=[InputDefinition("numbers")])
def grows(context, numbers):
    note(context.solid_config["folder"], context.solid.name)
    # In place, as one should not.
    numbers.append(len(numbers) + 1)
    return numbers


@pipeline(mode_defs=MODES)
def growing():
    grows.alias("third")(grows.alias("second")(source()))


CHAIN = ["source", "second", "third"]


class Place:
    """A run with gates before its storage, all closed."""

    def __init__(self, folder: Path) -> None:
        self.side, self.base, self.gates = (folder / name for name in ("side", "base", "gates"))
        for made in (self.side, self.base, self.gates):
            made.mkdir()

    def config(self, cluster: Cluster, solids: list[str], **more: Any) -> dict[str, Any]:
        storage = {"gated": {"config": {"folder": str(self.base), "gates": str(self.gates)}}}
        return {
            **cluster.config(persist="behind", **more),
            **config_of(solids, self.side),
            "intermediate_storage": storage,
        }

    def open(self, name: str = "all") -> None:
        (self.gates / name).touch()

    def manifests(self) -> list[Path]:
        return list(self.base.rglob("manifest*"))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def successes(instance: DagsterInstance) -> list[str]:
    return [told for told in recorded(instance) if told.startswith("STEP_SUCCESS")]


def messages(instance: DagsterInstance) -> list[str]:
    found = (entry.dagster_event for entry in logged(instance))
    return [event.message for event in found if event is not None]


# --- all is well ---


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_steps_run_on_values_that_are_not_stored_yet(
    fuse: str, cluster: Cluster, place: Place
) -> None:
    config = place.config(cluster, CHAIN, fuse=fuse)
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(growing, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(place.side).get("third"))
            assert successes(instance) == []
            assert place.manifests() == []
            place.open("second")
            place.open("third")
            # What needs a step ends after it, however early it is stored.
            wait_until(lambda: len(place.manifests()) == 2)
            assert successes(instance) == []
            place.open()
        (result,) = found
        assert result.success
        assert len(place.manifests()) == 3
        assert noted(place.side) == dict.fromkeys(CHAIN, 1)
        assert_gap_free(logged(instance))
        assert successes(instance) == [f"STEP_SUCCESS {name}.compute" for name in CHAIN]
        assert of_step(result, "second") == [
            "STEP_START",
            "STEP_INPUT",
            "STEP_OUTPUT",
            "OBJECT_STORE_OPERATION",
            "STEP_SUCCESS",
        ]


def test_what_is_stored_is_what_the_step_yielded(cluster: Cluster, place: Place) -> None:
    config = place.config(cluster, CHAIN)
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(growing, config, instance=instance), instance
        ) as found:
            # By then the steps behind have changed it.
            wait_until(lambda: noted(place.side).get("third"))
            place.open()
        (result,) = found
        values = [result.output_for_solid(name) for name in CHAIN]
    assert values == [[1], [1, 2], [1, 2, 3]]


@solid(output_defs=[DynamicOutputDefinition()])
def spreads(_context):
    for number in range(3):
        yield DynamicOutput(number, str(number))


@solid
def doubles(_context, number):
    return 2 * number


@solid
def adds(_context, numbers: list[int]):
    return sum(numbers)


@pipeline(mode_defs=MODES)
def spreading():
    adds(spreads().map(doubles).collect())


def test_a_slow_file_system_whose_manifests_the_driver_writes_keeps_all(
    cluster: Cluster, tmp_path: Path
) -> None:
    storage = {"intermediate_storage": {"slow": {"config": {"folder": str(tmp_path)}}}}
    config = {**cluster.config(persist="behind"), **storage}
    result = execute_pipeline(spreading, config)

    assert result.success
    assert result.output_for_solid("adds") == 6
    assert len(list(tmp_path.rglob("manifest*"))) == 5


def test_it_can_be_asked_of_processes_of_this_machine(tmp_path: Path) -> None:
    execution = {"multiprocess": {"config": {"max_concurrent": 1, "persist": "behind"}}}
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        config = {"execution": execution, "intermediate_storage": {"filesystem": {}}}
        result = execute_pipeline(plain, config, instance=instance)
        assert result.success
        assert result.output_for_solid("doubles") == 2


@solid
def one(_context):
    return 1


@pipeline
def plain():
    doubles(one())


# --- what cannot be stored ---


def refused(result: Any) -> Any:
    """Return the error of the one step that failed."""
    (failed,) = [event for event in result.event_list if event.is_step_failure]
    return failed.event_specific_data.error


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_a_step_whose_outputs_cannot_be_stored_fails_and_so_does_its_run(
    fuse: str, cluster: Cluster, place: Place
) -> None:
    config = place.config(cluster, CHAIN, fuse=fuse)
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(growing, config, instance=instance, raise_on_error=False),
            instance,
        ) as found:
            wait_until(lambda: noted(place.side).get("third"))
            place.open("second.full")
            wait_until(lambda: not (place.gates / "second.full").exists())
            place.open()
        (result,) = found
        assert result.status is DagsterRunStatus.FAILURE
        assert of_step(result, "second")[-1] == "STEP_FAILURE"
        error = refused(result)
        assert error.cls_name == "DagsterOutputsNotStoredError"
        assert "Step 'second.compute' ran to its end" in error.message
        assert "No space left on device" in error.message
        assert_gap_free(logged(instance))
        # Nothing of it stays, and another run takes up from there.
        assert [path.name for path in place.base.rglob("second.compute/*")] == []
        again = reexecute_pipeline(
            growing,
            result.run_id,
            config,
            step_selection=["second.compute", "third.compute"],
            instance=instance,
        )
        assert again.success
        assert again.output_for_solid("third") == [1, 2, 3]


def test_a_full_file_system_is_told_of_with_the_user_s_choice(
    cluster: Cluster, tmp_path: Path
) -> None:
    storage = {"intermediate_storage": {"slow": {"config": {"folder": f"{tmp_path}/full/"}}}}
    config = {**cluster.config(persist="behind"), **storage}
    with pytest.raises(DagsterStepExecutionFailed, match="No space left") as caught:
        execute_pipeline(spreading, config)
    assert isinstance(caught.value.__cause__, DagsterOutputsNotStoredError)
    assert "persist: through" in str(caught.value.__cause__)


@solid(config_schema=CONFIG)
def other(context):
    note(context.solid_config["folder"], "other")
    return [2]


@success_hook
def on_success(context):
    with open(os.path.join(context.solid_config["folder"], "hooks"), "a", encoding="utf-8") as file:
        file.write(f"{context.solid.name} {context.solid_output_values['result']}\n")


@failure_hook
def on_failure(context):
    with open(os.path.join(context.solid_config["folder"], "hooks"), "a", encoding="utf-8") as file:
        file.write(f"{context.solid.name} {type(context.solid_exception).__name__}\n")


@pipeline(mode_defs=MODES)
def hooked():
    source.with_hooks({on_success, on_failure})()
    other.with_hooks({on_success, on_failure})()


def test_hooks_follow_what_became_of_the_outputs(cluster: Cluster, place: Place) -> None:
    config = place.config(cluster, ["source", "other"])
    hooks = place.side / "hooks"
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(hooked, config, instance=instance, raise_on_error=False),
            instance,
        ) as found:
            wait_until(lambda: {"source", "other"} <= set(noted(place.side)))
            assert not hooks.exists()
            place.open("other.full")
            wait_until(hooks.exists)
            place.open()
        (result,) = found
        assert not result.success
        told = hooks.read_text().splitlines()
        assert told == ["other DagsterOutputsNotStoredError", "source [1]"]
        assert of_step(result, "source")[-3:] == ["STEP_SUCCESS", "HOOK_SKIPPED", "HOOK_COMPLETED"]
        assert_gap_free(logged(instance))


# --- workers that die, and runs that end ---


@solid(config_schema=CONFIG)
def made_on(context):
    folder = context.solid_config["folder"]
    note(folder, "made")
    with open(os.path.join(folder, "pid"), "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    return [1]


@solid(config_schema=CONFIG, input_defs=[InputDefinition("numbers")])
def waits(context, numbers):
    folder = context.solid_config["folder"]
    note(folder, "waits")
    while not os.path.exists(os.path.join(folder, "go on")):
        time.sleep(0.01)
    return [*numbers, 2]


@pipeline(mode_defs=MODES)
def two_places():
    waits(made_on())


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_a_step_runs_again_whose_worker_dies_before_its_outputs_are_stored(
    is_elsewhere: bool, place: Place, tmp_path: Path
) -> None:
    """Dask makes a value again that is gone; where one is left, the run sees to it itself."""
    with running_cluster(tmp_path) as own, DagsterInstance.ephemeral() as instance:
        own.add_worker()
        (first,) = own.worker_pids()
        own.add_worker()
        (second,) = own.worker_pids().keys() - {first}
        placement = {
            name: {"workers": [worker], "allow_other_workers": True}
            for name, worker in (("made_on", first), ("waits", second if is_elsewhere else first))
        }
        config = place.config(own, ["made_on", "waits"], placement=placement, fuse="none")
        with in_background(
            lambda: execute_pipeline(two_places, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(place.side).get("waits"))
            assert place.manifests() == []
            kill(own.workers[0])
            own.add_worker()
            why = f'Step "made_on.compute" came to its end, but worker {first}'
            wait_until(lambda: any(why in text for text in messages(instance)))
            place.open()
            (place.side / "go on").touch()
        (result,) = found
        assert result.success
        assert result.output_for_solid("waits") == [1, 2]
        assert noted(place.side)["made"] == 2
        assert successes(instance).count("STEP_SUCCESS made_on.compute") == 1
        assert_gap_free(logged(instance))


def test_a_step_that_was_stored_does_not_run_again(place: Place, tmp_path: Path) -> None:
    with running_cluster(tmp_path, 2) as own, DagsterInstance.ephemeral() as instance:
        config = place.config(own, ["made_on", "waits"])
        place.open()
        with in_background(
            lambda: execute_pipeline(two_places, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(place.side).get("waits"))
            wait_until(lambda: len(place.manifests()) == 1)
            os.kill(int((place.side / "pid").read_text()), signal.SIGKILL)
            wait_until(lambda: noted(place.side)["waits"] == 2)
            (place.side / "go on").touch()
        (result,) = found
        assert result.success
        assert noted(place.side)["made"] == 1
        assert_gap_free(logged(instance))


def test_a_worker_that_is_retired_stores_what_it_has_handed_on(
    place: Place, tmp_path: Path
) -> None:
    with running_cluster(tmp_path, 2) as own, DagsterInstance.ephemeral() as instance:
        config = place.config(own, CHAIN)
        with in_background(
            lambda: execute_pipeline(growing, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(place.side).get("third"))
            retiring = threading.Thread(
                target=own.client.retire_workers, args=(list(own.worker_pids())[:1],)
            )
            retiring.start()
            place.open()
            retiring.join()
        (result,) = found
        assert result.success
        assert result.output_for_solid("third") == [1, 2, 3]
        assert_gap_free(logged(instance))


def test_a_run_that_is_canceled_does_not_commit_what_waits(cluster: Cluster, place: Place) -> None:
    config = place.config(cluster, CHAIN, cancel_grace_seconds=0.5)
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(growing, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(place.side).get("third"))
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        # What is being written is not broken off, and does not count.
        place.open()
        (error,) = found
        assert isinstance(error, DagsterRunCanceledError)
        canceled = instance.get_run_by_id(run.run_id)
        assert canceled is not None
        assert canceled.status is DagsterRunStatus.CANCELED
        assert_gap_free(logged(instance))
        wait_until(lambda: not list(place.base.rglob("result")))
        assert place.manifests() == []


# --- how much may wait ---


def test_work_waits_until_there_is_room_for_it() -> None:
    lane = Lane(10, Interrupts())
    gate, begun = threading.Event(), threading.Event()
    first = lane.put(gate.wait, 6)
    rest: list[Any] = []

    def put_more() -> None:
        rest.append(lane.put(int, 4))
        begun.set()
        rest.append(lane.put(int, 5))

    thread = threading.Thread(target=put_more)
    thread.start()
    assert begun.wait(10)
    rest[0].result(10)
    # Five more do not go beside the six.
    assert len(rest) == 1
    gate.set()
    thread.join(10)
    assert [first.result(10), *(future.result(10) for future in rest)] == [True, 0, 0]
    lane.close(10)


def test_what_is_larger_than_all_room_goes_alone() -> None:
    lane = Lane(10, Interrupts())
    assert lane.put(int, 1_000).result(10) == 0
    lane.drain(10)
    lane.close(10)


def test_a_step_that_waits_for_room_stops_with_its_run() -> None:
    interrupts = Interrupts()
    lane = Lane(10, interrupts)
    gate = threading.Event()
    lane.put(gate.wait, 10)
    interrupts.request(KeyboardInterrupt())
    with pytest.raises(DagsterExecutionInterruptedError):
        lane.put(int, 1)
    gate.set()
    lane.close(10)


@pytest.mark.parametrize("name", ["persist_buffer", "input_cache"])
@pytest.mark.parametrize("size", ["much", "-1"])
def test_a_size_that_is_none_is_refused(name: str, size: str, cluster: Cluster) -> None:
    place = rf"execution\.dask\.{name} must be a size"
    with pytest.raises(DagsterInvalidConfigError, match=place):
        execute_pipeline(plain, cluster.config(**{name: size}))


@pytest.mark.parametrize("size", [0, "0", 1_000_000, "1 MB"])
def test_a_size_is_a_number_of_bytes_or_a_text(size: int | str) -> None:
    config = {"persist": "behind", "persist_buffer": size, "input_cache": size}
    given = {"execution": {"multiprocess": {"config": config}}}

    checked = validate_run_config(plain, given)["execution"]["multiprocess"]["config"]

    kept = Keeping.from_config(checked, "here")
    assert kept == Keeping(behind_bytes=parse_bytes(size), cache_bytes=parse_bytes(size))


def test_another_word_for_when_is_refused(cluster: Cluster) -> None:
    with pytest.raises(DagsterInvalidConfigError, match="persist"):
        execute_pipeline(plain, cluster.config(persist="before"))
