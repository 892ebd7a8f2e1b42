"""Disks that are full, under the intermediates and under the home, and storage that is slow."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    ModeDefinition,
    Nothing,
    build_intermediate_storage_from_object_store,
    execute_pipeline,
    intermediate_storage,
    pipeline,
    reexecute_pipeline,
    solid,
)
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, of_step, recorded
from tests.test_dagsterlite_dask.cluster import WITHOUT_TESTS, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)
from tests.test_dagsterlite_dask.test_custom_storage import FolderStore

RESUME = {"dagster/is_resume_retry": "true"}

# The kernel refuses to let a file grow beyond that, as it does where a disk is full.
FULL = f"""{WITHOUT_TESTS}
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
"""


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for name in ("side", "logs", "more_logs"):
        (tmp_path / name).mkdir()


# --- the intermediates ---


@solid(config_schema=CONFIG)
def small(context):
    note(context.solid_config["folder"], "small")
    return 1


@solid(config_schema=CONFIG)
def large(context, number):
    note(context.solid_config["folder"], "large")
    return bytes(number * (4 << 20))


@solid
def size_of(_context, value):
    return len(value)


@solid(config_schema=CONFIG, input_defs=[InputDefinition("after", Nothing)])
def beside(context):
    note(context.solid_config["folder"], "beside")
    return 5


@pipeline
def needs_room():
    number = small()
    size_of(large(number))
    beside(number)


def test_a_full_disk_fails_the_step_that_wrote_and_nothing_else(tmp_path: Path) -> None:
    side, home = tmp_path / "side", tmp_path / "home"
    steps = config_of(["small", "large", "beside"], side)
    with DagsterInstance.local_temp(str(home)) as instance:
        with running_cluster(tmp_path / "logs", 2, preload=FULL) as cluster:
            result = execute_pipeline(
                needs_room, {**cluster.config(), **steps}, instance=instance, raise_on_error=False
            )
            assert result.status is DagsterRunStatus.FAILURE
            failed: Any = result.result_for_solid("large")
            assert failed.failure_data.error.cls_name == "DagsterStorageError"
            assert "large.compute" in failed.failure_data.error.message
            assert "ulimit -f" in failed.failure_data.error.message
            assert of_step(result, "size_of") == ["ENGINE_EVENT"]
            assert result.output_for_solid("beside") == 5
            assert_gap_free(logged(instance))
            left = [path for path in home.rglob("*") if path.is_file()]
            assert not [path for path in left if "large.compute" in str(path)]
            wait_until(lambda: left_behind(cluster) == {})

        with running_cluster(tmp_path / "more_logs", 1) as cluster:
            given = {**cluster.config(), **steps}
            resumed = reexecute_pipeline(
                needs_room, result.run_id, given, tags=RESUME, instance=instance
            )
            assert resumed.output_for_solid("size_of") == 4 << 20
    assert noted(side) == {"small": 1, "large": 2, "beside": 1}


# --- the home ---

LENGTH = 30


@solid(config_schema=CONFIG)
def tells_much(context, number: int) -> int:
    note(context.solid_config["folder"], context.solid.name)
    context.log.info("x" * 20_000)
    time.sleep(0.05)
    return number + 1


@solid
def zero(_context) -> int:
    return 0


@pipeline
def talkative():
    number = zero()
    for i in range(LENGTH):
        number = tells_much.alias(f"t{i}")(number)


SCRIPT = """
import resource, sys
from dagsterlite import DagsterInstance, execute_pipeline
from dagsterlite.errors import DagsterStorageError
from tests.test_dagsterlite_dask.test_storage_trouble import talkative

with DagsterInstance.local_temp({home!r}) as instance:
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    try:
        execute_pipeline(talkative, {config!r}, instance=instance)
    except DagsterStorageError as exc:
        print(exc)
        sys.exit(7)
