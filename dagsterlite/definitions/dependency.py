"""How the solids of a graph depend on each other, as users write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.definitions.hook import HookDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    ParameterCheckError,
    shown,
    type_name,
)
from dagsterlite.events.yielded import DEFAULT_OUTPUT


@dataclass(frozen=True)
class DependencyDefinition:
    """An input's source: one output of one solid.

    Args:
        solid: The name (or alias) of the solid.
        output: Its output.
        description: For people.
    """

    solid: str
    output: str = DEFAULT_OUTPUT
    description: str | None = None


@dataclass(frozen=True)
class MappedInput:
    """An input's source: an input of the composite that holds the solid."""

    input_name: str


Source = DependencyDefinition | MappedInput


@dataclass(frozen=True, init=False)
class MultiDependencyDefinition:
    """A fan-in input's sources: its value is the list of theirs.

    Args:
        dependencies: The sources, in the order of the list.

    Raises:
        CheckError: ``dependencies`` is no list.
    """

    dependencies: tuple[Source, ...]

    def __init__(self, dependencies: Sequence[Source]) -> None:
        if not isinstance(dependencies, (list, tuple)):
            owner = "MultiDependencyDefinition"
            expected = "a list of DependencyDefinition"
            raise ParameterCheckError(owner, "dependencies", expected, dependencies)
        object.__setattr__(self, "dependencies", tuple(dependencies))


@dataclass(frozen=True)
class DynamicCollectDependencyDefinition:
    """A fan-in input's source: all values of a dynamic output, or of a solid mapped over one.

    The input's value is their list, in the order in which the dynamic output's were yielded.

    Args:
        solid_name: The name (or alias) of the solid.
        output_name: Its output (default ``result``).
    """

    solid_name: str
    output_name: str = DEFAULT_OUTPUT

    @property
    def source(self) -> DependencyDefinition:
        """The output whose values are collected."""
        return DependencyDefinition(self.solid_name, self.output_name)


@dataclass(frozen=True)
class SolidInvocation:
    """A solid's place in a graph: which definition, under which name, and what holds there.

    Args:
        name: The name of the definition.
        alias: The name in the graph (default: the definition's).
        tags: Tags of this place, over the definition's.
        hook_defs: Hooks of this place.
        retry_policy: How the solid is tried again at this place, over the definition's.
    """

    name: str
    alias: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)
    hook_defs: Iterable[HookDefinition] | None = field(default=None, hash=False, compare=False)
    retry_policy: RetryPolicy | None = field(default=None, hash=False, compare=False)

    @property
    def node_name(self) -> str:
        """The name in the graph."""
        return self.alias or self.name


NodeInvocation = SolidInvocation
"""What the newer vocabulary calls it."""

Dependency = Source | MultiDependencyDefinition | DynamicCollectDependencyDefinition
InputSources = Mapping[str, Dependency]
"""Where each connected input of a solid comes from."""

Dependencies = (
    Mapping[str, InputSources]
    | Mapping[SolidInvocation, InputSources]
    | Mapping[str | SolidInvocation, InputSources]
)
"""How users write a graph's edges: for each place of a solid, where its inputs come from."""


def sources_of(dependency: Dependency) -> tuple[Source, ...]:
    """Return the sources of an input, one or several."""
    match dependency:
        case MultiDependencyDefinition():
            return dependency.dependencies
        case DynamicCollectDependencyDefinition():
            return (dependency.source,)
        case _:
            return (dependency,)


def read_dependencies(
    owner: str, dependencies: Dependencies | None
) -> dict[SolidInvocation, dict[str, Dependency]]:
    """Return a graph's edges as users write them, each key made a :class:`SolidInvocation`.

    Raises:
        DagsterInvalidDefinitionError: they have another form.
    """
    if dependencies is None:
        return {}
    if not isinstance(dependencies, Mapping):
        raise _misshapen(owner, "dependencies", dependencies)
    return {
        _invocation(owner, key): _inputs(owner, key, inputs) for key, inputs in dependencies.items()
    }


def _invocation(owner: str, key: Any) -> SolidInvocation:
    if isinstance(key, SolidInvocation):
        return key
    if isinstance(key, str):
        return SolidInvocation(key)
    raise _misshapen(owner, "a key of dependencies", key)


def _inputs(owner: str, key: str | SolidInvocation, inputs: Any) -> dict[str, Dependency]:
    place = f"dependencies[{key!r}]"
    if not isinstance(inputs, Mapping):
        raise _misshapen(owner, place, inputs)
    for name, dependency in inputs.items():
        if not isinstance(dependency, Dependency):
            raise _misshapen(owner, f"{place}[{name!r}]", dependency)
        for source in sources_of(dependency):
            if not isinstance(source, Source):
                raise _misshapen(owner, f"a source of {place}[{name!r}]", source)
    return dict(inputs)


def _misshapen(owner: str, place: str, found: object) -> DagsterInvalidDefinitionError:
    message = (
        f"{owner}: {place} is {shown(found)} of type {type_name(found)}. dependencies is a dict "
        "from the name of a solid (or a SolidInvocation) to a dict from the name of an input to a "
        "DependencyDefinition, MultiDependencyDefinition or DynamicCollectDependencyDefinition."
    )
    return DagsterInvalidDefinitionError(message)
