"""What stands in a graph: the common part of solids and composite solids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from dagsterlite.definitions import composition
from dagsterlite.definitions.arguments import description_of, list_of
from dagsterlite.definitions.dynamic import Origins, origins_of_outputs
from dagsterlite.definitions.hook import NO_HOOKS, HookDefinition, HookDefs
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.naming import check_name, check_tags
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.retry_policy import RetryPolicy
from dagsterlite.definitions.vocabulary import SOLIDS, Vocabulary
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near
from dagsterlite.handles import SolidHandle
from dagsterlite.types.dagster_type import DagsterType

T = TypeVar("T", InputDefinition, OutputDefinition)


class NodeDefinition(ABC):
    """A solid or a composite solid: a name, inputs, outputs.

    Raises:
        DagsterInvalidDefinitionError: a name is wrong or used twice.
    """

    #: The vocabulary that it is defined in.
    words: Vocabulary = SOLIDS
    #: How messages call this kind of definition.
    kind: str = SOLIDS.node

    def __init__(
        self,
        name: str,
        input_defs: Sequence[InputDefinition],
        output_defs: Sequence[OutputDefinition],
        description: str | None,
        tags: Mapping[str, Any] | None,
        positional_inputs: Sequence[str] | None,
    ) -> None:
        self.name = check_name(self.kind, name)
        self.description = description_of(self.label, description)
        self.tags = check_tags(self.label, tags)
        words = self.words
        self.input_dict = _by_name(self.label, words.inputs, input_defs, InputDefinition)
        self.output_dict = _by_name(self.label, words.outputs, output_defs, OutputDefinition)
        self.positional_inputs = tuple(positional_inputs or self.input_dict)

    @property
    def label(self) -> str:
        """The kind and name, for messages."""
        return f"{self.kind} '{self.name}'"

    @property
    def input_defs(self) -> list[InputDefinition]:
        """The inputs, in order."""
        return list(self.input_dict.values())

    @property
    def output_defs(self) -> list[OutputDefinition]:
        """The outputs, in order."""
        return list(self.output_dict.values())

    def has_input(self, name: str) -> bool:
        """Return whether there is an input of that name."""
        return name in self.input_dict

    def has_output(self, name: str) -> bool:
        """Return whether there is an output of that name."""
        return name in self.output_dict

    def input_def_named(self, name: str) -> InputDefinition:
        """Return the input of that name.

        Raises:
            DagsterInvalidDefinitionError: there is none.
        """
        return _named(self.label, "input", name, self.input_dict)

    def output_def_named(self, name: str) -> OutputDefinition:
        """Return the output of that name.

        Raises:
            DagsterInvalidDefinitionError: there is none.
        """
        return _named(self.label, "output", name, self.output_dict)

    @property
    def dagster_types(self) -> list[DagsterType]:
        """The types of its inputs, then of its outputs."""
        inputs = [item.dagster_type for item in self.input_defs]
        return inputs + [item.dagster_type for item in self.output_defs]

    @property
    @abstractmethod
    def required_resource_keys(self) -> frozenset[str]:
        """The resources that running the node needs."""

    @property
    def is_dynamic(self) -> bool:
        """Whether a dynamic output is among its outputs, or inside it."""
        return any(output.is_dynamic for output in self.output_dict.values())

    def origins(self, owner: str, handle: SolidHandle, inputs: Origins) -> Origins:
        """Return which dynamic outputs its outputs are mapped over where it stands.

        Args:
            owner: The pipeline or composite that is checked, for messages.
            handle: Where the node stands.
            inputs: What its inputs are mapped over.

        Raises:
            DagsterInvalidDefinitionError: it cannot be mapped so.
        """
        return origins_of_outputs(owner, handle, self.output_dict, inputs)

    # --- placing the node in a graph, inside a function under @pipeline, @job, … ---

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Place the node in the graph that is being composed; return its outputs to hand on."""
        return composition.invoke(self, args, kwargs)

    def alias(self, name: str) -> composition.PendingInvocation:
        """Return the node under another name, to be placed by a call."""
        return composition.PendingInvocation(self, alias=name)

    def tag(self, tags: Mapping[str, Any]) -> composition.PendingInvocation:
        """Return the node with further tags, to be placed by a call."""
        return composition.PendingInvocation(self, tags=tags)

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> composition.PendingInvocation:
        """Return the node with hooks, to be placed by a call; see :class:`HookDefinition`."""
        return composition.PendingInvocation(self, hook_defs=hook_defs)

    def with_retry_policy(self, retry_policy: RetryPolicy) -> composition.PendingInvocation:
        """Return the node with another retry policy, to be placed by a call."""
        return composition.PendingInvocation(self, retry_policy=retry_policy)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


def _by_name(owner: str, argument: str, defs: Sequence[T], cls: type[T]) -> dict[str, T]:
    named: dict[str, T] = {}
    for item in list_of(owner, argument, defs, cls):
        if item.name in named:
            message = f"{owner}: {argument} holds two definitions named '{item.name}'."
            raise DagsterInvalidDefinitionError(message)
        named[item.name] = item
    return named


def _named(owner: str, kind: str, name: str, known: Mapping[str, T]) -> T:
    try:
        return known[name]
    except KeyError:
        message = f"{owner} has no {kind} '{name}'.{near(name, known)} It has: {listed(known)}."
        raise DagsterInvalidDefinitionError(message) from None


@dataclass(frozen=True, eq=False)
class Solid:
    """A node's place in a graph."""

    name: str
    definition: NodeDefinition
    #: The definition's tags under those given at this place.
    tags: Mapping[str, str]
    #: The hooks given at this place; those of a composite apply to the solids inside.
    hook_defs: HookDefs = NO_HOOKS
    #: How the solid is tried again at this place, if that is said here; see
    #: ``PipelineDefinition.get_retry_policy_for_handle``.
    retry_policy: RetryPolicy | None = None

    @property
    def label(self) -> str:
        """The kind of its definition and its own name, for messages."""
        return f"{self.definition.kind} '{self.name}'"

    @property
    def definition_name(self) -> str:
        """The name of the definition."""
        return self.definition.name

    @property
    def input_dict(self) -> Mapping[str, InputDefinition]:
        """The definition's inputs by name."""
        return self.definition.input_dict

    @property
    def output_dict(self) -> Mapping[str, OutputDefinition]:
        """The definition's outputs by name."""
        return self.definition.output_dict
