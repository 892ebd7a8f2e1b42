"""What notebooks show of pipelines, plans, runs, instances and config."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    EventMetadata,
    Field,
    Noneable,
    Output,
    PipelineExecutionResult,
    Selector,
    TableColumn,
    TableRecord,
    TableSchema,
    create_execution_plan,
    execute_pipeline,
    graph,
    job,
    load_run_result,
    op,
    pipeline,
    reexecute_pipeline,
    solid,
)
from dagsterlite.config import resolve_to_config_type
from dagsterlite.demo.flights import flights_pipeline
from tests.test_render.graphs_of import knotted, long, wide
from tests.test_render.html_of import Page, page_of
from tests.test_render.runs_of import hooked, mapped, mixed, smooth

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def result_of(definition, instance: DagsterInstance | None = None) -> PipelineExecutionResult:
    return execute_pipeline(definition, QUIET, instance=instance, raise_on_error=False)


def node_titles(page: Page) -> list[str]:
    """Return the labels of a drawing's boxes."""
    return re.findall(r'font-weight="600"[^>]*>([^<]*)<', page.html)


# --- definitions ---


def test_a_pipeline_shows_its_graph_solids_modes_and_config() -> None:
    page = page_of(flights_pipeline)

    assert {"load_flights", "check_flights", "12 of join_month"} <= set(node_titles(page))
    for part in ("Why were flights", "flights: Flights", "Modes", "Presets", "All flights."):
        assert part in page.text
    assert "Run config in mode local" in page.text
    assert len(page.named("svg")) == 1


def test_a_composite_opens() -> None:
    page = page_of(knotted(12))

    assert "Inside four_times_11" in page.text
    assert {"twice", "twice_again", "four_times_11"} <= set(node_titles(page))
    assert len(page.named("svg")) == 2


def test_a_job_and_a_graph_speak_of_ops() -> None:
    @op
    def double(value: int) -> int:
        return 2 * value

    @op
    def three() -> int:
        return 3

    @graph
    def doubled():
        double(three())

    @job
    def nightly():
        double(three())

    assert "2 ops" in page_of(doubled).text
    page = page_of(nightly)
    assert "job" in page.words
    assert {"Bound to", "Run config"} <= set(page.words)


def test_a_mapped_solid_says_what_it_is_mapped_over() -> None:
    page = page_of(mapped)

    assert "for each of spread.result" in page.text
    assert [path for path in page.named("path") if path.get("stroke-dasharray")]


@pytest.mark.parametrize("make", [knotted, wide, long])
@pytest.mark.parametrize("count", [3, 60, 1_000])
def test_graphs_of_any_size_are_drawn_in_a_page_of_bearable_size(make, count: int) -> None:
    page = page_of(make(count))

    assert 1 <= len(page.named("svg")) <= 30
    assert len(page.html) < 400_000


def test_a_plan_shows_its_steps_level_by_level() -> None:
    page = page_of(create_execution_plan(mixed))

    assert "6 of 6 steps in 3 levels" in page.text
    assert "break_down.compute" in page.text
    assert "break_down" in node_titles(page)


def test_a_plan_of_some_steps_draws_those_alone() -> None:
    page = page_of(create_execution_plan(mixed).build_subset_plan(["check", "flaky"]))

    assert node_titles(page) == ["check", "flaky"]


# --- runs ---


def test_a_result_shows_states_steps_assets_expectations_and_what_failed() -> None:
    page = page_of(result_of(mixed))

    assert "✗ FAILURE" in page.text
    assert "✓ 3 success" in page.text
    for part in ("break_down failed", "ValueError: no rows", 'return rows["x"]'):
        assert part in page.text
    assert "/data/t.csv" in page.text
    assert "It should have 10 rows." in page.text
    assert "Event log" in page.text
    signs = set(re.findall(r'font-weight="700"[^>]*>([^<]*)<', page.html))
    assert signs == {"✓", "✗", "↷", "∅"}


def test_a_result_has_a_bar_of_time_for_each_step_that_ran() -> None:
    page = page_of(result_of(mixed))

    lanes = [one for one in page.named("div") if one.get("class") == "dl-lane"]
    assert len(lanes) == 4
    assert all("after the run's start" in (lane["title"] or "") for lane in lanes)


