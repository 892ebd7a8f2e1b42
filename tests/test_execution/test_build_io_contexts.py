from __future__ import annotations

import logging

import pytest

from dagsterlite import (
    AssetKey,
    CheckError,
    DagsterInvariantViolationError,
    DagsterUnknownResourceError,
    InputContext,
    Int,
    IOManager,
    OutputContext,
    build_input_context,
    build_output_context,
    resource,
    solid,
)


class Doubles(IOManager):
    """Needs all of what the tests give."""

    def __init__(self):
        self.kept = {}

    def handle_output(self, context, obj):
        factor = context.resources.factor * context.config["times"]
        self.kept[tuple(context.get_identifier())] = obj * factor
        context.add_output_metadata({"table": context.metadata["table"]})

    def load_input(self, context):
        return self.kept[tuple(context.get_identifier())]


@solid
def one(_context):
    return 1


def test_a_manager_is_tested_without_a_run() -> None:
    manager = Doubles()
    context = build_output_context(
        step_key="one.compute",
        name="result",
        run_id="r",
        metadata={"table": "t"},
        config={"times": 2},
        resources={"factor": 5},
    )

    manager.handle_output(context, 1)

    assert [entry.label for entry in context.get_logged_metadata()] == ["table"]
    assert manager.load_input(build_input_context(name="x", upstream_output=context)) == 10


def test_an_output_context_has_what_it_was_given() -> None:
    context = build_output_context(
        "one.compute",
        "result",
        {"a": 1},
        "r",
        "key",
        {"b": 2},
        int,
        "v1",
        {"c": 3},
        {"d": 4},
        one,
        asset_key=["lake", "one"],
    )

    assert isinstance(context, OutputContext)
    assert (context.step_key, context.name, context.run_id) == ("one.compute", "result", "r")
    assert (context.metadata, context.config, context.resource_config) == (
        {"a": 1},
        {"b": 2},
        {"c": 3},
    )
    assert (context.mapping_key, context.version) == ("key", "v1")
    assert context.dagster_type is Int
    assert context.resources.d == 4
    assert context.op_def is one
    assert context.asset_key == AssetKey(["lake", "one"])
    assert context.get_run_scoped_output_identifier() == ["r", "one.compute", "result", "key"]
    assert isinstance(context.log, logging.Logger)


def test_an_input_context_has_what_it_was_given() -> None:
    upstream = build_output_context("one.compute", "result", run_id="r")
    step_context = object()
    context = build_input_context(
        "number",
        1,
        {"a": 1},
        upstream,
        int,
        {"c": 3},
        {"d": 4},
        op_def=one,
        step_context=step_context,
        asset_key="one",
    )

    assert isinstance(context, InputContext)
    assert (context.name, context.config, context.metadata) == ("number", 1, {"a": 1})
    assert context.upstream_output is upstream
    assert context.has_input_name
    assert context.dagster_type is Int
    assert context.resources.d == 4
    assert context.solid_def is one
    assert context.step_context is step_context
    assert context.get_asset_identifier() == ["one"]


@pytest.mark.parametrize(
    "name",
    ["step_key", "name", "run_id", "pipeline_name", "solid_def", "dagster_type", "asset_key"],
)
def test_what_was_left_out_is_told_where_it_is_asked_for(name: str) -> None:
    with pytest.raises(DagsterInvariantViolationError, match=f"OutputContext.{name} was asked for"):
        getattr(build_output_context(), name)


def test_resources_may_be_definitions_too() -> None:
    told: list[str] = []

    @resource(required_resource_keys={"host"})
    def client(context):
        yield f"client of {context.resources.host}"
        told.append("closed")

    given = {"client": client, "host": "here"}

    with build_output_context(resources=given) as output:
        assert output.resources.client == "client of here"
    with build_input_context(resources=given) as loaded:
        assert loaded.resources.client == "client of here"
    assert told == ["closed", "closed"]
    with pytest.raises(DagsterInvariantViolationError, match="its context must be entered"):
        _ = build_output_context(resources=given).resources


def test_metadata_has_a_newer_name() -> None:
    output = build_output_context(definition_metadata={"table": "a"})
    loaded = build_input_context(definition_metadata={"table": "b"}, upstream_output=output)

    assert output.metadata == output.definition_metadata == {"table": "a"}
    assert loaded.metadata == {"table": "b"}
    assert loaded.upstream_output is output


def test_an_unconnected_input_has_no_identifier() -> None:
    with pytest.raises(DagsterInvariantViolationError, match="this input has none"):
        build_input_context(name="x").get_identifier()


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(CheckError, match="two names of one argument"):
        build_output_context(solid_def=one, op_def=one)
    with pytest.raises(CheckError, match="'definition_metadata' are two names of one"):
        build_output_context(metadata={}, definition_metadata={})
    with pytest.raises(CheckError, match="upstream_output"):
        build_input_context(upstream_output=3)  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="'resources' must be a dict"):
        build_output_context(resources=[1])  # type: ignore[arg-type]
    with pytest.raises(CheckError, match="metadata"):
        build_input_context(metadata="text")  # type: ignore[arg-type]
    with pytest.raises(DagsterUnknownResourceError):
        _ = build_output_context().resources.missing