"""


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_a_home_on_a_full_disk_ends_the_run_and_what_was_committed_is_not_run_again(
    fuse: str, tmp_path: Path
) -> None:
    side, home = tmp_path / "side", tmp_path / "home"
    names = [f"t{i}" for i in range(LENGTH)]
    with running_cluster(tmp_path / "logs", 1) as cluster:
        given = {**cluster.config(fuse=fuse), **config_of(names, side)}
        script = SCRIPT.format(home=str(home), config=given)
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=False
        )
        assert done.returncode == 7, done.stderr
        assert str(home) in done.stdout
        wait_until(lambda: left_behind(cluster) == {})
        ran = noted(side)
        assert 0 < len(ran) < LENGTH
        committed = {path.parent.name for path in home.rglob("manifest.json")}

        with DagsterInstance.local_temp(str(home)) as instance:
            (run,) = instance.get_runs()
            assert_gap_free(logged(instance))
            lapse(instance, run.run_id)
            resumed = reexecute_pipeline(
                talkative, run.run_id, given, tags=RESUME, instance=instance
            )
            assert resumed.output_for_solid(names[-1]) == LENGTH
            assert instance.require_run(run.run_id).dagster_run.status is DagsterRunStatus.FAILURE
            assert_gap_free(logged(instance, resumed.run_id))
        for name, count in noted(side).items():
            again = name in ran and f"{name}.compute" not in committed
            assert count == (2 if again else 1), name


def lapse(instance: DagsterInstance, run_id: str) -> None:
    """Let the lease of a driver that is gone run out at once, if it holds one still."""
    driver = instance.require_run(run_id).driver_id
    if driver is not None:
        instance.run_storage.renew_lease(run_id, driver, seconds=-1.0, now=time.time())


# --- slow storage ---


class SlowStore(FolderStore):
    """Takes its time for each write, and tells which process is at it."""

    def set_object(self, key, obj, serialization_strategy=None):
        with open(os.path.join(self._folder, "writes"), "a", encoding="utf-8") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(1)
        return super().set_object(key, obj, serialization_strategy)


@intermediate_storage(name="slow", config_schema=CONFIG)
def slow_storage(init_context):
    store = SlowStore(init_context.intermediate_storage_config["folder"])
    return build_intermediate_storage_from_object_store(store, init_context)


@solid(config_schema=CONFIG)
def counts(context) -> int:
    return note(context.solid_config["folder"], context.solid.name)


@solid
def total(_context, numbers: list[int]) -> int:
    return len(numbers)


@pipeline(mode_defs=[ModeDefinition(intermediate_storage_defs=[slow_storage])])
def wide():
    total([counts.alias(f"c{i}")() for i in range(6)])


def test_a_worker_that_dies_in_a_slow_write_costs_the_step_that_it_wrote(tmp_path: Path) -> None:
    side, place = tmp_path / "side", tmp_path / "place"
    place.mkdir()
    slow = {"intermediate_storage": {"slow": {"config": {"folder": str(place)}}}}
    names = [f"c{i}" for i in range(6)]
    with (
        running_cluster(tmp_path / "logs", 2) as cluster,
        DagsterInstance.ephemeral() as instance,
    ):
        given = {**cluster.config(group="off"), **config_of(names, side), **slow}
        with in_background(
            lambda: execute_pipeline(wide, given, instance=instance), instance
        ) as found:
            wait_until(lambda: len(noted(side)) >= 3)
            writers = (place / "writes").read_text().split()
            victim = next(w for w in cluster.workers if str(w.pid) == writers[-1])
            victim.kill()
        (result,) = found
        assert not isinstance(result, BaseException), result
        assert result.output_for_solid("total") == 6
        assert sorted(noted(side).values()) in ([1, 1, 1, 1, 1, 2], [1] * 6)
        told = recorded(instance)
        assert [told.count(f"STEP_SUCCESS {name}.compute") for name in names] == [1] * 6
        assert_gap_free(logged(instance))
