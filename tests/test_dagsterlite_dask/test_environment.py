"""Variables that config names, set where steps run and not where the run is driven from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DagsterInvalidConfigError,
    ModeDefinition,
    StringSource,
    execute_pipeline,
    pipeline,
    resource,
    solid,
)
from dagsterlite.errors import DagsterClusterError
from tests.event_lists import recorded
from tests.test_dagsterlite_dask.cluster import Cluster

NAME = "DAGSTERLITE_ON_WORKERS"


@resource(config_schema={"url": StringSource})
def database(context):
    return context.resource_config["url"]


@solid(config_schema={"path": StringSource}, required_resource_keys={"db"})
def reads(context):
    return [len(context.solid_config["path"]), len(context.resources.db)]


@pipeline(mode_defs=[ModeDefinition(resource_defs={"db": database})])
def reading():
    reads()


@pytest.fixture
def instance() -> Iterator[DagsterInstance]:
    with DagsterInstance.local_temp() as made:
        yield made


def config_with(execution: dict[str, Any]) -> dict[str, Any]:
    return {
        "execution": execution,
        "solids": {"reads": {"config": {"path": {"env": NAME}}}},
        "resources": {"db": {"config": {"url": {"env": NAME}}}},
        "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
    }


def config_on(cluster: Cluster) -> dict[str, Any]:
    existing = {"cluster": {"existing": {"address": cluster.address}}}
    return config_with({"dask": {"config": existing}})


def test_steps_read_the_variables_of_their_workers(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    cluster.client.run(exec, f"import os; os.environ['{NAME}'] = 'abc'")
    try:
        result = execute_pipeline(reading, config_on(cluster), instance=instance)
    finally:
        cluster.client.run(exec, f"import os; del os.environ['{NAME}']")

    assert result.output_for_solid("reads") == [3, 3]
    (run,) = instance.get_runs()
    assert run.run_config["resources"]["db"]["config"]["url"] == {"env": NAME}


def test_a_variable_that_workers_lack_too_is_told_before_anything_runs(
    cluster: Cluster, instance: DagsterInstance
) -> None:
    with pytest.raises(DagsterClusterError, match=f'variable "{NAME}" is not set'):
        execute_pipeline(reading, config_on(cluster), instance=instance)
    assert not any("STEP" in kind for kind in recorded(instance))


def test_processes_on_this_machine_have_the_variables_of_the_driver() -> None:
    with pytest.raises(DagsterInvalidConfigError, match=f'variable "{NAME}" is not set'):
        execute_pipeline(reading, config_with({"multiprocess": {}}))
