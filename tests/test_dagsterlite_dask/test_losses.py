"""Workers and schedulers that die while a run is under way."""

from __future__ import annotations

import gc
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    Nothing,
    RetryPolicy,
    RetryRequested,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.errors import DagsterClusterLostError, DagsterStepExecutionFailed
from dagsterlite.events.engine import StepRecovered, WorkerLost
from dagsterlite.runs import DagsterRunStatus
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


def details(instance: DagsterInstance, kind: type) -> list[Any]:
    found = [entry.dagster_event for entry in logged(instance)]
    data: list[Any] = [event.event_specific_data for event in found if event is not None]
    return [d.detail for d in data if isinstance(getattr(d, "detail", None), kind)]


@solid(config_schema=CONFIG)
def first(context):
    note(context.solid_config["folder"], "first")
    return 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def second(context, number):
    note(context.solid_config["folder"], "second")
    return number + 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def waits_once(context, number):
    """Wait to be killed in the first copy."""
    folder = context.solid_config["folder"]
    if note(folder, "waits") == 1:
        with open(os.path.join(folder, "pid"), "w", encoding="utf-8") as file:
            file.write(str(os.getpid()))
        time.sleep(60)
    return number + 1


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def last(context, number):
    note(context.solid_config["folder"], "last")
    return number


@pipeline
def chain():
    last(waits_once(second(first())))


CHAIN = ["first", "second", "waits_once", "last"]


