"""Runs on a cluster that are canceled: by Ctrl-C, from outside, by who reads their events."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from distributed import Client

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Nothing,
    RetryRequested,
    execute_pipeline,
    execute_pipeline_iterator,
    pipeline,
    resource,
    solid,
)
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.errors import DagsterRunCanceledError
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask.session import Session
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)


@solid(config_schema=CONFIG)
def works_on(context):
    folder = context.solid_config["folder"]
    note(folder, "began")
    try:
        while True:
            time.sleep(0.01)
    finally:
        note(folder, "cleaned up")


@solid(config_schema=CONFIG, input_defs=[InputDefinition("after", Nothing)])
def queued(context):
    note(context.solid_config["folder"], "queued")


@solid(config_schema=CONFIG)
def waits_its_turn(context):
    note(context.solid_config["folder"], "turn")
    while True:
        time.sleep(0.01)


@resource(config_schema=CONFIG)
def scratch(context):
    note(context.resource_config["folder"], "made")
    yield 1
    note(context.resource_config["folder"], "put away")


@solid(config_schema=CONFIG, required_resource_keys={"scratch"})
def works_with_scratch(context):
    assert context.resources.scratch == 1
    note(context.solid_config["folder"], "began")
    while True:
        time.sleep(0.01)


@pipeline(mode_defs=[ModeDefinition(resource_defs={"scratch": scratch})])
def endless():
    queued(works_on())
    works_with_scratch()


def endless_config(cluster: Cluster, folder: Path, **more: Any) -> dict[str, Any]:
    return {
        **cluster.config(**more),
        **config_of(["queued", "works_on", "works_with_scratch"], folder),
        "resources": {"scratch": {"config": {"folder": str(folder)}}},
    }


@contextmanager
def canceled_from_outside(cluster: Cluster, folder: Path) -> Iterator[tuple[DagsterInstance, str]]:
    """Cancel a run of :func:`endless` that works; yield its instance and its id."""
    side = folder / "side"
    side.mkdir()
    config = endless_config(cluster, side)
    with DagsterInstance.local_temp(str(folder / "home")) as instance:
        with in_background(
            lambda: execute_pipeline(endless, config, instance=instance), instance
        ) as found:
            wait_until(lambda: noted(side).get("began") == 2)
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        assert isinstance(found[0], DagsterRunCanceledError)
        assert noted(side) == {"began": 2, "cleaned up": 1, "made": 1, "put away": 1}
        assert_gap_free(logged(instance, run.run_id))
        yield instance, run.run_id


def test_a_cancel_from_outside_stops_steps_and_starts_no_others(
    cluster: Cluster, tmp_path: Path
) -> None:
    with canceled_from_outside(cluster, tmp_path) as (instance, run_id):
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.CANCELED
        told = recorded(instance, run_id)
        assert told[-2:] == ["PIPELINE_CANCELING", "PIPELINE_CANCELED"]
        assert "STEP_FAILURE works_on.compute" in told
        assert "STEP_START queued.compute" not in told


class Endless(queue.Queue[Any]):
    """Never runs dry, as where steps tell faster than it is recorded."""

    def get_nowait(self) -> Any:
        with suppress(queue.Empty):
            return super().get_nowait()
        return {"steps": ()}


def test_steps_that_tell_without_end_do_not_keep_a_cancel_from_being_heard(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dagsterlite_dask.session.queue", SimpleNamespace(Queue=Endless))
    with canceled_from_outside(cluster, tmp_path) as (instance, run_id):
        assert recorded(instance, run_id)[-1] == "PIPELINE_CANCELED"


@solid(config_schema=CONFIG)
def stays_in_c(context):
    folder = context.solid_config["folder"]
    note(folder, "began")
    # To open a pipe waits, outside Python, for whoever opens its other end.
    os.close(os.open(os.path.join(folder, "gate"), os.O_RDONLY))
    note(folder, "went on")


@pipeline
def stubborn():
    stays_in_c()


def test_a_call_outside_python_is_not_waited_for_beyond_the_grace(
    cluster: Cluster, tmp_path: Path
) -> None:
    side = tmp_path / "side"
    side.mkdir()
    os.mkfifo(side / "gate")
    config = {
        **cluster.config(cancel_grace_seconds=0.5),
        **config_of(["stays_in_c"], side),
    }
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        with in_background(
            lambda: execute_pipeline(stubborn, config, instance=instance), instance
        ) as found:
            wait_until(lambda: "began" in noted(side))
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        assert isinstance(found[0], DagsterRunCanceledError)
        messages = [entry.message for entry in logged(instance, run.run_id)]
        assert any("has not stopped within 0.5 seconds" in message for message in messages)
        with (side / "gate").open("wb"):
            wait_until(lambda: left_behind(cluster) == {})
        assert "went on" not in noted(side)


@pytest.mark.parametrize("seconds", [10, 600])
def test_a_cancel_ends_the_wait_for_a_retry(seconds: int, cluster: Cluster, tmp_path: Path) -> None:
    @solid
    def asks_again(_context):
        raise RetryRequested(max_retries=5, seconds_to_wait=seconds)

    @pipeline
    def waiting():
        asks_again()

    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        with in_background(
            lambda: execute_pipeline(waiting, cluster.config(), instance=instance), instance
        ) as found:
            wait_until(lambda: any("UP_FOR_RETRY" in t for t in told_so_far(instance)))
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        assert isinstance(found[0], DagsterRunCanceledError)
        entries = logged(instance, run.run_id)
        (asked,) = [
            e for e in entries if e.dagster_event_type is DagsterEventType.STEP_UP_FOR_RETRY
        ]
        assert entries[-1].timestamp < asked.timestamp + seconds


def told_so_far(instance: DagsterInstance) -> list[str]:
    runs = instance.get_runs()
    return recorded(instance, runs[0].run_id) if runs else []


def test_a_driver_that_listens_hears_of_a_signal_whose_handler_takes_long(
    cluster: Cluster,
) -> None:
    with Client(cluster.address) as client:
        messages = Session(client, "r").messages
        before = signal.signal(signal.SIGUSR1, lambda *_: time.sleep(0.5))
        sender = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGUSR1))
        sender.start()
        try:
            # Not more than the handler's time and its own, and not until a message comes.
            with pytest.raises(queue.Empty):
                messages.get(timeout=0.2)
        finally:
            sender.join()
            signal.signal(signal.SIGUSR1, before)


def test_who_stops_reading_events_cancels_the_run(cluster: Cluster, tmp_path: Path) -> None:
    side = tmp_path / "side"
    side.mkdir()
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        events = execute_pipeline_iterator(
            endless, endless_config(cluster, side), instance=instance
        )
        for event in events:
            if event.is_step_start and noted(side).get("began") == 2:
                break
        events.close()
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.CANCELED
        wait_until(lambda: noted(side).get("cleaned up") == 1)
        assert "queued" not in noted(side)


SCRIPT = """
import sys
from dagsterlite import DagsterInstance, execute_pipeline
from tests.test_dagsterlite_dask.test_cancel import endless
config = {config!r}
try:
    execute_pipeline(endless, config, instance=DagsterInstance.local_temp({home!r}))
