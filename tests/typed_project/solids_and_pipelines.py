"""A typed project in the older vocabulary, as a user writes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_type

from dagsterlite import (
    AssetMaterialization,
    CompositeSolidDefinition,
    DagsterInstance,
    EventMetadataEntry,
    ExpectationResult,
    InitResourceContext,
    InputDefinition,
    Int,
    ModeDefinition,
    Nothing,
    Output,
    OutputDefinition,
    PipelineDefinition,
    PipelineExecutionResult,
    PresetDefinition,
    SolidDefinition,
    SolidExecutionContext,
    TypeCheckContext,
    composite_solid,
    execute_pipeline,
    lambda_solid,
    pipeline,
    resource,
    solid,
)


@resource
def words(_context: InitResourceContext) -> list[str]:
    return ["a", "b", "a"]


@solid(required_resource_keys={"words"}, config_schema={"limit": int})
def load(context: SolidExecutionContext) -> list[str]:
    found: list[str] = context.resources.words
    context.log.info("loading %s words", len(found))
    return found[: context.solid_config["limit"]]


@solid(output_defs=[OutputDefinition(Int, "count"), OutputDefinition(Nothing, "done")])
def count(
    _context: SolidExecutionContext, found: list[str]
) -> Iterator[Output | ExpectationResult]:
    yield ExpectationResult(success=bool(found), label="some words")
    yield Output(len(found), "count")
    yield Output(None, "done")


@solid(input_defs=[InputDefinition("start", Nothing)])
def report(_context: SolidExecutionContext) -> Iterator[AssetMaterialization | Output]:
    entries = [EventMetadataEntry.text("all", "which")]
    yield AssetMaterialization("words", metadata_entries=entries)
    yield Output(None)


@lambda_solid
def inc(number: int) -> int:
    return number + 1


@composite_solid
def twice(number: int) -> Any:
    return inc(inc(number))


@pipeline(
    mode_defs=[ModeDefinition("local", resource_defs={"words": words})],
    preset_defs=[
        PresetDefinition("few", {"solids": {"load": {"config": {"limit": 2}}}}, mode="local")
    ],
)
def counting() -> None:
    number, done = count(load())
    twice(number)
    report(start=done)


assert_type(load, SolidDefinition)
assert_type(twice, CompositeSolidDefinition)
assert_type(counting, PipelineDefinition)


def is_word(_context: TypeCheckContext, value: object) -> bool:
    return isinstance(value, str)


def run() -> bool:
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(counting, preset="few", instance=instance)
        assert_type(result, PipelineExecutionResult)
        value: int = result.output_for_solid("twice")
        return result.success and value == 4
