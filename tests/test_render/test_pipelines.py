"""Pipelines as text."""

from __future__ import annotations

from dagsterlite import (
    Field,
    InputDefinition,
    Int,
    List,
    ModeDefinition,
    Nothing,
    OutputDefinition,
    PresetDefinition,
    RetryPolicy,
    composite_solid,
    pipeline,
    resource,
    solid,
    success_hook,
)
from dagsterlite.config import print_config_type
from dagsterlite.render.pipelines import pipeline_list, pipeline_report, solid_views
from dagsterlite.run_config.schema import build_schema
from tests.test_render.runs_of import spread, text_of, use


@resource({"url": Field(str, description="Where it answers.")})
def database(init_context):
    return init_context.resource_config["url"]


@solid(
    config_schema={"rows": Field(Int, default_value=3, description="How many rows.")},
    output_defs=[OutputDefinition(List[Int], "rows"), OutputDefinition(Nothing, "done")],
    required_resource_keys={"database"},
)
def load(_context):
    """Load it.

    At length.
    """


@solid(
    input_defs=[
        InputDefinition("parts", List[List[Int]]),
        InputDefinition("limit", Int, default_value=10, description="At most."),
    ]
)
def merge(_context, parts, limit):
    return parts


@composite_solid
def load_and_merge():
    rows, _ = load.alias("inner")()
    return merge([rows])


@pipeline(
    mode_defs=[ModeDefinition("prod", {"database": database}, description="For real.")],
    preset_defs=[PresetDefinition("small", mode="prod", solid_selection=["load"])],
)
def whole():
    """Do all of it.

    And more.
    """
    rows, _ = load()
    more, _ = load.alias("load_more")()
    merge([rows, more])
    load_and_merge()


def report() -> str:
    mode = whole.get_mode_definition("prod")
    return text_of(pipeline_report(whole, mode, print_config_type(build_schema(whole, mode))))


def test_solids_stand_in_order_with_ports_types_and_sources() -> None:
    text = report()

    assert "  load  Load it.\n    out rows: [Int]\n    out done: Nothing\n" in text
    assert "  load_more (solid 'load')" in text
    assert "    in  parts: [[Int]] ← load.rows, load_more.rows\n" in text
    assert "    in  limit: Int  (has a default)  At most.\n" in text
    assert "needs resources: database" in text


def test_a_composite_shows_what_is_inside() -> None:
    assert "    inner (solid 'load')  Load it.\n" in report()
    views = {view.name: view for view in solid_views(whole.graph)}
    assert [view.name for view in views["load_and_merge"].inside] == ["inner", "merge"]


def test_dynamic_outputs_and_what_is_mapped_over_them_are_marked() -> None:
    @composite_solid
    def inner(value):
        return use(value)

    @composite_solid
    def outer():
        return spread().map(inner)

    @pipeline
    def dynamic():
        use.alias("use_all")(outer().map(use.alias("again")).collect())

    text = text_of(pipeline_report(dynamic, dynamic.get_mode_definition(), []))
    assert "    out result: Any  (dynamic)\n" in text
    assert "      use  once for each of outer.spread.result\n" in text
    assert "  again (solid 'use')  once for each of outer.spread.result\n" in text
    assert "    in  value: Any ← all of again.result\n" in text


def test_modes_presets_and_the_config_with_descriptions_follow() -> None:
    text = report()

    assert "  prod  For real.  resources: database; executors: in_process" in text
    assert "  small  mode prod  selects load" in text
    assert "# How many rows." in text
    assert "rows?: Int = 3" in text
    assert "# Where it answers." in text


def test_the_list_has_a_line_a_pipeline() -> None:
    assert text_of(pipeline_list([(whole, "a.py:whole")])) == "whole  a.py:whole  Do all of it."


def test_hooks_and_retries_stand_with_what_they_hold_for() -> None:
    @success_hook
    def tell(_context):
        pass

    @success_hook
    def also(_context):
        pass

    @solid(retry_policy=RetryPolicy(2))
    def work(_context):
        pass

    @tell
    @pipeline(solid_retry_policy=RetryPolicy(5))
    def graph():
        work.with_hooks({tell, also})()
        work.alias("often").with_retry_policy(RetryPolicy(3))()
        work.alias("once_more").with_retry_policy(RetryPolicy())()

    mode = graph.get_default_mode()
    lines = text_of(pipeline_report(graph, mode, [])).splitlines()

    assert lines[1:3] == ["  hooks: tell", "  tried again 5 times at most"]
    views = {view.name: view for view in solid_views(graph.graph)}
    assert (views["work"].hooks, views["work"].max_retries) == (("also", "tell"), 2)
    assert (views["often"].hooks, views["often"].max_retries) == ((), 3)
    assert "    hooks: also, tell" in lines
    assert "    tried again 3 times at most" in lines
    assert "    tried again 1 time at most" in lines
