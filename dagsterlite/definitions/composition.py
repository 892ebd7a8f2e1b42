"""Reading a graph off a function: what @pipeline, @job and the like run the user's function in.

Inside, calling a solid places it in the graph and returns handles on its outputs; handing a
handle to another solid draws an edge.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol

from dagsterlite import plugins
from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    MappedInput,
    MultiDependencyDefinition,
    SolidInvocation,
    Source,
)
from dagsterlite.definitions.hook import NO_HOOKS, HookDefinition, HookDefs, check_hooks
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.output_handles import (
    CollectedOutputHandle,
    DynamicOutputHandle,
    InputMappingNode,
    InvokedSolidOutputHandle,
    MappedOutputHandle,
)
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy, check_retry_policy
from dagsterlite.definitions.vocabulary import SOLIDS, Vocabulary
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    listed,
    near,
    shown,
    type_name,
)


class Placeable(Protocol):
    """What composition needs to know of a node."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def words(self) -> Vocabulary:
        """The vocabulary that it is defined in."""

    @property
    def label(self) -> str:
        """Its kind and name."""

    @property
    def input_dict(self) -> Mapping[str, InputDefinition]:
        """Its inputs."""

    @property
    def output_dict(self) -> Mapping[str, OutputDefinition]:
        """Its outputs."""

    @property
    def positional_inputs(self) -> tuple[str, ...]:
        """The inputs that a call's positional arguments stand for."""


