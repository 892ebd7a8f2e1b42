"""A typed project in the newer vocabulary, as a user writes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_type

from dagsterlite import (
    AssetMaterialization,
    ConfigMapping,
    DagsterInstance,
    DagsterRun,
    DynamicOut,
    DynamicOutput,
    ExecuteInProcessResult,
    GraphDefinition,
    GraphIn,
    GraphOut,
    In,
    InitResourceContext,
    JobDefinition,
    MetadataValue,
    Nothing,
    OpDefinition,
    OpExecutionContext,
    Out,
    Output,
    config_mapping,
    execute_job,
    graph,
    in_process_executor,
    job,
    op,
    resource,
)


class Database:
    def __init__(self, url: str) -> None:
        self.url = url

    def rows(self) -> list[int]:
        return [len(self.url)]


@resource(config_schema={"url": str})
def database(context: InitResourceContext) -> Database:
    return Database(context.resource_config["url"])


@op(required_resource_keys={"db"}, config_schema={"limit": int}, code_version="1")
def load(context: OpExecutionContext) -> list[int]:
    db: Database = context.resources.db
    limit: int = context.op_config["limit"]
    context.add_output_metadata({"url": MetadataValue.text(db.url)})
    context.log_event(AssetMaterialization("rows", metadata={"limit": limit}))
    return db.rows()[:limit]


@op(out={"even": Out(), "odd": Out(is_required=False)}, ins={"rows": In(description="Numbers.")})
def split(rows: list[int]) -> tuple[list[int], list[int]]:
    return [n for n in rows if n % 2 == 0], [n for n in rows if n % 2]


@op
def total(numbers: list[int]) -> Output[int]:
    return Output(sum(numbers), metadata={"count": len(numbers)})


@op(ins={"start": In(Nothing)})
def streams() -> Iterator[AssetMaterialization | Output[int]]:
    yield AssetMaterialization("done")
    yield Output(1)


@graph(ins={"rows": GraphIn("Numbers.")}, out={"sum": GraphOut()})
def summed(rows: list[int]) -> Any:
    even, _ = split(rows)
    return {"sum": total(even)}


@op(out=DynamicOut())
def parts(rows: list[int]) -> list[DynamicOutput[int]]:
    return [DynamicOutput(n, mapping_key=f"row_{n}", metadata={"n": n}) for n in rows]


@op(out=DynamicOut(int))
def streamed_parts(rows: list[int]) -> Iterator[DynamicOutput[int]]:
    for n in rows:
        yield DynamicOutput(n, mapping_key=str(n))


@graph
def each() -> Any:
    return summed(parts(load()).map(lambda n: n).collect())


@job(
    resource_defs={"db": database},
    config={"resources": {"db": {"config": {"url": "x"}}}},
    executor_def=in_process_executor,
    tags={"team": "data"},
)
def sums() -> Any:
    return streams(start=summed(load()))


@config_mapping(config_schema={"limit": int})
def simple(config: dict[str, int]) -> Mapping[str, Any]:
    return {"ops": {"load": {"config": {"limit": config["limit"]}}}}


small: JobDefinition = summed.to_job(name="small", input_values={"rows": [1, 2]})

assert_type(load, OpDefinition)
assert_type(summed, GraphDefinition)
assert_type(sums, JobDefinition)
assert_type(simple, ConfigMapping)


def run() -> bool:
    result = sums.execute_in_process({"ops": {"load": {"config": {"limit": 3}}}})
    assert_type(result, ExecuteInProcessResult)
    assert_type(result.dagster_run, DagsterRun)
    value: int = result.output_value()
    with execute_job(small, DagsterInstance.ephemeral()) as done:
        return done.success and value == 1