def test_steps_of_mapping_keys_color_the_solid_that_they_come_from() -> None:
    page = page_of(result_of(mapped))

    assert "use[a]" in page.text
    assert "8 success" in page.text
    assert set(re.findall(r'font-weight="700"[^>]*>([^<]*)<', page.html)) == {"✓"}


def test_of_a_large_run_what_failed_is_seen_first() -> None:
    page = page_of(result_of(wide(998)))

    assert "✗ 1 failure" in page.text
    assert "LookupError: no such shard" in page.text
    assert page.text.index("✗ shard_77") < page.text.index("✓ shard_0")
    assert len(page.html) < 400_000


def test_what_an_earlier_run_left_is_drawn_as_taken_over(tmp_path: Path) -> None:
    kept = {**QUIET, "intermediate_storage": {"filesystem": {}}}
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        first = execute_pipeline(mixed, kept, instance=instance, raise_on_error=False)
        again = reexecute_pipeline(
            mixed, first.run_id, kept, step_selection=["check"], instance=instance
        )
        page = page_of(again)

    assert "TAKEN OVER" in page.text
    assert "✓ 1 success" in page.text
    assert "↩" in re.findall(r'font-weight="700"[^>]*>([^<]*)<', page.html)


def test_hooks_that_raise_are_told_in_the_event_log() -> None:
    assert "no such host" in page_of(result_of(hooked(1))).text


