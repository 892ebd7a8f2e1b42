"""Who shares a resource on a worker."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagsterlite import (
    DagsterInvalidConfigError,
    ModeDefinition,
    execute_pipeline,
    pipeline,
    resource,
    solid,
)
from dagsterlite_dask.resource_scope import ResourceScope, WorkerResources
from tests.test_dagsterlite_dask.cluster import Cluster, running_cluster
from tests.test_dagsterlite_dask.side import CONFIG, note, noted


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """One worker of two threads."""
    with running_cluster(tmp_path_factory.mktemp("logs"), 0) as cluster:
        cluster.add_worker(threads=2)
        yield cluster


@resource(config_schema=CONFIG)
def connection(context):
    folder = context.resource_config["folder"]
    note(folder, "made")
    made = object()
    yield made
    note(folder, "closed")


@solid(required_resource_keys={"connection"})
def use(context) -> tuple[int, int]:
    return id(context.resources.connection), threading.get_ident()


@solid(required_resource_keys={"connection"})
def use_after(context, before: tuple[int, int]) -> tuple[int, int]:
    return id(context.resources.connection), threading.get_ident()


@pipeline(mode_defs=[ModeDefinition(resource_defs={"connection": connection})])
def connected():
    for number in range(4):
        use_after.alias(f"after_{number}")(use.alias(f"use_{number}")())


def run(cluster: Cluster, folder: Path, scope: str) -> Any:
    config = {
        **cluster.config(resource_scope=scope, fuse="none", group="off"),
        "resources": {"connection": {"config": {"folder": str(folder)}}},
    }
    return execute_pipeline(connected, config)


def outputs(result: Any) -> list[tuple[int, int]]:
    names = [f"{kind}_{number}" for kind in ("use", "after") for number in range(4)]
    return [result.output_for_solid(name) for name in names]


def test_by_default_all_steps_on_a_worker_share_a_resource(
    cluster: Cluster, tmp_path: Path
) -> None:
    result = run(cluster, tmp_path, "worker")

    assert len({made for made, _thread in outputs(result)}) == 1
    assert noted(tmp_path) == {"made": 1, "closed": 1}


def test_threads_have_resources_of_their_own(cluster: Cluster, tmp_path: Path) -> None:
    result = run(cluster, tmp_path, "thread")

    by_thread: dict[int, set[int]] = {}
    for made, thread in outputs(result):
        by_thread.setdefault(thread, set()).add(made)
    assert all(len(made) == 1 for made in by_thread.values())
    count = len(by_thread)
    assert noted(tmp_path) == {"made": count, "closed": count}


def test_steps_have_resources_of_their_own(cluster: Cluster, tmp_path: Path) -> None:
    result = run(cluster, tmp_path, "step")

    assert result.success
    assert noted(tmp_path) == {"made": 8, "closed": 8}


def test_another_scope_is_refused_before_anything_runs(cluster: Cluster, tmp_path: Path) -> None:
    with pytest.raises(DagsterInvalidConfigError, match="resource_scope"):
        run(cluster, tmp_path, "run")

    assert noted(tmp_path) == {}


class Manager:
    """Tells when it is torn down."""

    def __init__(self, told: list[str], name: str) -> None:
        self._told = told
        self.name = name

    def tear_down(self, _on_error: object) -> None:
        self._told.append(self.name)


def managed(scope: ResourceScope) -> tuple[Any, list[str]]:
    told: list[str] = []
    made: list[Manager] = []

    def make() -> Any:
        made.append(Manager(told, str(len(made))))
        return made[-1]

    return WorkerResources(make, scope, lambda _key, _exc: None), told


def test_a_steps_resources_are_torn_down_at_its_end_also_if_it_raises() -> None:
    resources, told = managed(ResourceScope.STEP)

    def fail() -> None:
        with resources.of_step() as mine:
            assert mine.name == "1"
            assert told == []
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert told == ["1"]

    resources.tear_down()
    assert told == ["1", "0"]


def test_the_resources_of_threads_are_torn_down_with_the_run_the_last_first() -> None:
    resources, told = managed(ResourceScope.THREAD)

    for _ in range(2):
        with resources.of_step() as mine:
            assert mine.name == "1"
    resources.tear_down()

    assert told == ["1", "0"]
