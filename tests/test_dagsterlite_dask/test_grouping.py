"""Siblings that were short in the last run, several in one Dask task."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dagsterlite import (
    DagsterInstance,
    DynamicOutput,
    DynamicOutputDefinition,
    PipelineDefinition,
    RetryRequested,
    create_execution_plan,
    execute_pipeline,
    pipeline,
    solid,
    validate_run_config,
)
from dagsterlite.config.yaml_document import parse_yaml
from dagsterlite.execution.results import PipelineExecutionResult
from dagsterlite_dask.grouping import GROUP_SECONDS, LARGEST, grouped
from dagsterlite_dask.history import seconds_by_solid
from dagsterlite_dask.session import Session
from tests.event_lists import assert_gap_free, logged, recorded
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted

STORAGES = ["filesystem", "in_memory"]
WIDTH = 40


def test_it_is_turned_off_in_yaml_by_the_bare_word() -> None:
    document = "execution: {dask: {config: {group: off, preflight: off}}}"

    run_config = validate_run_config(spreading, parse_yaml(document))

    config = create_execution_plan(spreading, run_config).environment_config.execution
    assert config is not None
    assert (config.config["group"], config.config["preflight"]) == ("off", "off")


# --- which steps ---------------------------------------------------------------------------------


def sizes(count: int, seconds: float, workers: int = 1) -> list[int]:
    """Return how many chains each task has, of chains that are alike and equally long."""
    chains = [(str(number),) for number in range(count)]
    tasks = grouped(chains, {key: seconds for (key,) in chains}, lambda _: "all", workers)
    assert [chain for task in tasks for chain in task] == chains
    return [len(task) for task in tasks]


def test_short_siblings_share_tasks_of_which_each_worker_has_enough() -> None:
    assert sizes(16, 0.0) == [2] * 8
    assert sizes(16, 0.0, workers=2) == [1] * 16
    assert sizes(4_000, 0.0, workers=2) == [LARGEST] * 40


def test_the_steps_of_a_task_are_short_together() -> None:
    assert sizes(800, GROUP_SECONDS / 10) == [10] * 80
    assert sizes(80, GROUP_SECONDS * 2) == [1] * 80


def test_steps_of_which_nothing_is_known_or_that_differ_stay_apart() -> None:
    chains = [(str(number),) for number in range(64)]
    seconds = {str(number): 0.0 for number in range(32)}
    tasks = grouped(chains, seconds, lambda chain: int(chain[0]) % 2, 1)

    assert tasks[:32] == [(chain,) for chain in chains[32:]]
    assert {len(task) for task in tasks[32:]} == {2}
    assert all(len({int(key) % 2 for (key,) in task}) == 1 for task in tasks[32:])
    assert grouped(chains, seconds, lambda _: None, 1) == [(chain,) for chain in chains]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 0.1)), max_size=50), st.integers(0, 5))
def test_each_chain_is_in_one_task(kinds: list[tuple[int, float]], workers: int) -> None:
    chains = [(str(number), f"{number}b") for number in range(len(kinds))]
    seconds = {key: kinds[int(chain[0])][1] for chain in chains for key in chain}
    tasks = grouped(chains, seconds, lambda chain: kinds[int(chain[0])][0] or None, workers)

    assert sorted(chain for task in tasks for chain in task) == sorted(chains)
    for task in tasks:
        assert len({kinds[int(chain[0])][0] for chain in task}) == 1


# --- in runs -------------------------------------------------------------------------------------


@solid
def start(_context) -> int:
    return 1


@solid(config_schema=CONFIG)
def counts(context, number: int) -> int:
    note(context.solid_config["folder"], "counted")
    return number + 1


@solid
def add_up(_context, numbers: list[int]) -> int:
    return sum(numbers)


def fan_of(sibling: Any) -> PipelineDefinition:
    @pipeline(name="fan")
    def made():
        number = start()
        add_up([sibling.alias(f"c{place}")(number) for place in range(WIDTH)])

    return made


NAMES = [f"c{place}" for place in range(WIDTH)]


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many tasks each submission that follows has."""
    found: list[int] = []
    submit = Session.submit

    def noting(self: Session, graph: Any) -> Any:
        found.append(len(set(graph.keys.values())))
        return submit(self, graph)

    monkeypatch.setattr(Session, "submit", noting)
    return found


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.ephemeral() as instance:
        yield instance


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have all steps of these pipelines pass for short, however loaded the machine is."""
    known = dict.fromkeys(["counts", "retries", "fails", "kills", "mapped"], 0.0)
    monkeypatch.setattr("dagsterlite_dask.executor.seconds_by_solid", lambda *_: known)


def run(
    definition: PipelineDefinition,
    cluster: Cluster,
    instance: DagsterInstance,
    storage: str,
    more: dict[str, Any] | None = None,
    **executor: Any,
) -> PipelineExecutionResult:
    config = {
        **cluster.config(**executor),
        "intermediate_storage": {storage: {}},
        **(more or {}),
    }
    return execute_pipeline(definition, config, instance=instance, raise_on_error=False)


@pytest.mark.parametrize("storage", STORAGES)
@pytest.mark.parametrize(("group", "tasks"), [("auto", 2 + 20), ("off", 2 + WIDTH)])
def test_short_siblings_are_few_tasks_unless_told_otherwise(
    storage: str,
    group: str,
    tasks: int,
    cluster: Cluster,
    instance: DagsterInstance,
    short: None,
    submitted: list[int],
    tmp_path: Path,
) -> None:
    workers = len(cluster.facts())
    config = config_of(NAMES, tmp_path)
    result = run(fan_of(counts), cluster, instance, storage, config, group=group)

    expected = tasks if group == "off" else 2 + len(sizes(WIDTH, 0.0, workers))
    assert submitted == [expected]
    assert result.output_for_solid("add_up") == 2 * WIDTH
    assert [result.output_for_solid(name) for name in NAMES] == [2] * WIDTH
    assert noted(tmp_path) == {"counted": WIDTH}
    told = recorded(instance)
    assert [told.count(f"STEP_SUCCESS {name}.compute") for name in NAMES] == [1] * WIDTH
    assert_gap_free(logged(instance))
    del result
    gc.collect()


def test_the_last_successful_run_tells_how_long_steps_take(
    cluster: Cluster, instance: DagsterInstance, tmp_path: Path
) -> None:
    definition = fan_of(counts)
    plan = create_execution_plan(definition, config_of(NAMES, tmp_path))
    assert seconds_by_solid(instance, plan) == {}

    assert run(definition, cluster, instance, "in_memory", config_of(NAMES, tmp_path)).success
    gc.collect()
    found = seconds_by_solid(instance, plan)
    assert found.keys() == {"start", "counts", "add_up"}
    assert all(0 < seconds < 10 for seconds in found.values())


@solid
def retries(context, number: int) -> int:
    if not context.retry_number:
        raise RetryRequested(max_retries=1, seconds_to_wait=0.01)
    return number + 1


@pytest.mark.parametrize("storage", STORAGES)
def test_one_that_waits_for_its_next_attempt_keeps_no_other(
    storage: str, cluster: Cluster, instance: DagsterInstance, short: None, submitted: list[int]
) -> None:
    result = run(fan_of(retries), cluster, instance, storage)

    assert result.output_for_solid("add_up") == 2 * WIDTH
    assert len(submitted) > 1
    assert_gap_free(logged(instance))
    del result
    gc.collect()


@solid
def fails(context, number: int) -> int:
    if context.solid.name == "c3":
        raise ValueError(number)
    return number + 1


@pytest.mark.parametrize("storage", STORAGES)
def test_one_that_fails_leaves_the_others_alone(
    storage: str, cluster: Cluster, instance: DagsterInstance, short: None
) -> None:
    result = run(fan_of(fails), cluster, instance, storage)

    ended = [r.solid.name for r in result.solid_result_list if r.success]
    assert set(ended) == {"start", *NAMES} - {"c3"}
    assert result.result_for_solid("c3").failure_data is not None  # type: ignore[union-attr]
    assert [result.output_for_solid(name) for name in ("c2", "c4")] == [2, 2]
    del result
    gc.collect()


@solid(config_schema=CONFIG)
def kills(context, number: int) -> int:
    if context.solid.name == "c3" and note(context.solid_config["folder"], "killed") < 6:
        os._exit(1)
    return number + 1


@pytest.mark.parametrize("storage", STORAGES)
def test_of_siblings_only_the_one_that_kills_its_workers_is_to_blame(
    storage: str, cluster: Cluster, instance: DagsterInstance, short: None, tmp_path: Path
) -> None:
    result = run(fan_of(kills), cluster, instance, storage, config_of(NAMES, tmp_path))

    # Four workers die of the task of several steps, two of its own, and the third one lives.
    assert noted(tmp_path) == {"killed": 6}
    assert result.output_for_solid("add_up") == 2 * WIDTH
    assert_gap_free(logged(instance))
    del result
    gc.collect()


@solid(output_defs=[DynamicOutputDefinition(int)])
def spread(_context):
    for number in range(WIDTH):
        yield DynamicOutput(number, str(number))


@solid
def mapped(_context, number: int) -> int:
    return number + 1


@pipeline
def spreading():
    add_up(spread().map(lambda number: mapped.alias("again")(mapped(number))).collect())


@pytest.mark.parametrize("storage", STORAGES)
def test_mapped_steps_share_tasks_each_with_its_own_value(
    storage: str, cluster: Cluster, instance: DagsterInstance, short: None
) -> None:
    result = run(spreading, cluster, instance, storage)

    assert result.output_for_solid("add_up") == sum(range(WIDTH)) + 2 * WIDTH
    del result
    gc.collect()
