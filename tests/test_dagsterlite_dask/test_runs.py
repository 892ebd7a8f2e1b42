"""Runs on a real cluster: its scheduler lacks dagsterlite, its workers the tests' modules."""

from __future__ import annotations

from dagsterlite import DagsterInstance, InputDefinition, execute_pipeline, pipeline, solid
from tests.event_lists import assert_gap_free, logged
from tests.test_dagsterlite_dask.cluster import Cluster


@solid
def one(_context):
    return 1


@solid(input_defs=[InputDefinition("number", int)])
def add_one(context, number):
    context.log.info("got %s", number)
    return number + 1


@pipeline
def diamond():
    source = one()
    add_one.alias("left")(source)
    add_one.alias("right")(source)


def test_a_pipeline_runs_and_leaves_the_cluster_clean(cluster: Cluster) -> None:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(diamond, cluster.config(), instance=instance)
        assert result.success
        assert result.output_for_solid("left") == 2
        assert_gap_free(logged(instance))
