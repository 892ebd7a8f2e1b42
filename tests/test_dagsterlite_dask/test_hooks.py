"""Hooks, retry policies and priorities on a cluster, also where workers are lost."""

from __future__ import annotations

import gc
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    ModeDefinition,
    OutputDefinition,
    RetryPolicy,
    RetryRequested,
    execute_pipeline,
    execute_pipeline_iterator,
    failure_hook,
    pipeline,
    resource,
    solid,
    success_hook,
)
from dagsterlite.errors import DagsterRunCanceledError
from dagsterlite.events.engine import StepRecovered
from dagsterlite.runs import DagsterRunStatus
from tests.event_lists import assert_gap_free, logged, of_step, recorded
from tests.test_dagsterlite_dask.cluster import Cluster, left_behind, running_cluster
from tests.test_dagsterlite_dask.side import (
    CONFIG,
    config_of,
    in_background,
    note,
    noted,
    wait_until,
)

IN_PROCESS: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@success_hook
def waits_for_go(context):
    folder = context.solid_config["folder"]
    note(folder, "hook began")
    with open(os.path.join(folder, "pid"), "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    while "go" not in os.listdir(folder):
        time.sleep(0.01)
    note(folder, "hook ended")


@success_hook
def z_counts(context):
    note(context.solid_config["folder"], "second hook")


@solid(config_schema=CONFIG, output_defs=[OutputDefinition(int)])
def works(context):
    note(context.solid_config["folder"], "worked")
    return os.getpid()


@solid(input_defs=[InputDefinition("number", int)])
def follows(_context, number):
    return number


@pipeline
def hooked():
    follows(works.with_hooks({waits_for_go, z_counts})())


@resource
def process(_context):
    return os.getpid()


def test_hooks_run_where_the_step_ran_with_the_resources_there(
    cluster: Cluster, tmp_path: Path
) -> None:
    @success_hook(required_resource_keys={"process"})
    def tells(context):
        note(context.solid_config["folder"], f"{os.getpid()} {context.resources.process}")

    @pipeline(mode_defs=[ModeDefinition(resource_defs={"process": process})])
    def graph():
        works.with_hooks({tells})()

    result = execute_pipeline(graph, {**cluster.config(), **config_of(["works"], tmp_path)})

    pid = result.output_for_solid("works")
    assert pid != os.getpid()
    assert noted(tmp_path) == {"worked": 1, f"{pid} {pid}": 1}


def test_the_end_of_a_step_is_heard_while_its_hooks_run_and_the_run_waits_for_them(
    cluster: Cluster, tmp_path: Path
) -> None:
    @waits_for_go
    @pipeline
    def graph():
        works()

    told = []
    config = {**cluster.config(), **config_of(["works"], tmp_path)}
    for event in execute_pipeline_iterator(graph, config):
        told.append(event.event_type_value)
        if event.event_type_value == "STEP_SUCCESS":
            assert "hook ended" not in noted(tmp_path)
            (tmp_path / "go").touch()

    assert told[-3:] == ["STEP_SUCCESS", "HOOK_COMPLETED", "PIPELINE_SUCCESS"]


def test_a_worker_lost_in_a_hook_costs_the_hook_and_not_the_step(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["works"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        with in_background(lambda: execute_pipeline(hooked, config, instance=instance)) as found:
            wait_until((tmp_path / "pid").exists)
            wait_until((tmp_path / "pid").read_text)
            os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
        assert found[0].success
        ran = noted(tmp_path)
        assert (ran["worked"], ran["hook began"]) == (1, 1)
        assert "hook ended" not in ran
        assert "second hook" not in ran
        assert_gap_free(logged(instance))
        told = recorded(instance)
        assert told.count("STEP_SUCCESS works.compute") == 1
        assert not [one for one in told if one.startswith("HOOK")]
        details: list[Any] = [
            getattr(entry.dagster_event.event_specific_data, "detail", None)
            for entry in logged(instance)
            if entry.dagster_event
        ]
        assert [d.step_key for d in details if isinstance(d, StepRecovered)] == ["works.compute"]


def test_of_two_copies_of_a_step_one_has_hooks(tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()

    @solid(config_schema=CONFIG)
    def goes_slowly(context):
        folder = context.solid_config["folder"]
        # The second copy ends when the first one's hooks have run.
        awaited = "go" if note(folder, "began") == 1 else "second hook"
        while awaited not in os.listdir(folder):
            time.sleep(0.01)

    @z_counts
    @pipeline
    def graph():
        goes_slowly()

    with running_cluster(logs, 2) as cluster, DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **config_of(["goes_slowly"], side)}
        with in_background(lambda: execute_pipeline(graph, config, instance=instance)) as found:
            wait_until(lambda: noted(side).get("began") == 1)
            (busy,) = [w for w, tasks in cluster.client.processing().items() if tasks]
            cluster.client.retire_workers([busy], close_workers=False)
            wait_until(lambda: noted(side).get("began") == 2)
            (side / "go").touch()
        assert found[0].success
        assert noted(side)["second hook"] == 1
        assert_gap_free(logged(instance))
        wait_until(lambda: left_behind(cluster) == {})


def test_a_cancel_interrupts_a_hook_and_the_step_stands(cluster: Cluster, tmp_path: Path) -> None:
    side = tmp_path / "side"
    side.mkdir()
    config = {**cluster.config(), **config_of(["works"], side)}
    with DagsterInstance.local_temp(str(tmp_path / "home")) as instance:
        with in_background(lambda: execute_pipeline(hooked, config, instance=instance)) as found:
            wait_until(lambda: "hook began" in noted(side))
            (run,) = instance.get_runs()
            instance.request_cancel(run.run_id)
        assert isinstance(found[0], DagsterRunCanceledError)
        assert instance.get_runs()[0].status is DagsterRunStatus.CANCELED
        told = recorded(instance, run.run_id)
        assert [one for one in told if one.endswith("works.compute")][-2:] == [
            "STEP_SUCCESS works.compute",
            "HOOK_ERRORED works.compute",
        ]
        assert "STEP_START follows.compute" not in told
        assert "second hook" not in noted(side)
        assert_gap_free(logged(instance, run.run_id))


@solid(config_schema=CONFIG, retry_policy=RetryPolicy(max_retries=2))
def fails_then_dies_once(context):
    if context.retry_number == 1 and note(context.solid_config["folder"], "died") == 1:
        os._exit(1)
    if context.retry_number < 2:
        raise ValueError("flaky")
    return context.retry_number


@pipeline
def flaky():
    fails_then_dies_once()


def test_the_attempts_of_a_policy_are_counted_beyond_the_worker(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["fails_then_dies_once"], tmp_path)}
    result = execute_pipeline(flaky, config)

    assert result.output_for_solid("fails_then_dies_once") == 2
    told = of_step(result, "fails_then_dies_once")
    assert told.count("STEP_UP_FOR_RETRY") == 2
    assert told.count("STEP_START") == 1


# --- steps that take their workers down ----------------------------------------------------------


@failure_hook
def tells_of_loss(context):
    context.log.info("%s: %s", type(context.solid_exception).__name__, context.retry_number)
    note(context.solid_config["folder"], "hook")


@failure_hook
def kills_its_worker_too(context):
    os._exit(1)


@solid(config_schema=CONFIG, input_defs=[InputDefinition("number", int)])
def kills_its_worker(context, number):
    if context.retry_number == 0:
        os._exit(1)
    return number + context.retry_number


@solid(output_defs=[OutputDefinition(int)])
def seven(_context):
    return 7


@pipeline
def deadly():
    follows(kills_its_worker.with_hooks({tells_of_loss})(seven()))


@pipeline
def deadly_at_first():
    policy = RetryPolicy(max_retries=1, delay=0.01)
    follows(kills_its_worker.with_retry_policy(policy)(seven()))


@pipeline
def deadly_to_the_last():
    follows(kills_its_worker.with_hooks({kills_its_worker_too})(seven()))


def test_hooks_of_a_step_that_took_its_worker_down_run_on_another(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(deadly, config, instance=instance, raise_on_error=False)
        assert_gap_free(logged(instance))
        said = [e.user_message for e in logged(instance) if e.dagster_event is None]
    assert said == ["DagsterStepLostError: 0"]
    assert noted(tmp_path) == {"hook": 1}
    told = of_step(result, "kills_its_worker")
    assert told[-2:] == ["STEP_FAILURE", "HOOK_COMPLETED"]
    assert told.count("STEP_FAILURE") == 1
    assert of_step(result, "follows") == ["ENGINE_EVENT"]
    failed: Any = result.result_for_solid("kills_its_worker")
    assert "workers died" in failed.failure_data.error.message


@pytest.mark.parametrize("storage", ["filesystem", "in_memory"])
def test_a_policy_tries_a_step_again_that_took_its_worker_down(
    storage: str, cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker"], tmp_path)}
    kept: dict[str, Any] = {"intermediate_storage": {storage: {}}}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(deadly_at_first, {**config, **kept}, instance=instance)
        assert_gap_free(logged(instance))

    assert result.output_for_solid("follows") == 8
    told = of_step(result, "kills_its_worker")
    assert [one for one in told if one in {"STEP_UP_FOR_RETRY", "STEP_RESTARTED"}] == [
        "STEP_UP_FOR_RETRY",
        "STEP_RESTARTED",
    ]
    assert told[-1] == "STEP_SUCCESS"
    del result
    gc.collect()


def test_retries_that_are_disabled_are_so_for_lost_steps_too(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = cluster.config(retries={"disabled": {}})
    config |= config_of(["kills_its_worker"], tmp_path)
    result = execute_pipeline(deadly_at_first, config, raise_on_error=False)
    told = of_step(result, "kills_its_worker")
    assert told[-1] == "STEP_FAILURE"
    assert "STEP_UP_FOR_RETRY" not in told


def test_hooks_that_take_workers_down_too_do_not_keep_the_run_from_its_end(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker"], tmp_path)}
    result = execute_pipeline(deadly_to_the_last, config, raise_on_error=False)
    assert result.status is DagsterRunStatus.FAILURE
    assert "STEP_FAILURE" in of_step(result, "kills_its_worker")
    assert of_step(result, "follows") == ["ENGINE_EVENT"]


# --- what each executor heeds alike --------------------------------------------------------------


@solid
def asks(_context):
    raise RetryRequested(max_retries=2)


@solid(retry_policy=RetryPolicy(2))
def raises(_context):
    raise ValueError("no")


@failure_hook
def counts_attempts(context):
    context.log.info("attempt %s", context.retry_number)


@counts_attempts
@pipeline
def tried_again():
    asks()
    raises()


def execution(cluster: Cluster | None, **more: Any) -> dict[str, Any]:
    if cluster is None:
        return {**IN_PROCESS, "execution": {"in_process": {"config": more}}}
    return cluster.config(**more)


@pytest.mark.parametrize("is_remote", [False, True])
@pytest.mark.parametrize(("mode", "attempts"), [("enabled", 3), ("disabled", 1)])
def test_retries_are_disabled_by_config(
    is_remote: bool, mode: str, attempts: int, cluster: Cluster
) -> None:
    config = execution(cluster if is_remote else None, retries={mode: {}})
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(tried_again, config, instance=instance, raise_on_error=False)
        said = [e.user_message for e in logged(instance) if e.dagster_event is None]
    for name in ("asks", "raises"):
        told = of_step(result, name)
        assert told.count("STEP_START") + told.count("STEP_RESTARTED") == attempts
        assert told[-2:] == ["STEP_FAILURE", "HOOK_COMPLETED"]
    assert said == [f"attempt {attempts - 1}"] * 2


def appends(name: str, priority: int | None) -> Any:
    @solid(
        name=name,
        config_schema=CONFIG,
        tags={} if priority is None else {"dagster/priority": str(priority)},
        input_defs=[InputDefinition("after", int)],
    )
    def note_turn(context, after):
        with open(os.path.join(context.solid_config["folder"], "turns"), "a") as file:
            file.write(f"{context.solid.name} ")

    return note_turn


PRIORITIES = {"low": -3, "plain": None, "high": 7, "higher": 20, "lowest": -9}
TURNS = [appends(name, priority) for name, priority in PRIORITIES.items()]


@pipeline
def by_priority():
    first = works()
    for node in TURNS:
        node(first)


@pytest.mark.parametrize("is_remote", [False, True])
def test_ready_steps_run_by_priority(is_remote: bool, tmp_path: Path) -> None:
    side, logs = tmp_path / "side", tmp_path / "logs"
    side.mkdir()
    logs.mkdir()
    with running_cluster(logs, 1 if is_remote else 0) as cluster:
        config = execution(cluster if is_remote else None)
        config |= config_of(["works", *PRIORITIES], side)
        assert execute_pipeline(by_priority, config).success
    assert (side / "turns").read_text().split() == ["higher", "high", "plain", "low", "lowest"]
