"""Linear chains of steps in one Dask task: each step keeps its events, outputs, retries and end."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    RetryRequested,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.runs import DagsterRunStatus
from dagsterlite_dask.session import Session
from tests.event_lists import assert_gap_free, logged, of_step, recorded
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.side import CONFIG, config_of, note, noted

STORAGES = ["filesystem", "in_memory"]


@solid
def start(_context) -> int:
    return 1


@solid
def add_one(_context, number: int) -> int:
    return number + 1


@pipeline
def row():
    number = start()
    for place in "abcd":
        number = add_one.alias(place)(number)


def kept_in(storage: str) -> dict[str, Any]:
    return {"intermediate_storage": {storage: {}}}


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the names of the tasks of each submission that follows."""
    found: list[list[str]] = []
    submit = Session.submit

    def noting(self: Session, graph: Any) -> Any:
        found.append(sorted({key[1] for key in graph.keys.values()}))
        return submit(self, graph)

    monkeypatch.setattr(Session, "submit", noting)
    return found


@pytest.mark.parametrize(("fuse", "tasks"), [("linear", ["d"]), ("none", [*"abcd", "start"])])
def test_a_row_of_steps_is_one_task_unless_told_otherwise(
    fuse: str, tasks: list[str], cluster: Cluster, submitted: list[list[str]]
) -> None:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(row, cluster.config(fuse=fuse), instance=instance)

        assert submitted == [tasks]
        assert result.output_for_solid("d") == 5
        assert recorded(instance).count("STEP_SUCCESS b.compute") == 1
        assert_gap_free(logged(instance))


@pytest.mark.parametrize("storage", STORAGES)
def test_each_value_of_a_chain_can_be_read_after_the_run(storage: str, cluster: Cluster) -> None:
    result = execute_pipeline(row, {**cluster.config(), **kept_in(storage)})

    assert [result.output_for_solid(name) for name in ("start", *"abcd")] == [1, 2, 3, 4, 5]
    del result
    gc.collect()


@solid(tags={"dagster/priority": "1"})
def urgent(_context, number: int) -> int:
    return number + 1


@pipeline
def parted():
    last = add_one.alias("b")(urgent(add_one.alias("a")(start())))
    add_one.alias("c")(last)
    add_one.alias("d")(last)


def test_chains_end_where_steps_part_or_are_placed_otherwise(
    cluster: Cluster, submitted: list[list[str]]
) -> None:
    assert execute_pipeline(parted, cluster.config()).success
    assert submitted == [["a", "b", "c", "d", "urgent"]]


@solid
def fails(_context, number: int) -> int:
    raise ValueError(number)


@pipeline
def failing():
    add_one.alias("c")(add_one.alias("b")(fails(add_one.alias("a")(start()))))


@pytest.mark.parametrize("storage", STORAGES)
def test_behind_a_step_that_fails_the_others_do_not_run(storage: str, cluster: Cluster) -> None:
    result = execute_pipeline(
        failing, {**cluster.config(), **kept_in(storage)}, raise_on_error=False
    )

    assert result.output_for_solid("a") == 2
    assert of_step(result, "fails")[-1] == "STEP_FAILURE"
    assert of_step(result, "b") == of_step(result, "c") == ["ENGINE_EVENT"]
    del result
    gc.collect()


@pytest.fixture
def short_waits(cluster: Cluster) -> Iterator[Cluster]:
    """Have tasks leave each wait to the driver."""

    def set_longest(seconds: float) -> None:
        from dagsterlite_dask import attempts

        attempts.LONGEST_WAIT = seconds  # type: ignore[misc]

    cluster.client.run(set_longest, 0.01)
    yield cluster
    cluster.client.run(set_longest, 10.0)


@solid
def retries_twice(context, number: int) -> int:
    tried: int = context.retry_number
    if tried < 2:
        raise RetryRequested(max_retries=2, seconds_to_wait=0.1)
    return number + tried


@pipeline
def retried():
    middle = retries_twice(add_one.alias("a")(start()))
    add_one.alias("c")(add_one.alias("b")(middle))


@pytest.mark.parametrize("storage", STORAGES)
def test_a_step_in_a_chain_waits_for_its_next_attempt_without_the_worker(
    storage: str, short_waits: Cluster, submitted: list[list[str]]
) -> None:
    with DagsterInstance.ephemeral() as instance:
        config = {**short_waits.config(), **kept_in(storage)}
        result = execute_pipeline(retried, config, instance=instance)

        assert submitted == [["c"], ["c", "retries_twice"], ["c", "retries_twice"]]
        names = ("start", "a", "retries_twice", "b", "c")
        assert [result.output_for_solid(name) for name in names] == [1, 2, 4, 5, 6]
        told = recorded(instance)
        assert told.count("STEP_START a.compute") == told.count("STEP_START c.compute") == 1
        assert told.count("STEP_RESTARTED retries_twice.compute") == 2
        assert_gap_free(logged(instance))
        del result
        gc.collect()


@solid(config_schema=CONFIG)
def counts(context) -> int:
    return note(context.solid_config["folder"], "counted")


@solid(config_schema=CONFIG)
def kills_its_worker(context, number: int) -> int:
    note(context.solid_config["folder"], "killer")
    os._exit(1)


@pipeline
def deadly():
    add_one.alias("after")(kills_its_worker(add_one(counts())))
    add_one.alias("other")(start())


def test_of_a_chain_only_the_step_that_kills_its_workers_is_to_blame(
    cluster: Cluster, tmp_path: Path
) -> None:
    config = {**cluster.config(), **config_of(["kills_its_worker", "counts"], tmp_path)}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(deadly, config, instance=instance, raise_on_error=False)

        assert result.status is DagsterRunStatus.FAILURE
        failed: Any = result.result_for_solid("kills_its_worker")
        assert "workers died" in failed.failure_data.error.message
        assert result.output_for_solid("add_one") == 2
        assert result.output_for_solid("other") == 2
        assert of_step(result, "after") == ["ENGINE_EVENT"]
        assert noted(tmp_path)["counted"] == 1
        assert_gap_free(logged(instance))


@pytest.mark.parametrize("storage", STORAGES)
def test_lost_messages_of_a_chain_are_fetched(
    storage: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hear_nothing_of_steps(self: Session, event: Any) -> None:
        if "entries" not in event[1] and "steps" not in event[1]:
            self.messages.put(event[1])

    monkeypatch.setattr(Session, "_hear", hear_nothing_of_steps)
    with DagsterInstance.ephemeral() as instance:
        config = {**cluster.config(), **kept_in(storage)}
        result = execute_pipeline(row, config, instance=instance)

        assert result.output_for_solid("d") == 5
        told = recorded(instance)
        assert [told.count(f"STEP_SUCCESS {name}.compute") for name in "abcd"] == [1] * 4
        assert_gap_free(logged(instance))
        del result
        gc.collect()
