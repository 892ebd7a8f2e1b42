from __future__ import annotations

import pdb  # noqa: T100
from typing import Any

from dagsterlite import (
    DagsterInstance,
    InputDefinition,
    ModeDefinition,
    Output,
    OutputDefinition,
    composite_solid,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.execution.contexts import AbstractComputeExecutionContext, SolidExecutionContext

SEEN: dict[str, Any] = {}


@solid(config_schema={"n": int})
def looks(context):
    SEEN.update(
        context=context,
        instance=context.instance,
        pdb=context.pdb,
        run=context.pipeline_run,
        config=context.solid_config,
        tags=(context.has_tag("team"), context.get_tag("team"), context.get_tag("no")),
        step_tag=context.get_tag("step_key"),
        has=context.has_tag("no"),
        log=context.log,
        pipeline_def=context.pipeline_def,
        pipeline_name=context.pipeline_name,
        mode_def=context.mode_def,
        resources=context.resources,
        run_id=context.run_id,
        run_config=context.run_config,
        solid=context.solid,
        solid_def=context.solid_def,
        solid_handle=context.solid_handle,
        step_key=context.step_key,
        retry_number=context.retry_number,
    )


@composite_solid
def outer():
    looks.alias("glance")()


@pipeline(mode_defs=[ModeDefinition("m")], tags={"team": "data"})
def graph():
    outer()


def test_a_solid_is_given_the_documented_context() -> None:
    run_config = {"solids": {"outer": {"solids": {"glance": {"config": {"n": 3}}}}}}
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(graph, run_config, instance=instance)
    context = SEEN["context"]
    assert isinstance(context, SolidExecutionContext)
    assert isinstance(context, AbstractComputeExecutionContext)
    assert SEEN["instance"] is instance
    assert isinstance(SEEN["pdb"], pdb.Pdb)
    assert SEEN["run"].run_id == SEEN["run_id"] == result.run_id
    assert SEEN["run"].mode == SEEN["mode_def"].name == "m"
    assert SEEN["config"] == {"n": 3}
    assert SEEN["tags"] == (True, "data", None)
    assert SEEN["has"] is False
    assert SEEN["step_tag"] == SEEN["step_key"] == "outer.glance.compute"
    assert SEEN["pipeline_def"] is graph
    assert SEEN["pipeline_name"] == "graph"
    assert SEEN["run_config"] == run_config
    assert SEEN["solid"].name == "glance"
    assert SEEN["solid_def"] is looks
    assert str(SEEN["solid_handle"]) == "outer.glance"
    assert SEEN["retry_number"] == 0
    assert SEEN["log"].logging_tags["run_id"] == result.run_id
    assert repr(SEEN["resources"]) == "Resources()"


def test_the_instance_in_a_solid_shows_the_run_as_it_runs() -> None:
    @solid(output_defs=[OutputDefinition(name="status"), OutputDefinition(name="events")])
    def asks(context):
        yield Output(context.instance.get_run_by_id(context.run_id).status.value, "status")
        yield Output(len(context.instance.all_logs(context.run_id)), "events")

    @solid(input_defs=[InputDefinition("x")])
    def passes(_context, x):
        return x

    @pipeline
    def one():
        status, _ = asks()
        passes(status)

    result = execute_pipeline(one)
    assert result.output_for_solid("passes") == "STARTED"
    assert result.output_for_solid("asks", "events") >= 2
