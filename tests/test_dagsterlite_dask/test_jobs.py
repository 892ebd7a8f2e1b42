"""Jobs on a cluster: equal to one process, their config, inputs and values too."""

from __future__ import annotations

from typing import Any

from dagsterlite import (
    AssetMaterialization,
    ConfigMapping,
    DagsterInstance,
    In,
    Nothing,
    Out,
    Output,
    execute_job,
    graph,
    job,
    op,
)
from dagsterlite_dask.definitions import dask_executor
from tests.test_dagsterlite_dask.cluster import Cluster
from tests.test_dagsterlite_dask.test_equal_events import assert_equal_runs


@op(out={"low": Out(), "high": Out(is_required=False)}, config_schema={"by": int})
def split(context, numbers: list[int]) -> tuple[int, int]:
    context.log_event(AssetMaterialization("split", metadata={"count": len(numbers)}))
    context.add_output_metadata({"by": context.op_config["by"]}, "high")
    return Output(min(numbers), metadata={"kind": "min"}), max(numbers)  # type: ignore[return-value]


@op
def half(n: int) -> float:
    return n / 2


@op(ins={"start": In(Nothing)})
def says(word: str) -> str:
    return word


@graph
def middle(numbers):
    low, high = split(numbers)
    half.alias("of_low")(low)
    return half(high)


@job(
    input_values={"numbers": [4, 2, 8]},
    config={"ops": {"middle": {"ops": {"split": {"config": {"by": 3}}}}}},
)
def newer(numbers, word):
    return says(word, start=middle(numbers))


def test_a_job_runs_on_a_cluster_as_in_one_process(cluster: Cluster) -> None:
    assert_equal_runs(newer, cluster, {"inputs": {"word": "hello"}})


@op(config_schema=str)
def tells(context) -> str:
    return str(context.op_config)


def at_cluster(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "execution": {"config": {"cluster": {"existing": {"address": config["address"]}}}},
        "ops": {"tells": {"config": config["word"]}},
    }


def test_the_executor_of_a_job_is_configured_by_what_its_config_is_mapped_to(
    cluster: Cluster,
) -> None:
    @job(
        executor_def=dask_executor, config=ConfigMapping(at_cluster, {"address": str, "word": str})
    )
    def mapped():
        return tells()

    with DagsterInstance.ephemeral() as instance:
        config = {"address": cluster.address, "word": "plain"}
        assert execute_job(mapped, instance, config).output_value() == "plain"