except KeyboardInterrupt:
    sys.exit(7)
"""


def start_script(tmp_path: Path, config: dict[str, Any]) -> subprocess.Popen[bytes]:
    code = SCRIPT.format(config=config, home=str(tmp_path / "home"))
    return subprocess.Popen([sys.executable, "-c", code])


def test_ctrl_c_cancels_the_run_and_leaves_a_joined_cluster_clean(
    cluster: Cluster, tmp_path: Path
) -> None:
    side = tmp_path / "side"
    side.mkdir()
    driver = start_script(tmp_path, endless_config(cluster, side))
    try:
        wait_until(lambda: noted(side).get("began") == 2)
        driver.send_signal(signal.SIGINT)
        assert driver.wait(60) == 7
    finally:
        driver.kill()
        driver.wait()
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.CANCELED
        assert noted(side) == {"began": 2, "cleaned up": 1, "made": 1, "put away": 1}
        told = recorded(instance, run.run_id)
        assert told[-1] == "PIPELINE_CANCELED"
        assert_gap_free(logged(instance, run.run_id))


def test_a_driver_that_is_killed_leaves_a_joined_cluster_clean(
    cluster: Cluster, tmp_path: Path
) -> None:
    side = tmp_path / "side"
    side.mkdir()
    driver = start_script(tmp_path, endless_config(cluster, side))
    try:
        wait_until(lambda: noted(side).get("began") == 2)
    finally:
        driver.kill()
        driver.wait()
    wait_until(lambda: left_behind(cluster) == {})
    assert noted(side) == {"began": 2, "cleaned up": 1, "made": 1, "put away": 1}
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        (run,) = instance.get_runs()
        assert run.status is DagsterRunStatus.STARTED
        assert_gap_free(logged(instance, run.run_id))


def test_a_canceled_run_leaves_its_queued_steps_undone(cluster: Cluster, tmp_path: Path) -> None:
    side = tmp_path / "side"
    side.mkdir()

    @pipeline
    def many():
        for i in range(40):
            waits_its_turn.alias(f"turn_{i}")()

    config = {
        **cluster.config(),
        **config_of([f"turn_{i}" for i in range(40)], side),
    }
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        with in_background(lambda: execute_pipeline(many, config, instance=instance), instance):
            wait_until(lambda: noted(side).get("turn") == 2)
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        starts = [t for t in recorded(instance, run.run_id) if t.startswith("STEP_START")]
        assert len(starts) == 2
        wait_until(lambda: left_behind(cluster) == {})
        assert noted(side)["turn"] == 2
