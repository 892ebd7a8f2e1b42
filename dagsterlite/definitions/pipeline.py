"""Pipelines: graphs of solids with the modes and presets to run them in."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self, TypeVar, cast, overload

from dagsterlite import plugins
from dagsterlite.definitions.arguments import description_of, list_of
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.composition import composing
from dagsterlite.definitions.config_mapping import ConfigMapping
from dagsterlite.definitions.dependency import Dependencies, read_dependencies
from dagsterlite.definitions.graph import Graph, HasNodes, build_graph
from dagsterlite.definitions.hook import Hookable, HookDefinition, HookDefs, check_hooks
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.node import NodeDefinition, Solid
from dagsterlite.definitions.pipeline_check import check_pipeline, distinct_definitions
from dagsterlite.definitions.preset import PresetDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy, check_retry_policy
from dagsterlite.definitions.signature import made_from, name_of, refuse_unrun
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.definitions.strategies import strategies_of
from dagsterlite.definitions.vocabulary import SOLIDS, Vocabulary
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    listed,
    near,
)
from dagsterlite.handles import SolidHandle
from dagsterlite.types.callables import can_take
from dagsterlite.types.serialization import SerializationStrategy

UNNAMED = "<<unnamed>>"
"""The name of a pipeline that was given none."""

T = TypeVar("T", ModeDefinition, PresetDefinition)


class PipelineDefinition(HasNodes, Hookable):
    """A graph of solids, and the modes and presets that it runs in.

    Usually made by :func:`pipeline`.

    Args:
        solid_defs: The definitions of its solids.
        name: Letters, digits and underscores.
        description: For people.
        dependencies: How its solids depend on each other.
        mode_defs: The modes (default: one named ``default``).
        preset_defs: The presets.
        tags: Tags of each run.
        hook_defs: Hooks of every solid in it.
        solid_retry_policy: How a solid is tried again for which nothing else is said.

    Raises:
        CheckError: an argument is of the wrong type.
        DagsterInvalidDefinitionError: an argument is wrong, an input can get no value, two types
            share a name, or a mode lacks a resource that is required.
    """

    #: The vocabulary that it is defined in.
    words: Vocabulary = SOLIDS
    #: The graph at its top, where that is one by itself: a job's, with inputs and outputs.
    graph_def: CompositeSolidDefinition | None = None
    #: What turns the run config as given into one of the usual form, if anything does.
    config_mapping: ConfigMapping | None = None
    #: The run config where none is given, and of each section that is not given.
    default_run_config: Mapping[str, Any] = MappingProxyType({})
    #: Whether it is run in the caller's process whatever its run config selects.
    stays_in_process = False

    def __init__(
        self,
        solid_defs: Sequence[NodeDefinition],
        name: str | None = None,
        description: str | None = None,
        dependencies: Dependencies | None = None,
        mode_defs: Sequence[ModeDefinition] | None = None,
        preset_defs: Sequence[PresetDefinition] | None = None,
        tags: Mapping[str, Any] | None = None,
        hook_defs: Iterable[HookDefinition] | None = None,
        solid_retry_policy: RetryPolicy | None = None,
    ) -> None:
        self.name = UNNAMED if name is None else check_name(self.words.pipeline, name)
        owner = self.label
        self.description = description_of(owner, description)
        #: The module and qualified name of the function that the pipeline was made from, if any.
        self.made_from: tuple[str, str] | None = None
        self.tags = check_tags(owner, tags)
        self.mode_definitions = _distinct(
            owner, "mode_defs", mode_defs or [ModeDefinition()], ModeDefinition
        )
        self.preset_defs = _distinct(owner, "preset_defs", preset_defs, PresetDefinition)
        self.hook_defs: HookDefs = check_hooks(owner, hook_defs)
        self.solid_retry_policy = check_retry_policy(
            owner, "solid_retry_policy", solid_retry_policy
        )
        self.graph: Graph = self._build_graph(solid_defs, dependencies)
        check_pipeline(self.graph, self.mode_definitions, self.hook_defs)
        _check_presets(owner, self)

    def _build_graph(
        self, solid_defs: Sequence[NodeDefinition], dependencies: Dependencies | None
    ) -> Graph:
        return build_graph(self.label, solid_defs, read_dependencies(self.label, dependencies))

    def with_graph(self, graph: Graph) -> Self:
        """Return this pipeline with another graph, e.g. a part of its own.

        Raises:
            DagsterInvalidDefinitionError: an input can get no value.
        """
        check_pipeline(graph, self.mode_definitions, self.hook_defs)
        changed = copy.copy(self)
        changed.graph = graph
        return changed

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> Self:
        hooks = self.hook_defs | check_hooks(self.label, hook_defs)
        check_pipeline(self.graph, self.mode_definitions, hooks)
        changed = copy.copy(self)
        changed.hook_defs = hooks
        return changed

    @property
    def label(self) -> str:
        """The kind and name, for messages."""
        return f"{self.words.pipeline} '{self.name}'"

    # --- its graph ---

    @property
    def solids(self) -> list[Solid]:
        """Its top-level solids, in topological order."""
        return list(self.graph.solids.values())

    @property
    def solid_names(self) -> list[str]:
        """The names of its top-level solids."""
        return list(self.graph.solids)

    def has_solid_named(self, name: str) -> bool:
        """Return whether it has a top-level solid of that name."""
        return name in self.graph.solids

    def solid_named(self, name: str) -> Solid:
        """Return the top-level solid of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        return self.graph.solid_named(name)

    def solid_def_named(self, name: str) -> NodeDefinition:
        """Return the definition of that name, also inside composites.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        named = {definition.name: definition for definition in self.all_solid_defs}
        if name not in named:
            message = (
                f"{self.label} has no definition '{name}'.{near(name, named)} It has: "
                f"{listed(named)}."
            )
            raise DagsterInvariantViolationError(message)
        return named[name]

    def get_solid(self, handle: SolidHandle) -> Solid:
        """Return the solid at a handle, also inside composites.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        *_, solid = self._way_to(handle)
        return solid

    def _way_to(self, handle: SolidHandle) -> Iterator[Solid]:
        """Yield the composites that hold the solid at a handle, from outside in, then the solid."""
        *composites, name = handle.path
        graph = self.graph
        for composite in composites:
            solid = graph.solid_named(composite)
            definition = solid.definition
            if not isinstance(definition, CompositeSolidDefinition):
                message = f"{graph.owner}: {solid.label} is no composite: nothing is inside."
                raise DagsterInvariantViolationError(message)
            yield solid
            graph = definition.graph
        yield graph.solid_named(name)

    def get_all_hooks_for_handle(self, handle: SolidHandle) -> HookDefs:
        """Return the hooks of a solid: its own, those of composites around it, the pipeline's.

        Raises:
            DagsterInvariantViolationError: there is no solid at the handle.
        """
        return self.hook_defs.union(*(solid.hook_defs for solid in self._way_to(handle)))

    def get_retry_policy_for_handle(self, handle: SolidHandle) -> RetryPolicy | None:
        """Return how a solid is tried again; None where nothing is said.

        What is said at the solid's place counts more than what its definition says, that more than
        what is said at the places of composites around it, the nearest first, and that more than
        what the pipeline says.

        Raises:
            DagsterInvariantViolationError: there is no solid at the handle.
        """
        *composites, solid = self._way_to(handle)
        definition = solid.definition
        own = definition.retry_policy if isinstance(definition, SolidDefinition) else None
        around = [composite.retry_policy for composite in reversed(composites)]
        said = (solid.retry_policy, own, *around, self.solid_retry_policy)
        return next((policy for policy in said if policy is not None), None)

    @property
    def all_solid_defs(self) -> list[NodeDefinition]:
        """All definitions, also inside composites."""
        return list(distinct_definitions(self.graph))

    @property
    def input_dict(self) -> Mapping[str, InputDefinition]:
        """The inputs that the whole takes, by name: a pipeline none."""
        return {}

    @property
    def all_hook_defs(self) -> HookDefs:
        """All hooks: its own, and those of the places of solids, also inside composites."""
        inside = (d.graph for d in self.all_solid_defs if isinstance(d, CompositeSolidDefinition))
        places = (solid for graph in (self.graph, *inside) for solid in graph.solids.values())
        return self.hook_defs.union(*(solid.hook_defs for solid in places))

    @property
    def serialization_strategies(self) -> list[SerializationStrategy]:
        """How values of some of its types are written to intermediate storage."""
        return strategies_of(self.graph.owner, self.all_solid_defs)

    # --- its modes and presets ---

    @property
    def available_modes(self) -> list[str]:
        """The names of its modes."""
        return [mode.name for mode in self.mode_definitions]

    @property
    def is_single_mode(self) -> bool:
        """Whether it has one mode only."""
        return len(self.mode_definitions) == 1

    @property
    def is_multi_mode(self) -> bool:
        """Whether it has several modes, of which a run must name one."""
        return not self.is_single_mode

    def has_mode_definition(self, name: str) -> bool:
        """Return whether it has a mode of that name."""
        return name in self.available_modes

    def get_default_mode(self) -> ModeDefinition:
        """Return its first mode."""
        return self.mode_definitions[0]

    def get_default_mode_name(self) -> str:
        """Return the name of its first mode."""
        return self.mode_definitions[0].name

    def get_mode_definition(self, name: str | None = None) -> ModeDefinition:
        """Return the mode of that name; without one, the only mode.

        Raises:
            DagsterInvariantViolationError: there is none of that name, or none is named and there
                are several.
        """
        modes = listed(self.available_modes)
        if name is None:
            if self.is_single_mode:
                return self.mode_definitions[0]
            message = f"{self.label} has several modes ({modes}): name one of them."
            raise DagsterInvariantViolationError(message)
        for mode in self.mode_definitions:
            if mode.name == name:
                return mode
        hint = near(name, self.available_modes)
        message = f"{self.label} has no mode '{name}'.{hint} Its modes: {modes}."
        raise DagsterInvariantViolationError(message)

    def has_preset(self, name: str) -> bool:
        """Return whether it has a preset of that name."""
        return any(preset.name == name for preset in self.preset_defs)

    def get_presets(self) -> list[PresetDefinition]:
        """Return its presets."""
        return list(self.preset_defs)

    def get_preset(self, name: str) -> PresetDefinition:
        """Return the preset of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        for preset in self.preset_defs:
            if preset.name == name:
                return preset
        names = [preset.name for preset in self.preset_defs]
        message = (
            f"{self.label} has no preset '{name}'.{near(name, names)} Its presets: {listed(names)}."
        )
        raise DagsterInvariantViolationError(message)

    def __call__(self, *_args: Any, **_kwargs: Any) -> Any:
        """Refuse: a pipeline is no function.

        Raises:
            DagsterInvariantViolationError: always.
        """
        message = f"{self.label} is run by {self.words.runner}, not by calling it."
        raise DagsterInvariantViolationError(message)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_pipeline")(self)
        return shown


def _distinct(owner: str, argument: str, items: Any, cls: type[T]) -> tuple[T, ...]:
    by_name: dict[str, T] = {}
    for item in list_of(owner, argument, items, cls):
        if item.name in by_name:
            message = f"{owner}: {argument} holds two definitions named '{item.name}'."
            raise DagsterInvalidDefinitionError(message)
        by_name[item.name] = item
    return tuple(by_name.values())


def _check_presets(owner: str, definition: PipelineDefinition) -> None:
    for preset in definition.preset_defs:
        if not definition.has_mode_definition(preset.mode):
            modes = definition.available_modes
            message = (
                f"{owner}: preset '{preset.name}' names mode '{preset.mode}', which is not there."
                f"{near(preset.mode, modes)} Its modes: {listed(modes)}."
            )
            raise DagsterInvalidDefinitionError(message)


@overload
def pipeline(name: Callable[[], Any]) -> PipelineDefinition: ...


@overload
def pipeline(
    name: str | None = ...,
    description: str | None = ...,
    mode_defs: Sequence[ModeDefinition] | None = ...,
    preset_defs: Sequence[PresetDefinition] | None = ...,
    tags: Mapping[str, Any] | None = ...,
    hook_defs: Iterable[HookDefinition] | None = ...,
    solid_retry_policy: RetryPolicy | None = ...,
) -> Callable[[Callable[[], Any]], PipelineDefinition]: ...


def pipeline(
    name: str | Callable[[], Any] | None = None,
    description: str | None = None,
    mode_defs: Sequence[ModeDefinition] | None = None,
    preset_defs: Sequence[PresetDefinition] | None = None,
    tags: Mapping[str, Any] | None = None,
    hook_defs: Iterable[HookDefinition] | None = None,
    solid_retry_policy: RetryPolicy | None = None,
) -> PipelineDefinition | Callable[[Callable[[], Any]], PipelineDefinition]:
    """Make a pipeline from a function that calls solids.

    Args:
        name: The pipeline's name (default: the function's).
        description: For people (default: the function's docstring).
        mode_defs: The modes (default: one named ``default``).
        preset_defs: The presets.
        tags: Tags of each run.
        hook_defs: Hooks of every solid in it.
        solid_retry_policy: How a solid is tried again for which nothing else is said.

    Raises:
        DagsterInvalidDefinitionError: the function or an argument is wrong.
    """
    if callable(name):
        return pipeline()(name)

    def wrap(fn: Callable[[], Any]) -> PipelineDefinition:
        pipeline_name = name_of("@pipeline", name, fn)
        owner = f"@pipeline '{pipeline_name}'"
        refuse_unrun(owner, fn)
        if not can_take(fn, 0):
            message = (
                f"{owner}: its function must take no parameters, but takes "
                f"{inspect.signature(fn)}: values come into a pipeline by config."
            )
            raise DagsterInvalidDefinitionError(message)
        with composing(owner) as composition:
            fn()
        definition = PipelineDefinition(
            solid_defs=[cast(NodeDefinition, node) for node in composition.definitions.values()],
            name=pipeline_name,
            description=description or inspect.getdoc(fn),
            dependencies=composition.dependencies,
            mode_defs=mode_defs,
            preset_defs=preset_defs,
            tags=tags,
            hook_defs=hook_defs,
            solid_retry_policy=solid_retry_policy,
        )
        definition.made_from = made_from(fn)
        return definition

    return wrap
