"""Steps of a run on a cluster whose resources have them executed elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from dagsterlite import (
    DagsterInstance,
    DagsterStepExecutionFailed,
    ModeDefinition,
    RetryRequested,
    StepLauncher,
    execute_pipeline,
    pipeline,
    resource,
    run_step_from_ref,
    solid,
    step_context_to_step_run_ref,
)
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.test_equal_events import QUIET, by_step


@resource
def launcher(_context):
    class FromMessage(StepLauncher):
        def launch_step(self, step_context, prior_attempts_count):
            ref = step_context_to_step_run_ref(step_context, prior_attempts_count)
            yield from run_step_from_ref(ref)

    return FromMessage()


@solid
def one(_context):
    return 1


@solid(required_resource_keys={"launcher"})
def retries_once(context, number):
    if not context.retry_number:
        raise RetryRequested
    return number + context.retry_number


@solid(required_resource_keys={"launcher"})
def fails(_context):
    raise ValueError("no")


@pipeline(mode_defs=[ModeDefinition(resource_defs={"launcher": launcher})])
def launched():
    retries_once.alias("again")(retries_once(one()))
    retries_once.alias("never")(fails())


def events(config: dict[str, Any]) -> dict[str, list[str]]:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(launched, config, instance=instance, raise_on_error=False)
        assert_gap_free(logged(instance))
        assert result.output_for_solid("again") == 3
        return by_step(logged(instance))


def test_launched_steps_run_on_a_cluster_as_in_one_process(cluster: Cluster) -> None:
    here = events({**QUIET, "intermediate_storage": {"filesystem": {}}})
    there = events(cluster.config())

    assert there == here


def test_what_failed_in_a_launched_step_is_raised(cluster: Cluster) -> None:
    with pytest.raises(DagsterStepExecutionFailed, match=r"fails\.compute: ValueError: no"):
        execute_pipeline(launched, cluster.config())