@dataclass(eq=False)
class Composition:
    """The graph read so far off the function of ``owner``."""

    owner: str
    words: Vocabulary = SOLIDS
    definitions: dict[str, Placeable] = field(default_factory=dict)
    dependencies: dict[SolidInvocation, dict[str, Dependency]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    #: For each definition that was placed under its own name, the number of its latest place.
    numbers: dict[str, int] = field(default_factory=dict)

    def place(
        self,
        node: Placeable,
        alias: str | None,
        tags: Mapping[str, Any],
        inputs: dict[str, Any],
        hook_defs: HookDefs = NO_HOOKS,
        retry_policy: RetryPolicy | None = None,
    ) -> str:
        """Add a node under its alias, or a free name made from its own; return that name."""
        known = self.definitions.setdefault(node.name, node)
        if known is not node:
            message = (
                f"{self.owner} uses two different definitions named '{node.name}'. Rename one: "
                "an alias renames only its place in the graph."
            )
            raise DagsterInvalidDefinitionError(message)
        name = self._free_name(node.name) if alias is None else self._claim(node, alias)
        alias = name if name != node.name else None
        invocation = SolidInvocation(node.name, alias, tags, hook_defs, retry_policy)
        self.names.add(name)
        self.dependencies[invocation] = {
            input_name: self._dependency(name, input_name, value)
            for input_name, value in inputs.items()
        }
        return name

    def _free_name(self, name: str) -> str:
        candidate, number = name, self.numbers.get(name, 0) + 1
        if number > 1:
            candidate = f"{name}_{number}"
        while candidate in self.names:
            number += 1
            candidate = f"{name}_{number}"
        self.numbers[name] = number
        return candidate

    def _claim(self, node: Placeable, alias: str) -> str:
        if alias in self.names:
            message = (
                f"{self.owner} has {self.words.a_node} named '{alias}' already; {node.label} "
                "cannot be placed under that alias too."
            )
            raise DagsterInvalidDefinitionError(message)
        return alias

    def _dependency(self, solid_name: str, input_name: str, value: Any) -> Dependency:
        place = f"input '{input_name}' of {self.words.node} '{solid_name}'"
        if isinstance(value, list):
            sources = [
                self._source(f"{place} at position {number}", item)
                for number, item in enumerate(value)
            ]
            return MultiDependencyDefinition(sources)
        if isinstance(value, CollectedOutputHandle) and value.composition is self:
            return DynamicCollectDependencyDefinition(value.solid_name, value.output_name)
        return self._source(place, value)

    def _source(self, place: str, value: Any) -> Source:
        if isinstance(value, InvokedSolidOutputHandle) and value.composition is self:
            return DependencyDefinition(value.solid_name, value.output_name)
        if isinstance(value, InputMappingNode) and value.composition is self:
            return MappedInput(value.input_name)
        message = f"{self.owner}: {place} {_complaint(value, self.words)}"
        raise DagsterInvalidDefinitionError(message)


def _complaint(value: Any, words: Vocabulary) -> str:
    if isinstance(value, DynamicOutputHandle):
        return (
            f"is given dynamic output '{value.output_name}' of {words.node} '{value.solid_name}' "
            f"as it is, any number of values. Map the {words.node} over them, one value a time: "
            f"{value.solid_name}(…).map({words.node}), or hand on their list: "
            f"{value.solid_name}(…).collect()."
        )
    if isinstance(value, (InvokedSolidOutputHandle, InputMappingNode)):
        return "is given an output of another graph."
    if isinstance(value, CollectedOutputHandle):
        return (
            f"is given the collected output '{value.output_name}' of {words.node} "
            f"'{value.solid_name}', which is a list by itself: it must be the input's only source, "
            "of the same graph."
        )
    parts = value if isinstance(value, tuple) else ()
    names = [
        part.output_name
        for part in parts
        if isinstance(part, (InvokedSolidOutputHandle, DynamicOutputHandle))
    ]
    if names:
        return f"is given all outputs at once; pick one of them by name: {listed(names)}."
    if callable(getattr(value, "alias", None)):
        name = getattr(value, "name", "…")
        return f"is given {words.a_node} that was not called: write {name}()."
    return (
        f"is given {shown(value)} of type {type_name(value)}. While a graph is composed, only "
        f"outputs of other {words.node}s and inputs of the {words.composite} can be handed on; set "
        "values by config or by the input's default_value."
    )


_current: ContextVar[Composition | None] = ContextVar("composition", default=None)


@contextmanager
def composing(owner: str, words: Vocabulary = SOLIDS) -> Iterator[Composition]:
    """Collect the solids that are called inside the block."""
    composition = Composition(owner, words)
    token = _current.set(composition)
    try:
        yield composition
    finally:
        _current.reset(token)


@dataclass(frozen=True, eq=False)
class PendingInvocation:
    """A node with an alias, tags, hooks or a retry policy, to be placed by a call."""

    node: Placeable
    alias_name: str | None = None
    tags: Mapping[str, Any] = field(default_factory=dict)
    hook_defs: HookDefs = NO_HOOKS
    retry_policy: RetryPolicy | None = None

    def __init__(
        self,
        node: Placeable,
        alias: str | None = None,
        tags: Mapping[str, Any] | None = None,
        hook_defs: Iterable[HookDefinition] | None = None,
        retry_policy: RetryPolicy | None = None,
    ) -> None:
        object.__setattr__(self, "node", node)
        name = None if alias is None else check_name(f"{node.words.node} alias", alias)
        object.__setattr__(self, "alias_name", name)
        object.__setattr__(self, "tags", check_tags(node.label, tags))
        object.__setattr__(self, "hook_defs", check_hooks(node.label, hook_defs))
        policy = check_retry_policy(node.label, "retry_policy", retry_policy)
        object.__setattr__(self, "retry_policy", policy)

    @property
    def name(self) -> str:
        """The name in the graph, as far as it is known."""
        return self.alias_name or self.node.name

    def alias(self, name: str) -> PendingInvocation:
        """Return the node under another name."""
        return self._changed(alias=name)

    def tag(self, tags: Mapping[str, Any]) -> PendingInvocation:
        """Return the node with further tags."""
        return self._changed(tags={**self.tags, **tags})

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> PendingInvocation:
        """Return the node with further hooks; those of a composite apply to the solids inside.

        Raises:
            CheckError: ``hook_defs`` is no set of hooks.
        """
        return self._changed(hook_defs=self.hook_defs | check_hooks(self.node.label, hook_defs))

    def with_retry_policy(self, retry_policy: RetryPolicy) -> PendingInvocation:
        """Return the node with a retry policy, which counts more than its definition's.

        Raises:
            CheckError: ``retry_policy`` is something else.
        """
        return self._changed(retry_policy=retry_policy)

    def _changed(self, **changes: Any) -> PendingInvocation:
        kept = {
            "alias": self.alias_name,
            "tags": self.tags,
            "hook_defs": self.hook_defs,
            "retry_policy": self.retry_policy,
        }
        return PendingInvocation(self.node, **{**kept, **changes})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Place the node in the graph that is being composed; return its outputs to hand on."""
        return invoke(
            self.node,
            args,
            kwargs,
            self.alias_name,
            self.tags,
            hook_defs=self.hook_defs,
            retry_policy=self.retry_policy,
        )


_NO_TAGS: Mapping[str, Any] = {}


def invoke(
    node: Placeable,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    alias: str | None = None,
    tags: Mapping[str, Any] = _NO_TAGS,
    *,
    hook_defs: HookDefs = NO_HOOKS,
    retry_policy: RetryPolicy | None = None,
) -> Any:
    """Place a node in the graph that is being composed; return its outputs to hand on.

    Where none is being composed, the node's function is called with the arguments as they are, as
    in a test.

    Args:
        node: A solid or composite solid.
        args: What its inputs are connected to, by position.
        kwargs: The same, by name.
        alias: The node's name in the graph (default: its own, or a free name made from it).
        tags: Tags of this place.
        hook_defs: Hooks of this place.
        retry_policy: How the node is tried again at this place.

    Raises:
        DagsterInvalidDefinitionError: an argument fits no input, or is no output of another solid.
    """
    composition = _current.get()
    if composition is None:
        return plugins.load("invoke_solid")(node, args, kwargs, tags)
    inputs = bind_inputs(composition.owner, node, args, kwargs)
    name = composition.place(node, alias, tags, inputs, hook_defs, retry_policy)
    return _handles(node, name, composition, is_mapped=any(map(_is_mapped, inputs.values())))


def bind_inputs(
    owner: str, node: Placeable, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call by input name.

    Raises:
        DagsterInvalidDefinitionError: there are too many, or one names no input.
    """
    names = node.positional_inputs
    if len(args) > len(names):
        message = (
            f"{owner}: {node.label} takes {len(names)} input(s) ({listed(names)}) but was called "
            f"with {len(args)} positional arguments."
        )
        raise DagsterInvalidDefinitionError(message)
    bound = dict(zip(names, args, strict=False))
    for name, value in kwargs.items():
        if name not in node.input_dict:
            message = (
                f"{owner}: {node.label} has no input '{name}'.{near(name, node.input_dict)} "
                f"It has: {listed(node.input_dict)}."
            )
            raise DagsterInvalidDefinitionError(message)
        if name in bound:
            message = f"{owner}: input '{name}' of {node.label} was given twice."
            raise DagsterInvalidDefinitionError(message)
        bound[name] = value
    return bound


def _is_mapped(value: Any) -> bool:
    """Return whether an input with this value makes its solid run once for each mapping key."""
    parts = value if isinstance(value, list) else (value,)
    return any(isinstance(part, MappedOutputHandle) for part in parts)


def _handles(node: Placeable, name: str, composition: Composition, *, is_mapped: bool) -> Any:
    usual = MappedOutputHandle if is_mapped else InvokedSolidOutputHandle
    handles = [
        (DynamicOutputHandle if output.is_dynamic else usual)(name, output_name, composition)
        for output_name, output in node.output_dict.items()
    ]
    if len(handles) <= 1:
        return handles[0] if handles else None
    return _outputs_class(node.name, tuple(node.output_dict))(*handles)


@cache
def _outputs_class(name: str, fields: tuple[str, ...]) -> Callable[..., Any]:
    make: Any = namedtuple  # noqa: PYI024 - the fields are known only when a solid is placed
    made: Callable[..., Any] = make(f"{name}_outputs", fields, rename=True)
    return made
