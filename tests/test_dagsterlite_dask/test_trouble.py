"""Workers that are there and do nothing, and those that take more memory than they may."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Nothing,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.events.engine import Waiting, WorkerLost
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask import lookout
from dagsterlite_dask.graph import RunGraph
from dagsterlite_dask.roster import TELL_SECONDS
from dagsterlite_dask.session import Session
from dagsterlite_dask.watch import SILENT_SECONDS, Sight, Watch
from tests.event_lists import of_step
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)
from tests.test_dagsterlite_dask.test_losses import details

HERE, THERE = "tcp://1.2.3.4:1", "tcp://1.2.3.4:2"
TASK, OTHER = ("a-0", "a", 0), ("b-0", "b", 0)


# --- what is told, and when ---


def looked(watch: Watch, now: float, started: tuple[str, ...] = (), **sights: Sight) -> list[str]:
    steps = {TASK: ["a.compute"], OTHER: ["b.compute"]}
    places = {{"here": HERE, "there": THERE}[name]: sight for name, sight in sights.items()}
    told = watch.look(places, steps.__getitem__, started.__contains__, now)
    return [waiting.waits_for for _text, waiting in told]


def test_a_paused_worker_is_told_of_where_steps_wait_that_did_not_begin() -> None:
    well, paused = Sight(memory=1), Sight(memory=9, memory_limit=10, is_paused=True, tasks=(TASK,))

    assert looked(Watch(), 0, here=paused, there=well) == [f"paused worker {HERE}"]
    assert looked(Watch(), 0, ("a.compute",), here=paused, there=well) == []


def test_where_all_workers_are_paused_no_step_needs_to_wait_on_one() -> None:
    paused = Sight(memory=9, memory_limit=10, is_paused=True)

    assert len(looked(Watch(), 0, here=paused, there=paused)) == 2
    assert looked(Watch(), 0, here=paused, there=Sight(memory=1)) == []
    assert looked(Watch(), 0) == []


def test_a_worker_that_is_not_heard_of_is_told_of_if_the_run_has_steps_there() -> None:
    silent = Sight(memory=1, silent_seconds=SILENT_SECONDS, tasks=(TASK, OTHER))
    idle = Sight(memory=1, silent_seconds=SILENT_SECONDS)

    told = Watch().look({HERE: silent}, lambda task: [task[1]], lambda _: True, 0)
    ((text, waiting),) = told

    assert waiting == Waiting(f"a sign of worker {HERE}", ("a", "b"))
    assert f"{HERE}: it was not heard of for 15 seconds. It was given: 'a', 'b'." in text
    assert looked(Watch(), 0, here=idle) == []


def test_a_worker_that_is_not_heard_of_is_told_of_if_all_steps_wait_for_what_it_was_given() -> None:
    silent = Sight(memory=1, silent_seconds=SILENT_SECONDS, holds_shared=True)

    ((text, waiting),) = Watch().look({HERE: silent}, lambda _: [], lambda _: False, 0)

    assert waiting == Waiting(f"a sign of worker {HERE}")
    assert "15 seconds. It alone was given what all steps need." in text
    assert looked(Watch(), 0, here=Sight(memory=1, holds_shared=True)) == []


def test_the_same_is_told_again_only_after_a_while() -> None:
    watch, silent = Watch(), Sight(memory=1, silent_seconds=SILENT_SECONDS, tasks=(TASK,))

    times = [0, TELL_SECONDS / 2, TELL_SECONDS, TELL_SECONDS * 1.5]
    assert [len(looked(watch, now, here=silent)) for now in times] == [1, 0, 1, 0]


def test_what_a_worker_held_is_remembered() -> None:
    watch = Watch()
    looked(watch, 0, here=Sight(memory=5, memory_limit=10))
    watch.note_stop(HERE, 11)
    watch.note_stop(THERE, 12)
    looked(watch, 1, here=Sight(memory=6, memory_limit=10))

    assert watch.last_of(HERE) == Sight(memory=11, memory_limit=10, is_stopped=True)
    assert watch.last_of(THERE) == Sight(memory=12, is_stopped=True)
    assert watch.last_of("tcp://1.2.3.4:3") is None


# --- real workers ---


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "WATCH_SECONDS", 0.5)


@solid(config_schema=CONFIG)
def begins(context):
    note(context.solid_config["folder"], "began")
    with open(os.path.join(context.solid_config["folder"], "pid"), "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    while not os.path.exists(os.path.join(context.solid_config["folder"], "go")):
        time.sleep(0.02)


@pipeline
def one_step():
    begins()


def inside_workers() -> tuple[Any, Any]:
    """Return what pauses workers and tells of it; local, for they do not have this module."""

    def set_pause_at(fraction: float, dask_worker: Any) -> None:
        dask_worker.memory_manager.memory_pause_fraction = fraction

    def is_paused(dask_worker: Any) -> bool:
        return bool(dask_worker.status.name == "paused")

    return set_pause_at, is_paused


def test_a_run_tells_that_its_workers_are_paused_and_goes_on_when_they_are_not(
    tmp_path: Path,
) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1, memory_limit="8GB") as cluster:
        client = cluster.client
        set_pause_at, is_paused = inside_workers()
        client.run(set_pause_at, 0.001)
        wait_until(lambda: all(client.run(is_paused).values()))
        with DagsterInstance.ephemeral() as instance:
            (side / "go").touch()
            config = {**cluster.config(), **config_of(["begins"], side)}

            def run() -> Any:
                return execute_pipeline(one_step, config, instance=instance)

            with in_background(run, instance) as found:
                wait_until(lambda: instance.get_runs() and details(instance, Waiting))
                assert "began" not in noted(side)
                client.run(set_pause_at, 0.99)
            assert found[0].success
            (worker,) = cluster.facts()
            waits = {waiting.waits_for for waiting in details(instance, Waiting)}
            assert waits == {f"paused worker {worker}"}


def test_a_run_tells_of_a_worker_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite_dask.watch.SILENT_SECONDS", 1.0)
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["begins"], side)}

        def run() -> Any:
            return execute_pipeline(one_step, config, instance=instance)

        with in_background(run, instance) as found:
            wait_until(lambda: (side / "pid").exists() and (side / "pid").read_text())
            pid = int((side / "pid").read_text())
            os.kill(pid, signal.SIGSTOP)
            try:
                wait_until(lambda: details(instance, Waiting))
            finally:
                os.kill(pid, signal.SIGCONT)
                (side / "go").touch()
        assert found[0].success
        (waiting, *_) = details(instance, Waiting)
        assert waiting.waits_for.startswith("a sign of worker tcp://")
        assert waiting.step_keys == ("begins.compute",)


def test_a_run_tells_of_a_worker_that_hangs_with_what_all_its_steps_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite_dask.watch.SILENT_SECONDS", 1.0)
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    (side / "go").touch()
    with running_cluster(logs, 1) as cluster, DagsterInstance.ephemeral() as instance:
        (pid,) = cluster.worker_pids().values()
        hung: list[int] = []

        def submit(session: Session, graph: RunGraph) -> Any:
            os.kill(pid, signal.SIGSTOP)
            hung.append(pid)
            return submit_now(session, graph)

        submit_now = Session.submit
        monkeypatch.setattr(Session, "submit", submit)
        config = {**cluster.config(), **config_of(["begins"], side)}

        with in_background(
            lambda: execute_pipeline(one_step, config, instance=instance), instance
        ) as found:
            wait_until(lambda: hung)
            try:
                wait_until(lambda: details(instance, Waiting))
            finally:
                os.kill(pid, signal.SIGCONT)
        assert found[0].success
        assert hung == [pid]
        (waiting, *_) = details(instance, Waiting)
        assert waiting.waits_for.startswith("a sign of worker tcp://")
        assert waiting.step_keys == ()


@solid(config_schema=CONFIG)
def takes_too_much(context):
    note(context.solid_config["folder"], "took")
    held = bytearray(b"x") * 1_000_000_000
    while held:
        time.sleep(0.02)


@solid
def takes_little(_context):
    return 7


@solid(input_defs=[InputDefinition("after", Nothing)])
def comes_after(_context):
    return None


@pipeline
def greedy():
    comes_after(takes_too_much())
    takes_little()


def test_a_step_that_takes_too_much_memory_fails_with_what_is_known_of_it(tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()

    def set_allowed(dask_scheduler: Any) -> None:
        dask_scheduler.allowed_failures = 1

    with running_cluster(logs, 1, nanny=True, memory_limit="700MB") as cluster:
        cluster.client.run_on_scheduler(set_allowed)
        config = {**cluster.config(), **config_of(["takes_too_much"], side)}
        with DagsterInstance.ephemeral() as instance:
            result = execute_pipeline(greedy, config, instance=instance, raise_on_error=False)

            assert result.status is DagsterRunStatus.FAILURE
            failed: Any = result.result_for_solid("takes_too_much")
            error = failed.failure_data.error
            assert error.cls_name == "DagsterStepLostError"
            assert "2 workers died" in error.message
            assert "Its nanny stopped it because of its memory: it held" in error.message
            assert result.output_for_solid("takes_little") == 7
            assert of_step(result, "comes_after") == ["ENGINE_EVENT"]
            # Given to the cluster once more where its start was not heard of.
            assert noted(side)["took"] in {2, 4}
            # A worker may die before the run's driver has seen it.
            held = [one.memory for one in details(instance, WorkerLost)]
            assert any(memory and memory > 0 for memory in held)


class Unreadable:
    """Is written, and breaks whoever reads it."""

    def __reduce__(self) -> Any:
        return (int, ("this is no number",))


@solid
def makes_unreadable(_context):
    return Unreadable()


@solid(input_defs=[InputDefinition("value")], tags={"dagsterlite/dask": {"resources": {"GPU": 1}}})
def reads(_context, value):
    return value


@pipeline
def unreadable():
    reads(makes_unreadable())
    takes_little()


@pytest.mark.parametrize("storage", ["in_memory", "filesystem"])
def test_a_result_that_no_worker_can_read_fails_the_step_that_needs_it(
    storage: str, cluster: Cluster, tmp_path: Path
) -> None:
    workers = cluster.facts()
    elsewhere = [address for address, facts in workers.items() if not facts["resources"]]
    config = {
        **cluster.config(placement={"makes_unreadable": {"workers": elsewhere}}),
        "intermediate_storage": {storage: {}},
    }
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = execute_pipeline(unreadable, config, instance=instance, raise_on_error=False)

        assert result.status is DagsterRunStatus.FAILURE
        assert result.output_for_solid("takes_little") == 7
        failed: Any = result.result_for_solid("reads")
        assert "this is no number" in str(failed.failure_data.error)
        place = "did not come over" if storage == "in_memory" else "makes_unreadable"
        assert place in failed.failure_data.error.message