@pytest.mark.parametrize("fuse", ["linear", "none"])
def test_committed_steps_run_once_when_a_worker_is_killed(
    fuse: str, cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(fuse=fuse), **config_of(CHAIN, tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        with in_background(
            lambda: execute_pipeline(chain, config, instance=instance), instance
        ) as found:
            wait_until((tmp_path / "pid").exists)
            wait_until((tmp_path / "pid").read_text)
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        (result,) = found
        assert result.success
        assert result.output_for_solid("last") == 3
        ran = noted(tmp_path)
        assert (ran["first"], ran["second"], ran["waits"], ran["last"]) == (1, 1, 2, 1)
        entries = logged(instance)
        assert_gap_free(entries)
        ends = Counter(told for told in recorded(instance) if "SUCCESS" in told)
        assert set(ends.values()) == {1}
        assert len(ends) == 5
        (lost,) = details(instance, WorkerLost)
        alone = ("waits_once.compute",)
        assert set(lost.step_keys) >= set(alone) if fuse == "linear" else lost.step_keys == alone
        recovered = {detail.step_key for detail in details(instance, StepRecovered)}
        assert recovered <= {"first.compute", "second.compute"}


@solid(config_schema=CONFIG)
def kills_its_worker(context):
    note(context.solid_config["folder"], "killer")
    os._exit(1)


@solid(config_schema=CONFIG)
def kills_its_worker_once(context):
    if note(context.solid_config["folder"], "once") == 1:
        os._exit(1)
    return 5


@solid(input_defs=[InputDefinition("after", Nothing)])
def follows(_context):
    return "ran"


@solid(input_defs=[InputDefinition("number", int)])
def independent(_context, number):
    time.sleep(0.05)
    return number


@pipeline
def deadly():
    follows(kills_its_worker())
    number = first()
    for i in range(6):
        number = independent.alias(f"independent_{i}")(number)


def test_a_step_that_always_kills_its_worker_fails_and_others_go_on(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker", "first"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(deadly, config, instance=instance, raise_on_error=False)

        assert result.status is DagsterRunStatus.FAILURE
        failed: Any = result.result_for_solid("kills_its_worker")
        assert failed.failure_data.error.cls_name == "DagsterStepLostError"
        assert "workers died" in failed.failure_data.error.message
        assert result.output_for_solid("independent_5") == 1
        assert of_step(result, "follows") == ["ENGINE_EVENT"]
        assert noted(tmp_path)["killer"] <= 8
        assert noted(tmp_path)["first"] == 1
        assert_gap_free(logged(instance))


def test_a_lost_step_is_told_in_the_error_that_is_raised(cluster: Cluster, tmp_path: Path) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker", "first"], tmp_path)}

    with pytest.raises(DagsterStepExecutionFailed, match=r"kills_its_worker.*workers died"):
        execute_pipeline(deadly, config)


@pipeline
def deadly_once():
    follows(kills_its_worker_once())


def test_a_step_that_kills_its_worker_once_succeeds(cluster: Cluster, tmp_path: Path) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker_once"], tmp_path)}
    result = execute_pipeline(deadly_once, config)

    assert result.success
    assert noted(tmp_path) == {"once": 2}


@solid(config_schema=CONFIG)
def dies_while_made_again(context):
    if 1 < note(context.solid_config["folder"], "made") < 6:
        os._exit(1)
    return 5


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def takes_it_down(context, number):
    if note(context.solid_config["folder"], "taken") == 1:
        os._exit(1)
    return number + 1


@pipeline
def made_again():
    takes_it_down(dies_while_made_again())


def test_a_value_whose_workers_die_while_dask_makes_it_again_is_made_in_a_new_task(
    tmp_path: Path,
) -> None:
    """Dask blames all tasks of a worker that dies, also those of steps that have their end."""
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1, nanny=True) as own, DagsterInstance.ephemeral() as instance:
        config = {
            **own.config(fuse="none"),
            **config_of(["dies_while_made_again", "takes_it_down"], side),
            "intermediate_storage": {"in_memory": {}},
        }
        result = execute_pipeline(made_again, config, instance=instance, raise_on_error=False)

        assert result.success
        assert result.output_for_solid("takes_it_down") == 6
        # Once for its end, by Dask on four workers that die, and once more in a task of its own.
        assert noted(side) == {"made": 6, "taken": 2}
        assert_gap_free(logged(instance))
        del result
        gc.collect()


@solid(
    config_schema=CONFIG,
    tags={"dagsterlite/rerun_on_worker_loss": "false"},
    retry_policy=RetryPolicy(max_retries=3),
)
def must_not_run_twice(context):
    folder = context.solid_config["folder"]
    if note(folder, "tried") == 1:
        raise ValueError("tried again, as the policy says")
    note(folder, "paid")
    os._exit(1)


@pipeline
def pays():
    must_not_run_twice()
    first()


def test_a_step_that_must_not_run_twice_fails_when_its_worker_dies(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["must_not_run_twice", "first"], tmp_path)}
    result = execute_pipeline(pays, config, raise_on_error=False)

    assert not result.success
    assert noted(tmp_path) == {"tried": 2, "paid": 1, "first": 1}
    failed: Any = result.result_for_solid("must_not_run_twice")
    error = failed.failure_data.error
    assert error.cls_name == "DagsterStepBegunBeforeError"
    assert "was begun on worker tcp://" in error.message
    told = of_step(result, "must_not_run_twice")
    assert told.count("STEP_UP_FOR_RETRY") == 1


@solid(config_schema=CONFIG)
def retries_then_dies_once(context):
    if context.retry_number < 2:
        raise RetryRequested(max_retries=2)
    if note(context.solid_config["folder"], "dies") == 1:
        os._exit(1)
    return context.retry_number


@pipeline
def retried():
    retries_then_dies_once()


def test_the_number_of_retries_survives_the_worker(cluster: Cluster, tmp_path: Path) -> None:
    config = {**cluster.config(), **config_of(["retries_then_dies_once"], tmp_path)}
    result = execute_pipeline(retried, config)

    assert result.output_for_solid("retries_then_dies_once") == 2
    told = of_step(result, "retries_then_dies_once")
    assert told.count("STEP_UP_FOR_RETRY") == 2
    assert told.count("STEP_START") == 1


def test_a_run_whose_scheduler_dies_fails_soon(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    with running_cluster(logs, 1) as cluster:
        config = {**cluster.config(), **config_of(CHAIN, tmp_path)}
        with DagsterInstance.ephemeral() as instance:

            def run() -> Any:
                return execute_pipeline(chain, config, instance=instance)

            with in_background(run, instance) as found:
                wait_until((tmp_path / "pid").exists)
                kill(cluster.scheduler)
            assert isinstance(found[0], DagsterClusterLostError)
            (run_of,) = instance.get_runs()
            assert run_of.status is DagsterRunStatus.FAILURE
            assert_gap_free(logged(instance))
