"""Whatever users write, in names, values and messages, does nothing in a page or on a terminal."""

from __future__ import annotations

import io
import time
import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from dagsterlite import (
    AssetMaterialization,
    DagsterInstance,
    DagsterType,
    EventMetadata,
    ExpectationResult,
    Failure,
    Field,
    InputDefinition,
    ModeDefinition,
    Output,
    OutputDefinition,
    PipelineDefinition,
    PresetDefinition,
    create_execution_plan,
    execute_pipeline,
    pipeline,
    solid,
)
from dagsterlite.config import print_config_type, resolve_to_config_type
from dagsterlite.render.display import LineDisplay
from dagsterlite.render.notebook_display import Canvas, NotebookDisplay
from dagsterlite.render.pipelines import pipeline_report
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.run_report import RunView, event_log, run_report
from dagsterlite.render.runs import runs_table
from dagsterlite.render.screen import screen
from dagsterlite.render.summary import summary_lines
from dagsterlite.run_config.schema import run_config_type
from tests.test_render.html_of import Page
from tests.test_render.runs_of import text_of

SHARP = (
    "<script>alert(1)</script>",
    "</script></style></pre></svg></title></details>",
    "<!--",
    "]]>",
    '" onload="alert(1)" x="',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    'https://example.com/"><img src=x onerror=alert(1)>',
    "&lt;b&gt;&#60;b&#62;",
    "}.dagsterlite{display:none}",
    "url(https://example.com/spy)",
    "\x1b[2J\x1b[31mred",
    "\x1b]8;;https://example.com\x07link\x1b]8;;\x07",
    "\x9b2J",
    "\x00",
    "\r\n\x0b\x0c\x85\u2028\u2029",
    "\u202egnp.exe\u2066\u2069\u200f\ufeff",
    "\ud800",
    "👩\u200d🚀🏳️\u200d🌈",
    "[bold red]markup[/]",
    "{0} %s {braces}",
)
LONG = ("x" * 100_000, "line\n" * 2_000, "<&\x1b" * 30_000)

texts = st.lists(st.sampled_from(SHARP) | st.text(max_size=8), min_size=1, max_size=4).map("".join)

ELEMENTS = frozenset(
    {"a", "b", "br", "code", "details", "div", "g", "img", "li", "path", "pre", "rect", "span"}
    | {"style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title", "tr"}
    | {"ul"}
)
FORBIDDEN = frozenset({"srcset", "formaction", "xlink:href", "srcdoc", "action"})
LONGEST_PAGE = 400_000


def hostile(evil: str) -> PipelineDefinition:
    """Return a pipeline with a text in each place that takes any."""
    evil_type = DagsterType(lambda _context, _value: True, name="Evil", description=evil)
    schema = {
        "x": Field(str, default_value=evil, description=evil),
        f"y{evil}": Field(
            {f"z{evil}": Field(str, is_required=False)}, is_required=False, description=evil
        ),
    }

    @solid(
        description=evil,
        config_schema=schema,
        output_defs=[OutputDefinition(evil_type, description=evil)],
        tags={"evil": evil},
    )
    def tell(context):
        context.log.error(evil)
        facts = {
            evil: evil,
            "url": EventMetadata.url(evil),
            "path": EventMetadata.path(evil),
            "markdown": EventMetadata.md(evil),
            "json": EventMetadata.json({"evil": evil}),
        }
        yield AssetMaterialization(evil, evil, metadata=facts)
        yield ExpectationResult(False, evil, evil)
        yield Output(evil, metadata={"evil": evil})

    @solid(input_defs=[InputDefinition("value", evil_type, description=evil)])
    def fail(_context, value):
        raise Failure(evil, metadata={"evil": evil})

    @pipeline(
        description=evil,
        mode_defs=[ModeDefinition("default", description=evil)],
        preset_defs=[PresetDefinition(f"p{evil}", mode="default")],
        tags={"evil": evil},
    )
    def evil_pipeline():
        fail(tell())

    return evil_pipeline


def assert_harmless(html: str) -> None:
    page = Page(html)
    assert {name for name, _ in page.tags} <= ELEMENTS
    attributes = [item for _, attributes in page.tags for item in attributes.items()]
    names = {name for name, _ in attributes}
    assert not [name for name in names if name.startswith("on")]
    assert names.isdisjoint(FORBIDDEN)
    assert all((one["href"] or "").startswith(("http://", "https://")) for one in page.named("a"))
    styles = [value or "" for name, value in attributes if name == "style"]
    assert not [style for style in styles if "url(" in style or "}" in style]
    assert html.count("<style>") == 1
    assert all(plain(line) for line in html.split("\n"))
    assert len(html) < LONGEST_PAGE


def plain(line: str) -> bool:
    """Return whether a line bears no controls and nothing that turns its direction."""
    kinds = {unicodedata.category(char) for char in set(line) - {"\u200c", "\u200d"}}
    return kinds.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})


class Sheet(Canvas):
    def __init__(self) -> None:
        self.last: dict[str, str] = {}

    def draw(self, bundle: dict[str, str]) -> None:
        self.last = bundle


QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def printed(instance: DagsterInstance, definition: PipelineDefinition) -> Iterator[str]:
    """Yield what the command line prints of a pipeline and of its run."""
    (record,) = instance.get_run_records()
    run = record.dagster_run
    entries = list(instance.all_logs(run.run_id))
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    file = io.StringIO()
    progress = RunProgress(run, 2, time.time())
    with LineDisplay(progress, file) as display:
        for event in events:
            display.take(event, time.time())
        display.show_summary()
    yield file.getvalue()
    view = RunView.of(record, entries, ["tell.compute", "fail.compute"], time.time())
    yield text_of(run_report(view))
    yield text_of(event_log(entries))
    yield text_of(summary_lines(progress.view(), time.time()))
    yield text_of([runs_table([record], screen(io.StringIO()), time.time())])
    mode = definition.get_default_mode()
    schema = print_config_type(run_config_type(definition, mode))
    yield text_of(pipeline_report(definition, mode, schema))


@settings(max_examples=15, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(evil=texts)
def test_no_text_acts_in_a_page_or_on_a_terminal(evil: str) -> None:
    check(evil)


@pytest.mark.parametrize("evil", SHARP + LONG, ids=range(len(SHARP + LONG)))
def test_nor_does_one_alone(evil: str) -> None:
    check(evil)


def check(evil: str) -> None:
    """Look at all that is shown of a pipeline and of a run with a text in each place."""
    definition = hostile(evil)
    with DagsterInstance.ephemeral() as instance:
        result = execute_pipeline(
            definition, QUIET, tags={"evil": evil}, instance=instance, raise_on_error=False
        )
        sheet = Sheet()
        with NotebookDisplay(instance.get_runs()[0], 2, sheet) as display:
            for entry in instance.all_logs(result.run_id):
                display.take(entry)
        shown: list[object] = [
            definition,
            create_execution_plan(definition),
            resolve_to_config_type({"x": Field(str, default_value=evil, description=evil)}),
            result,
            instance,
        ]
        for item in shown:
            assert_harmless(item._repr_html_())  # type: ignore[attr-defined]
        assert_harmless(sheet.last["text/html"])
        assert plain(sheet.last["text/plain"])
        for text in printed(instance, definition):
            assert [line for line in text.split("\n") if not plain(line)] == []
