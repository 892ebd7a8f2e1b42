"""Whether the edges of a graph fit what they connect."""

from __future__ import annotations

from collections.abc import Mapping

from dagsterlite.definitions.dependency import (
    Dependency,
    DependencyDefinition,
    DynamicCollectDependencyDefinition,
    InputSources,
    MappedInput,
    MultiDependencyDefinition,
    sources_of,
)
from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.errors import DagsterInvalidDefinitionError, listed, near
from dagsterlite.types.builtins import Any as AnyType
from dagsterlite.types.compound import ListType
from dagsterlite.types.dagster_type import DagsterType


class EdgeCheck:
    """Checks the edges of one graph.

    Args:
        owner: The pipeline or composite that holds the graph, for messages.
        solids: The graph's solids.
        outer: The inputs of the composite that holds it.
    """

    def __init__(
        self, owner: str, solids: Mapping[str, Solid], outer: Mapping[str, InputDefinition]
    ) -> None:
        self._owner = owner
        self._solids = solids
        self._outer = outer

    def inputs_of(self, solid: Solid, inputs: InputSources) -> None:
        """Check what the inputs of a solid are connected to.

        Raises:
            DagsterInvalidDefinitionError: an edge names something that is not there, or does not
                fit the input.
        """
        for input_name, dependency in inputs.items():
            input_def = solid.definition.input_dict.get(input_name)
            if input_def is None:
                known = solid.definition.input_dict
                message = (
                    f"{self._owner}: {solid.label} has no input '{input_name}'."
                    f"{near(input_name, known)} It has: {listed(known)}."
                )
                raise DagsterInvalidDefinitionError(message)
            self._input(solid, input_def, dependency)

    def _input(self, solid: Solid, input_def: InputDefinition, dependency: Dependency) -> None:
        dagster_type = input_def.dagster_type
        if isinstance(dependency, (MultiDependencyDefinition, DynamicCollectDependencyDefinition)):
            dagster_type = self._item_type(solid, input_def)
        for source in sources_of(dependency):
            if isinstance(source, DependencyDefinition):
                self._output(solid, input_def, source)
            else:
                self._outer_input(solid, input_def, dagster_type, source)

    def _place(self, solid: Solid, input_def: InputDefinition) -> str:
        return (
            f"{self._owner}: input '{input_def.name}' of {solid.label}, of type "
            f"{input_def.dagster_type.display_name},"
        )

    def _item_type(self, solid: Solid, input_def: InputDefinition) -> DagsterType:
        dagster_type = input_def.dagster_type
        if isinstance(dagster_type, ListType):
            return dagster_type.inner_types[0]
        if dagster_type is AnyType or dagster_type.is_nothing:
            return dagster_type
        message = (
            f"{self._place(solid, input_def)} does not support fan-in: the list of several outputs "
            "needs a List type, Any or Nothing."
        )
        raise DagsterInvalidDefinitionError(message)

    def _output(
        self, solid: Solid, input_def: InputDefinition, source: DependencyDefinition
    ) -> None:
        upstream = self._solids.get(source.solid)
        if upstream is None:
            node = solid.definition.words.node
            message = (
                f"{self._place(solid, input_def)} depends on {node} '{source.solid}', which is not "
                f"there.{near(source.solid, self._solids)} There are: {listed(self._solids)}."
            )
            raise DagsterInvalidDefinitionError(message)
        outputs = upstream.definition.output_dict
        output = outputs.get(source.output)
        if output is None:
            message = (
                f"{self._place(solid, input_def)} depends on output '{source.output}' of "
                f"{upstream.label}, which it lacks.{near(source.output, outputs)} Its outputs: "
                f"{listed(outputs)}."
            )
            raise DagsterInvalidDefinitionError(message)
        if output.dagster_type.is_nothing and not input_def.dagster_type.is_nothing:
            message = (
                f"{self._place(solid, input_def)} needs a value, but output '{source.output}' of "
                f"{upstream.label} is of type Nothing. Give the input the type Nothing, or "
                "the output another."
            )
            raise DagsterInvalidDefinitionError(message)

    def _outer_input(
        self,
        solid: Solid,
        input_def: InputDefinition,
        expected: DagsterType,
        source: MappedInput,
    ) -> None:
        outer = self._outer.get(source.input_name)
        if outer is None:
            message = (
                f"{self._place(solid, input_def)} holds the place of an input of the composite, "
                "but no input mapping leads there."
            )
            raise DagsterInvalidDefinitionError(message)
        if expected is not AnyType and not outer.dagster_type.is_same(expected):
            item = "" if expected is input_def.dagster_type else " has an item that"
            message = (
                f"{self._place(solid, input_def)}{item} is mapped from input '{outer.name}' of "
                f"type {outer.dagster_type.display_name}: both must be of type "
                f"{expected.display_name}."
            )
            raise DagsterInvalidDefinitionError(message)
