"""What a function that calls solids says of the graph that it describes: its nodes, edges, ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from dagsterlite.definitions.composition import Composition, composing
from dagsterlite.definitions.dependency import Dependencies, MappedInput, sources_of
from dagsterlite.definitions.inputs import InputDefinition, InputMapping
from dagsterlite.definitions.node import NodeDefinition
from dagsterlite.definitions.output_handles import (
    DynamicOutputHandle,
    InputMappingNode,
    MappedOutputHandle,
    OutputHandle,
)
from dagsterlite.definitions.outputs import (
    DynamicOutputDefinition,
    OutputDefinition,
    OutputMapping,
    SolidOutput,
)
from dagsterlite.definitions.vocabulary import Vocabulary
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near, shown
from dagsterlite.types.builtins import Any as AnyType
from dagsterlite.types.compound import ListType
from dagsterlite.types.dagster_type import DagsterType


@dataclass(frozen=True, kw_only=True)
class Composed:
    """The graph that a function described."""

    node_defs: list[NodeDefinition]
    dependencies: Dependencies
    input_mappings: list[InputMapping]
    output_mappings: list[OutputMapping]


def compose(
    owner: str,
    words: Vocabulary,
    fn: Callable[..., Any],
    inputs: Sequence[InputDefinition],
    outputs: Sequence[OutputDefinition],
    *,
    must_return: bool,
    typed_by_use: bool = False,
) -> Composed:
    """Run a function that calls solids; return the graph that it describes.

    Args:
        owner: The function, for messages.
        words: Its vocabulary.
        fn: The function; each of ``inputs`` is a parameter.
        inputs: The graph's inputs.
        outputs: Its outputs.
        must_return: Whether it must return each output.
        typed_by_use: Whether inputs and outputs of any type take the type of what they lead to or
            come from.

    Raises:
        DagsterInvalidDefinitionError: it hands an input to nothing, or returns something else than
            outputs of what it calls.
    """
    with composing(owner, words) as composition:
        answer = fn(**{item.name: InputMappingNode(item.name, composition) for item in inputs})
    reading = _Reading(owner, words, composition)
    handles = reading.returned(answer, outputs)
    returned = {n: SolidOutput(one.solid_name, one.output_name) for n, one in handles.items()}
    if must_return:
        reading.refuse_unmapped(outputs, returned)
    if typed_by_use or not must_return:
        outputs = [_as_returned(item, handles.get(item.name)) for item in outputs]
    if typed_by_use:
        inputs = [reading.input_as_used(item) for item in inputs]
        outputs = [reading.typed_output(item, returned.get(item.name)) for item in outputs]
    return Composed(
        node_defs=[cast(NodeDefinition, node) for node in composition.definitions.values()],
        dependencies=_without_single_mappings(composition),
        input_mappings=list(reading.input_mappings(inputs)),
        output_mappings=[
            OutputMapping(item, returned[item.name]) for item in outputs if item.name in returned
        ],
    )


def _without_single_mappings(composition: Composition) -> Dependencies:
    return {
        invocation: {n: d for n, d in inputs.items() if not isinstance(d, MappedInput)}
        for invocation, inputs in composition.dependencies.items()
    }


@dataclass(frozen=True)
class _Reading:
    """A composition as it is read, and how messages call its parts."""

    owner: str
    words: Vocabulary
    composition: Composition

    # --- inputs ---

    def input_mappings(self, inputs: Sequence[InputDefinition]) -> Iterator[InputMapping]:
        by_name = {item.name: item for item in inputs}
        used: set[str] = set()
        for solid_name, input_name, index, mapped in self._mapped():
            used.add(mapped.input_name)
            definition = by_name[mapped.input_name]
            yield definition.mapping_to(solid_name, input_name, index)
        unused = by_name.keys() - used
        if unused:
            message = (
                f"{self.owner}: input {listed(unused)} is handed to no {self.words.node} inside. "
                "Hand it on, or remove it."
            )
            raise DagsterInvalidDefinitionError(message)

    def _mapped(self) -> Iterator[tuple[str, str, int | None, MappedInput]]:
        for invocation, inputs in self.composition.dependencies.items():
            for input_name, dependency in inputs.items():
                if isinstance(dependency, MappedInput):
                    yield invocation.node_name, input_name, None, dependency
                    continue
                for index, source in enumerate(sources_of(dependency)):
                    if isinstance(source, MappedInput):
                        yield invocation.node_name, input_name, index, source

    def input_as_used(self, definition: InputDefinition) -> InputDefinition:
        """Return an input with the type and the manager of the inputs that it is handed to.

        Its own type stands; and its manager is theirs only where all of them have that one.
        """
        used = [
            (self._definition_of(solid_name).input_dict[input_name], index)
            for solid_name, input_name, index, mapped in self._mapped()
            if mapped.input_name == definition.name
        ]
        types = [
            item.dagster_type if index is None else _item_type(item.dagster_type)
            for item, index in used
        ]
        typed = [item for item in types if item is not AnyType]
        if definition.dagster_type is AnyType and typed:
            definition = definition.with_type(typed[0])
        managers = {item.unconnected_manager_key if index is None else None for item, index in used}
        if managers.isdisjoint({None}) and len(managers) == 1 and not definition.has_default_value:
            definition = definition.with_manager_of(used[0][0])
        return definition

    def _definition_of(self, node_name: str) -> NodeDefinition:
        for invocation in self.composition.dependencies:
            if invocation.node_name == node_name:
                return cast(NodeDefinition, self.composition.definitions[invocation.name])
        raise AssertionError(node_name)

    # --- outputs ---

    def typed_output(
        self, definition: OutputDefinition, source: SolidOutput | None
    ) -> OutputDefinition:
        """Return an output of any type with the type of what it comes from."""
        if source is None or definition.dagster_type is not AnyType:
            return definition
        inner = self._definition_of(source.solid_name).output_dict[source.output_name]
        return definition.with_type(inner.dagster_type)

    def returned(self, answer: Any, outputs: Sequence[OutputDefinition]) -> dict[str, OutputHandle]:
        """Return what the graph's outputs come from, by output name."""
        names = [output.name for output in outputs]
        if answer is None:
            return {}
        if isinstance(answer, OutputHandle) and len(outputs) == 1:
            answer = {names[0]: answer}
        elif _are_handles(answer):
            answer = _by_name(answer, names)
        if not isinstance(answer, dict):
            message = (
                f"{self.owner}: its function returned {shown(answer)}. Return an output of "
                f"{self.words.a_node} called inside, or a dict of them by name; the "
                f"{self.words.composite}'s outputs are {listed(names)}."
            )
            raise DagsterInvalidDefinitionError(message)
        return {
            self._output_name(name, names): self._checked(name, handle)
            for name, handle in answer.items()
        }

    def _output_name(self, name: Any, names: Sequence[str]) -> str:
        if name not in names:
            message = (
                f"{self.owner}: its function returned an output '{name}' that is not in "
                f"{self.words.outputs}.{near(name, names)} They are {listed(names)}."
            )
            raise DagsterInvalidDefinitionError(message)
        return str(name)

    def _checked(self, name: str, handle: Any) -> OutputHandle:
        if not isinstance(handle, OutputHandle) or handle.composition is not self.composition:
            message = (
                f"{self.owner}: the output '{name}' that its function returned is {shown(handle)}, "
                f"not an output of {self.words.a_node} called inside."
            )
            raise DagsterInvalidDefinitionError(message)
        return handle

    def refuse_unmapped(
        self, outputs: Sequence[OutputDefinition], returned: Mapping[str, SolidOutput]
    ) -> None:
        unmapped = {output.name for output in outputs} - returned.keys()
        if unmapped:
            message = (
                f"{self.owner}: its function does not return output {listed(unmapped)} of "
                f"{self.words.outputs}. Return a dict from output name to an output of "
                f"{self.words.a_node} inside, or remove it."
            )
            raise DagsterInvalidDefinitionError(message)


def _as_returned(definition: OutputDefinition, handle: OutputHandle | None) -> OutputDefinition:
    """Return an output that is dynamic if what it comes from has a value for each mapping key."""
    if not isinstance(handle, (DynamicOutputHandle, MappedOutputHandle)):
        return definition
    facts = (definition.dagster_type, definition.name, definition.description)
    return DynamicOutputDefinition(*facts, definition.is_required)


def _are_handles(answer: Any) -> bool:
    is_tuple = isinstance(answer, tuple)
    return is_tuple and all(isinstance(item, OutputHandle) for item in answer)


def _by_name(handles: tuple[OutputHandle, ...], names: Sequence[str]) -> dict[str, OutputHandle]:
    """Return a tuple of outputs by the names that they have inside, else by their order."""
    inside = {handle.output_name: handle for handle in handles}
    in_order = type(handles) is tuple and len(handles) == len(names) and inside.keys() != {*names}
    return dict(zip(names, handles, strict=True)) if in_order else inside


def _item_type(dagster_type: DagsterType) -> DagsterType:
    return dagster_type.inner_types[0] if isinstance(dagster_type, ListType) else dagster_type
