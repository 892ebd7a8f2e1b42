"""Pipelines, jobs, graphs and plans as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.render.graph_html import graph_parts, solids_list
from dagsterlite.render.html import Html, display, folded, heading, quiet, table, tag, text
from dagsterlite.render.pipelines import PortView, SolidView, SourceView, solid_views
from dagsterlite.render.safe_text import shown_key
from dagsterlite.render.schema_html import schema_parts
from dagsterlite.run_config.schema import run_config_type

_SCHEMA_SOLIDS: Final = 100
"""The run config of a larger pipeline is not shown with it: it would be most of the page."""

_STEPS_LISTED: Final = 200


def pipeline_html(definition: PipelineDefinition) -> str:
    """Return a pipeline or job as a notebook shows it: its graph, and what it is made of."""
    words = definition.words
    solids = solid_views(definition.graph)
    return display(
        head(words.pipeline, definition.name, f"{len(solids)} {words.node}s"),
        *_description(definition.description),
        *graph_parts(solids),
        solids_list(solids, words.node),
        *_modes(definition),
        *_run_config(definition),
    )


def graph_html(definition: CompositeSolidDefinition) -> str:
    """Return a graph or composite as a notebook shows it."""
    words = definition.words
    solids = solid_views(definition.graph)
    return display(
        head(definition.kind, definition.name, f"{len(solids)} {words.node}s"),
        *_description(definition.description),
        *graph_parts(solids),
        solids_list(solids, words.node),
    )


def head(kind: str, name: str, *facts: str) -> Html:
    """Return the first line of what is shown."""
    named = tag("span", text(name), cls="dl-name")
    return heading(quiet(kind), named, *(quiet(fact) for fact in facts if fact))


def _description(described: str | None) -> Iterator[Html]:
    for line in (described or "").strip().splitlines():
        yield tag("div", quiet(line))


def _modes(definition: PipelineDefinition) -> Iterator[Html]:
    rows = [_mode(mode) for mode in definition.mode_definitions]
    label = "Modes" if definition.words.has_modes else "Bound to"
    yield folded(text(label), table(("Mode", "Resources", "Executors", ""), rows))
    presets = [
        (tag("b", text(item.name)), text(item.mode), text(", ".join(item.solid_selection or ())))
        for item in definition.preset_defs
    ]
    if presets:
        yield folded(text("Presets"), table(("Preset", "Mode", "Selects"), presets))


def _mode(mode: ModeDefinition) -> tuple[Html, ...]:
    return (
        tag("b", text(mode.name)),
        text(", ".join(sorted(mode.resource_defs)) or "none"),
        text(", ".join(executor.name for executor in mode.executor_defs)),
        quiet(mode.description or ""),
    )


def _run_config(definition: PipelineDefinition) -> Iterator[Html]:
    if len(definition.solids) > _SCHEMA_SOLIDS:
        return
    mode = definition.get_default_mode()
    label = f"Run config in mode {mode.name}" if definition.words.has_modes else "Run config"
    yield folded(text(label), *schema_parts(run_config_type(definition, mode)))


# --- plans ---


def plan_html(plan: ExecutionPlan) -> str:
    """Return an execution plan as a notebook shows it: its steps, level by level."""
    levels = plan.get_steps_to_execute_by_level()
    count = len(plan.step_keys_to_execute)
    rows = [
        (text(number), tag("b", text(step.key)), text(", ".join(sorted(step.upstream_keys()))))
        for number, level in enumerate(levels)
        for step in level
    ]
    more = len(rows) - _STEPS_LISTED
    return display(
        head(
            "execution plan of",
            plan.pipeline.name,
            f"{count} of {len(plan.step_by_key)} steps in {len(levels)} levels",
        ),
        *graph_parts(_step_views(plan)),
        folded(
            text("Steps by level"),
            table(("Level", "Step", "After"), rows[:_STEPS_LISTED]),
            *([quiet(f"… and {more} more")] if more > 0 else []),
        ),
    )


def _step_views(plan: ExecutionPlan) -> list[SolidView]:
    wanted = frozenset(plan.step_keys_to_execute)
    return [_step_view(step, wanted) for step in plan.steps]


def _step_view(step: ExecutionStep, wanted: frozenset[str]) -> SolidView:
    mapping = step.handle.mapping_key
    name = step.solid_def.name
    return SolidView(
        name=shown_key(step.key),
        definition=step.solid_def.label if name != step.solid_name else "",
        definition_name=name,
        inputs=tuple(
            PortView(
                name=item.name,
                type_name=item.dagster_type.display_name,
                sources=tuple(
                    SourceView(shown_key(handle.step_key), handle.output_name)
                    for handle in item.upstream_outputs()
                    if handle.step_key in wanted
                ),
            )
            for item in step.inputs
        ),
        outputs=tuple(
            PortView(name=item.name, type_name=item.dagster_type.display_name)
            for item in step.outputs
        ),
        mapped_over="a dynamic output" if mapping is None and step.key.endswith("[?]") else "",
    )
