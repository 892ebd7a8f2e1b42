"""How the solids of a graph depend on each other, as users write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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
    """

    dependencies: tuple[Source, ...]

    def __init__(self, dependencies: Sequence[Source]) -> None:
        object.__setattr__(self, "dependencies", tuple(dependencies))


@dataclass(frozen=True)
class SolidInvocation:
    """A solid's place in a graph: which definition, under which name and tags.

    Args:
        name: The name of the definition.
        alias: The name in the graph (default: the definition's).
        tags: Tags of this place, over the definition's.
    """

    name: str
    alias: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict, hash=False, compare=False)

    @property
    def node_name(self) -> str:
        """The name in the graph."""
        return self.alias or self.name


Dependency = Source | MultiDependencyDefinition
Dependencies = Mapping[str | SolidInvocation, Mapping[str, Dependency]]
