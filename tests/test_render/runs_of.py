"""Runs to render, and what is rendered as text."""

from __future__ import annotations

import io
from collections.abc import Iterable

from rich.console import RenderableType

from dagsterlite import (
    AssetMaterialization,
    DagsterEvent,
    DynamicOutput,
    DynamicOutputDefinition,
    EventMetadataEntry,
    ExpectationResult,
    Output,
    OutputDefinition,
    PipelineDefinition,
    RetryRequested,
    execute_pipeline_iterator,
    pipeline,
    solid,
    success_hook,
)
from dagsterlite.render.progress import RunProgress
from dagsterlite.render.screen import screen

START = 1000.0
"""Unix seconds at which played runs begin."""


class Terminal(io.StringIO):
    """A terminal that only remembers."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def played(definition: PipelineDefinition) -> tuple[RunProgress, list[DagsterEvent]]:
    """Return the progress after a whole run, a second an event, and the run's events."""
    events = execute_pipeline_iterator(definition)
    progress = RunProgress(events.run, len(events.step_keys), START)
    taken = list(events)
    for second, event in enumerate(taken):
        progress.take(event, START + second)
    return progress, taken


def text_of(renderables: Iterable[RenderableType], width: int | None = None) -> str:
    """Return what renderables look like on a screen of that width, without colors."""
    file = io.StringIO()
    console = screen(file, width)
    for item in renderables:
        console.print(item, soft_wrap=True)
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


@solid(
    output_defs=[OutputDefinition(name="rows"), OutputDefinition(name="more", is_required=False)]
)
def load(_context):
    yield Output([1, 2, 3], "rows")


@solid
def check(_context, rows):
    yield ExpectationResult(True, "has_rows", None, [EventMetadataEntry.int(len(rows), "rows")])
    yield ExpectationResult(False, "is_long", "It should have 10 rows.")
    yield AssetMaterialization("table", None, [EventMetadataEntry.fspath("/data/t.csv")])
    yield Output(rows)


@solid
def flaky(context, rows):
    if context.retry_number == 0:
        raise RetryRequested(max_retries=2)
    return rows


@solid
def break_down(_context, rows):
    try:
        return rows["x"]
    except TypeError as exc:
        message = "no rows"
        raise ValueError(message) from exc


@solid
def use(_context, value):
    return value


@pipeline
def mixed():
    """Hold one step of each fate."""
    rows, more = load()
    use.alias("use_more")(more)
    check(rows)
    flaky(rows)
    use.alias("use_broken")(break_down(rows))


@solid
def nothing(_context):
    return None


@pipeline
def smooth():
    nothing()


@success_hook
def tell(_context):
    message = "no such host"
    raise ConnectionError(message)


def hooked(steps: int) -> PipelineDefinition:
    """Return a pipeline of steps whose hooks raise."""

    @tell
    @pipeline(name="hooked")
    def made():
        for number in range(steps):
            nothing.alias(f"step_{number}")()

    return made


@solid(output_defs=[DynamicOutputDefinition()])
def spread(_context):
    for key in ("a", "b", "c"):
        yield DynamicOutput(key, key)


@pipeline
def mapped():
    """Hold steps that come to be known while it runs."""
    both = spread().map(lambda value: use.alias("use_again")(use(value)))
    use.alias("use_all")(both.collect())