def test_a_recorded_run_is_shown_like_the_one_that_just_ended(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        run_id = result_of(mixed, instance).run_id
        page = page_of(load_run_result(mixed, run_id, instance))

    assert "ValueError: no rows" in page.text


def test_without_its_instance_a_result_still_says_how_it_ended(tmp_path: Path) -> None:
    with DagsterInstance.local_temp(str(tmp_path)) as instance:
        result = result_of(smooth, instance)
    page = page_of(result)

    assert {"smooth", "✓ SUCCESS"} <= set(page.words)


def test_the_result_of_a_job_is_shown() -> None:
    @op
    def three() -> int:
        return 3

    @job
    def nightly():
        three()

    assert "✓ SUCCESS" in page_of(nightly.execute_in_process(run_config=QUIET)).text


def test_an_instance_shows_its_newest_runs() -> None:
    instance = DagsterInstance.ephemeral()
    assert "No run yet." in page_of(instance).text
    for _ in range(26):
        result_of(smooth, instance)
    result_of(mixed, instance)
    page = page_of(instance)

    assert {"27 runs", "… and 2 older runs", "✗ FAILURE", "✓ SUCCESS"} <= set(page.words)


# --- config ---


def test_a_schema_shows_its_fields_with_types_defaults_and_meanings() -> None:
    schema = resolve_to_config_type(
        {
            "rows": Field(int, default_value=3, description="How many."),
            "source": Selector({"url": str, "file": {"path": Field(str, is_required=False)}}),
            "parts": Field(Noneable([{"name": str}]), is_required=False),
        }
    )
    page = page_of(schema)

    assert "rows\n?: \nInt\n = 3\n  How many." in page.text
    assert "source\n: \n{…}\nexactly one of" in page.text
    assert "path\n?: \nString" in page.text
    assert "name\n: \nString" in page.text


def test_a_field_shows_itself() -> None:
    page = page_of(Field({"rows": int}, description="What to load."))

    assert "config\n: \n{…}\n  What to load.\nrows\n: \nInt" in page.text


def test_tables_in_metadata_are_shown_as_tables() -> None:
    head = [TableRecord(name=f"n{i}", rows=i) for i in range(120)]
    columns = TableSchema([TableColumn("rows", "int", "How many.")])

    @solid
    def write(_):
        yield AssetMaterialization("sales", metadata={"head": EventMetadata.table(head)})
        yield AssetMaterialization("stock", metadata={"columns": columns})
        yield Output(None)

    @pipeline
    def writing():
        write()

    page = page_of(execute_pipeline(writing, QUIET))

    assert "n99" in page.text
    assert "n100" not in page.text
    assert "… and 20 more" in page.text
    assert "How many." in page.text


def test_hooks_that_raised_are_told_with_their_traceback() -> None:
    page = page_of(result_of(hooked(5)))

    for part in ("✗ step_0: ", "ConnectionError: no such host", "… and 2 more hooks raised"):
        assert part in page.text


# --- readers that take away ---

PICTURE = "data:image/svg+xml;base64,"


def test_where_drawings_and_styles_are_taken_away_a_picture_stands_for_each() -> None:
    page = page_of(result_of(mixed))

    (picture,) = page.named("img")
    drawing = base64.b64decode((picture["src"] or "").removeprefix(PICTURE)).decode()
    shown = Page(drawing)
    assert {"load", "check", "flaky", "break_down"} <= set(node_titles(shown))
    assert "inherit" not in drawing
    assert picture["alt"] == "A graph of 6 boxes"
    # What is left of a drawing, its texts, is hidden without the style that shows it.
    assert '<div class="dl-drawn" style="display:none"><svg' in page.html
    assert page.html.index(".dl-drawn{display:block!important}") < page.html.index("<svg")


def test_without_a_style_words_do_not_run_into_each_other() -> None:
    text = "".join(page_of(result_of(mixed)).words)

    assert "mixed ✗ FAILURE run " in text
    assert "✓ 3 success ✗ 1 failure " in text


@pytest.mark.parametrize("host", ["[data-jp-theme-light", ".vscode-dark", ".vscode-light"])
def test_colors_of_texts_follow_the_theme_of_the_page(host: str) -> None:
    page = page_of(result_of(mixed))

    assert host in page.html
    assert "color:#d9534f;color:var(--dl-bad,#d9534f)" in page.html
    assert "prefers-color-scheme" not in page.html


# --- hostile users ---

EVIL = "<img src=x onerror=alert(1)>\x1b[31m\"'</pre></svg>" + "y" * 5_000


@solid(description=EVIL, config_schema={"x": Field(str, default_value=EVIL, description=EVIL)})
def evil(context):
    context.log.info(EVIL)
    yield AssetMaterialization(
        EVIL,
        EVIL,
        metadata={
            EVIL: EVIL,
            "path": EventMetadata.path(EVIL),
            "json": EventMetadata.json({EVIL: EVIL}),
            "code": EventMetadata.url("javascript:alert(1)"),
            "link": EventMetadata.url('https://example.com/?"><script>'),
            "md": EventMetadata.md(EVIL),
            "table": EventMetadata.table([TableRecord({EVIL: EVIL})]),
            "schema": TableSchema([TableColumn(EVIL, EVIL, EVIL)]),
        },
    )
    raise ValueError(EVIL)
    yield Output(None)


@pipeline(description=EVIL)
def hostile():
    evil()


def hostile_result() -> object:
    run_config = {**QUIET, "solids": {"evil": {"config": {"x": EVIL}}}}
    return execute_pipeline(hostile, run_config, tags={"tag": EVIL}, raise_on_error=False)


def hostile_instance() -> DagsterInstance:
    instance = DagsterInstance.ephemeral()
    execute_pipeline(hostile, QUIET, tags={"t": EVIL}, instance=instance, raise_on_error=False)
    return instance


@pytest.mark.parametrize(
    "make",
    [
        lambda: hostile,
        lambda: create_execution_plan(hostile),
        lambda: evil.config_field,
        hostile_result,
        hostile_instance,
    ],
    ids=["pipeline", "plan", "config", "result", "instance"],
)
def test_hostile_texts_do_no_harm(make: Callable[[], object]) -> None:
    page = page_of(make())

    names = {name for name, _ in page.tags}
    assert names.isdisjoint({"script", "iframe", "object"})
    assert all((one["src"] or "").startswith(PICTURE) for one in page.named("img"))
    assert not [key for _, attributes in page.tags for key in attributes if key.startswith("on")]
    assert {link["href"] for link in page.named("a")} <= {'https://example.com/?"><script>'}
    assert "\x1b" not in page.html
    assert len(page.html) < 200_000
