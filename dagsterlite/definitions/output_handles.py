"""What stands for values while a graph is composed: handles on outputs, to be handed on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from dagsterlite.definitions.vocabulary import Vocabulary
from dagsterlite.errors import (
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    shown,
)

MapFn = Callable[[Any], Any]
"""Takes a handle on one value of a dynamic output, calls solids, returns their handles."""


class Composing(Protocol):
    """What handles need to know of the graph that is being composed."""

    @property
    def words(self) -> Vocabulary:
        """The vocabulary that it is defined in."""


class _WithoutValue:
    """A handle that stands for a value of a run to come."""

    composition: Composing

    def _refuse(self, deed: str) -> DagsterInvariantViolationError:
        return DagsterInvariantViolationError(
            f"{self} has no value while the graph is composed: it cannot be {deed}. Hand it to "
            f"{self.composition.words.a_node}, which is given the value."
        )

    def __iter__(self) -> Iterator[Any]:
        raise self._refuse("iterated over or unpacked")

    def __getitem__(self, key: object) -> Any:
        raise self._refuse("indexed")

    def __bool__(self) -> bool:
        raise self._refuse("tested")


@dataclass(frozen=True, eq=False)
class InvokedSolidOutputHandle(_WithoutValue):
    """A handle on one output of a placed solid: hand it to another solid to draw an edge."""

    solid_name: str
    output_name: str
    composition: Composing = field(repr=False)

    def map(self, _fn: MapFn) -> Any:
        """Refuse: one value cannot be mapped over.

        Raises:
            DagsterInvariantViolationError: always.
        """
        raise self._not_dynamic("mapped over")

    def collect(self) -> Any:
        """Refuse: one value cannot be collected.

        Raises:
            DagsterInvariantViolationError: always.
        """
        raise self._not_dynamic("collected")

    def _not_dynamic(self, deed: str) -> DagsterInvariantViolationError:
        return DagsterInvariantViolationError(
            f"{self} is not dynamic and cannot be {deed}: it is one value. Define the output by "
            f"{self.composition.words.dynamic_output} and yield DynamicOutput, or hand the output "
            "on as it is."
        )

    def __str__(self) -> str:
        return f"Output '{self.output_name}' of {self.composition.words.node} '{self.solid_name}'"


@dataclass(frozen=True, eq=False)
class MappedOutputHandle(InvokedSolidOutputHandle):
    """A handle on an output that is there once for each mapping key of a dynamic output.

    A solid that it is handed to is mapped too.
    """

    def map(self, fn: MapFn) -> Any:
        """Call ``fn`` with this handle; return the handles that it returns."""
        return _mapped(self, fn, self)

    def collect(self) -> CollectedOutputHandle:
        """Return a handle on the list of the values for all mapping keys."""
        return CollectedOutputHandle(self.solid_name, self.output_name, self.composition)


@dataclass(frozen=True, eq=False)
class DynamicOutputHandle(_WithoutValue):
    """A handle on a dynamic output: map solids over its values, or collect them in a list."""

    solid_name: str
    output_name: str
    composition: Composing = field(repr=False)

    def map(self, fn: MapFn) -> Any:
        """Map solids over the values: each that ``fn`` calls runs once for each value.

        Args:
            fn: Is called once, with a handle on one value; it calls solids or composite solids and
                returns handles on their outputs.

        Returns:
            What ``fn`` returned: a handle, a list or tuple of handles, or None.

        Raises:
            ParameterCheckError: ``fn`` is no function.
            DagsterInvalidDefinitionError: it returned something else.
        """
        handle = MappedOutputHandle(self.solid_name, self.output_name, self.composition)
        return _mapped(self, fn, handle)

    def collect(self) -> CollectedOutputHandle:
        """Return a handle on the list of the values, in the order in which they are yielded."""
        return CollectedOutputHandle(self.solid_name, self.output_name, self.composition)

    def __str__(self) -> str:
        node = self.composition.words.node
        return f"Dynamic output '{self.output_name}' of {node} '{self.solid_name}'"


@dataclass(frozen=True, eq=False)
class CollectedOutputHandle(_WithoutValue):
    """A handle on the list of all values of a dynamic output, or of one mapped over it."""

    solid_name: str
    output_name: str
    composition: Composing = field(repr=False)

    def __str__(self) -> str:
        node = self.composition.words.node
        return f"Collected output '{self.output_name}' of {node} '{self.solid_name}'"


@dataclass(frozen=True, eq=False)
class InputMappingNode(_WithoutValue):
    """A handle on an input of the composite that is being composed."""

    input_name: str
    composition: Composing = field(repr=False)

    def __str__(self) -> str:
        return f"Input '{self.input_name}' of the {self.composition.words.composite}"


OutputHandle = InvokedSolidOutputHandle | DynamicOutputHandle
"""A handle on an output of a placed solid that is no list of its values."""


def _mapped(over: OutputHandle, fn: Any, handle: MappedOutputHandle) -> Any:
    if not callable(fn):
        expected = "a function of one handle that calls solids"
        raise ParameterCheckError(f"{over}: map", "fn", expected, fn)
    answer = fn(handle)
    handles = answer if isinstance(answer, (list, tuple)) else [answer]
    if answer is None or all(isinstance(item, OutputHandle) for item in handles):
        return answer
    message = (
        f"{over}: the function that is mapped over it returned {shown(answer)}. Return the output "
        "of a solid called inside, a list or tuple of such outputs, or nothing."
    )
    raise DagsterInvalidDefinitionError(message)
