"""Pipelines as text: the list of them, and one with its graph and the config that it takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    InputSources,
    sources_of,
)
from dagsterlite.definitions.dynamic import Origins
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.hook import HookDefs
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.handles import SolidHandle
from dagsterlite.render.safe_text import first_line, one_line

_INDENT = "  "


@dataclass(frozen=True)
class SourceView:
    """Where an input comes from: an output beside it, or an input of what holds both."""

    #: Empty for an input of what holds both.
    solid: str
    name: str
    #: Whether it is the list of the output's values for all mapping keys.
    is_collected: bool = False

    def __str__(self) -> str:
        if not self.solid:
            return f"input {self.name}"
        return f"{'all of ' * self.is_collected}{self.solid}.{self.name}"


@dataclass(frozen=True, kw_only=True)
class PortView:
    """An input or output of a solid."""

    name: str
    type_name: str
    description: str = ""
    #: Where an input comes from.
    sources: tuple[SourceView, ...] = ()
    #: A word on it that is not usual: ``optional``, ``default``.
    remark: str = ""


@dataclass(frozen=True, kw_only=True)
class SolidView:
    """A solid in its graph."""

    name: str
    #: The definition's kind and name, where the solid stands under another one.
    definition: str = ""
    #: The definition's name; empty where solids are not told apart by it.
    definition_name: str = ""
    description: str = ""
    inputs: tuple[PortView, ...] = ()
    outputs: tuple[PortView, ...] = ()
    resources: tuple[str, ...] = ()
    #: The names of the hooks given at this place.
    hooks: tuple[str, ...] = ()
    #: How often it is tried again, where its place or definition says so.
    max_retries: int | None = None
    #: The dynamic output for each of whose mapping keys it runs: ``<solid>.<output>``.
    mapped_over: str = ""
    #: The solids inside, of a composite.
    inside: tuple[SolidView, ...] = ()


def solid_views(
    graph: Graph, parent: SolidHandle | None = None, outside: Origins | None = None
) -> tuple[SolidView, ...]:
    """Return the solids of a graph, in topological order.

    Args:
        graph: The graph.
        parent: Where the composite stands that holds it.
        outside: What that composite's inputs are mapped over.
    """
    origins = graph.origins(graph.owner, parent, outside or {})
    return tuple(
        _solid(
            solid,
            graph,
            SolidHandle(name, parent),
            graph.origins_of_inputs(name, origins, outside or {}),
        )
        for name, solid in graph.solids.items()
    )


def _solid(solid: Solid, graph: Graph, handle: SolidHandle, mapped: Origins) -> SolidView:
    definition = solid.definition
    inside: tuple[SolidView, ...] = ()
    resources = tuple(sorted(definition.required_resource_keys))
    over = {f"{o.solid}.{o.output_name}" for origins in mapped.values() for o in origins}
    if isinstance(definition, CompositeSolidDefinition):
        inside, resources = solid_views(definition.graph, handle, mapped), ()
        over.clear()
    return SolidView(
        mapped_over=", ".join(over),
        name=solid.name,
        definition=definition.label if definition.name != solid.name else "",
        definition_name=definition.name,
        description=first_line(definition.description or ""),
        inputs=_inputs(definition, graph.dependencies[solid.name]),
        outputs=_outputs(definition),
        resources=resources,
        hooks=_hooks(solid.hook_defs),
        max_retries=_max_retries(solid),
        inside=inside,
    )


def _hooks(hooks: HookDefs) -> tuple[str, ...]:
    return tuple(sorted(hook.name for hook in hooks))


def _max_retries(solid: Solid) -> int | None:
    definition = solid.definition
    own = definition.retry_policy if isinstance(definition, SolidDefinition) else None
    policy = solid.retry_policy or own
    return None if policy is None else policy.max_retries


def _inputs(definition: NodeDefinition, connected: InputSources) -> tuple[PortView, ...]:
    return tuple(
        PortView(
            name=item.name,
            type_name=item.dagster_type.display_name,
            description=first_line(item.description or ""),
            sources=_sources(connected.get(item.name)),
            remark="has a default" if item.has_default_value else "",
        )
        for item in definition.input_defs
    )


def _outputs(definition: NodeDefinition) -> tuple[PortView, ...]:
    return tuple(
        PortView(
            name=item.name,
            type_name=item.dagster_type.display_name,
            description=first_line(item.description or ""),
            remark=", ".join(_output_remarks(item)),
        )
        for item in definition.output_defs
    )


def _output_remarks(item: OutputDefinition) -> Iterator[str]:
    if item.is_dynamic:
        yield "dynamic"
    if not item.is_required:
        yield "optional"


def _sources(dependency: Dependency | None) -> tuple[SourceView, ...]:
    if dependency is None:
        return ()
    if isinstance(dependency, DynamicCollectDependencyDefinition):
        return (SourceView(dependency.solid_name, dependency.output_name, is_collected=True),)
    return tuple(
        SourceView(source.solid, source.output)
        if isinstance(source, DependencyDefinition)
        else SourceView("", source.input_name)
        for source in sources_of(dependency)
    )


def pipeline_list(found: Iterable[tuple[PipelineDefinition, str]]) -> Iterator[Text]:
    """Yield pipelines with where each was found, one a line."""
    for definition, place in found:
        text = Text(one_line(definition.name), "name")
        text.append(f"  {one_line(place)}", "quiet")
        description = first_line(definition.description or "")
        yield text.append(f"  {description}" if description else "")


def pipeline_report(
    definition: PipelineDefinition, mode: ModeDefinition, config_lines: Sequence[str]
) -> Iterator[Text]:
    """Yield a pipeline: its solids and how they hang together, modes, presets, run config.

    Args:
        definition: The pipeline.
        mode: The mode whose run config is shown.
        config_lines: The schema of that run config.
    """
    words = definition.words
    yield Text(f"{words.pipeline} ", "quiet").append(one_line(definition.name), "name")
    for line in (definition.description or "").strip().splitlines():
        yield Text(f"{_INDENT}{one_line(line)}", "quiet")
    policy = definition.solid_retry_policy
    yield from _extras(
        _INDENT, _hooks(definition.hook_defs), None if policy is None else policy.max_retries
    )
    yield from _titled(f"{words.node.title()}s", _solids(solid_views(definition.graph), 1))
    if words.has_modes:
        yield from _titled("Modes", map(_mode, definition.mode_definitions))
    else:
        yield from _titled("Bound to", [Text(f"{_INDENT}{_bindings(mode)}", "quiet")])
    if definition.preset_defs:
        yield from _titled("Presets", map(_preset, definition.preset_defs))
    title = f"Run config in mode '{mode.name}'" if words.has_modes else "Run config"
    yield from _titled(title, (Text(f"{_INDENT}{one_line(line)}") for line in config_lines))


def _titled(title: str, lines: Iterable[Text]) -> Iterator[Text]:
    yield Text("")
    yield Text(one_line(title), "name")
    yield from lines


def _solids(solids: Iterable[SolidView], depth: int) -> Iterator[Text]:
    indent = _INDENT * depth
    for solid in solids:
        text = Text(f"{indent}{solid.name}", "place")
        text.append(f" ({solid.definition})" if solid.definition else "", "quiet")
        text.append(f"  once for each of {solid.mapped_over}" if solid.mapped_over else "", "odd")
        yield text.append(f"  {solid.description}" if solid.description else "", "quiet")
        for item in solid.inputs:
            yield _port(f"{indent}{_INDENT}in  ", item, " ← ")
        for item in solid.outputs:
            yield _port(f"{indent}{_INDENT}out ", item, "")
        if solid.resources:
            needed = one_line(", ".join(solid.resources))
            yield Text(f"{indent}{_INDENT}needs resources: {needed}", "quiet")
        yield from _extras(f"{indent}{_INDENT}", solid.hooks, solid.max_retries)
        yield from _solids(solid.inside, depth + 1)


def _extras(indent: str, hooks: Sequence[str], max_retries: int | None) -> Iterator[Text]:
    if hooks:
        yield Text(f"{indent}hooks: {one_line(', '.join(hooks))}", "quiet")
    if max_retries is not None:
        times = "time" if max_retries == 1 else "times"
        yield Text(f"{indent}tried again {max_retries} {times} at most", "quiet")


def _port(start: str, port: PortView, arrow: str) -> Text:
    text = Text(start, "quiet").append(f"{port.name}: {one_line(port.type_name)}")
    sources = ", ".join(map(str, port.sources))
    text.append(f"{arrow}{sources}" if sources else "", "quiet")
    text.append(f"  ({port.remark})" if port.remark else "", "odd")
    return text.append(f"  {port.description}" if port.description else "", "quiet")


def _mode(mode: ModeDefinition) -> Text:
    text = Text(f"{_INDENT}{one_line(mode.name)}", "place")
    text.append(f"  {first_line(mode.description)}" if mode.description else "", "quiet")
    return text.append(f"  {_bindings(mode)}", "quiet")


def _bindings(mode: ModeDefinition) -> str:
    resources = ", ".join(sorted(mode.resource_defs)) or "none"
    executors = ", ".join(item.name for item in mode.executor_defs)
    return one_line(f"resources: {resources}; executors: {executors}")


def _preset(preset: PresetDefinition) -> Text:
    text = Text(f"{_INDENT}{one_line(preset.name)}", "place")
    text.append(f"  mode {one_line(preset.mode)}", "quiet")
    selection = one_line(", ".join(preset.solid_selection or ()))
    return text.append(f"  selects {selection}" if selection else "", "quiet")
