"""One step of a plan: a solid to compute, where its inputs come from, what it yields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from dagsterlite.definitions.inputs import InputDefinition
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.outputs import OutputDefinition
from dagsterlite.definitions.solid import SolidDefinition
from dagsterlite.errors import DagsterInvariantViolationError
from dagsterlite.handles import SolidHandle, StepHandleUnion, StepOutputHandle
from dagsterlite.types.dagster_type import DagsterType


@dataclass(frozen=True)
class FromStepOutput:
    """The value is an output of another step."""

    step_output_handle: StepOutputHandle


@dataclass(frozen=True)
class FromConfig:
    """The value is loaded from the run config of a solid's input; without solid, of the whole's."""

    solid_handle: SolidHandle | None
    input_def: InputDefinition


@dataclass(frozen=True)
class FromManager:
    """The value is loaded by an input's own manager: no output is connected to it."""

    solid_handle: SolidHandle | None
    input_def: InputDefinition
    manager_key: str


@dataclass(frozen=True)
class FromDefault:
    """The value is an input's default."""

    input_def: InputDefinition


@dataclass(frozen=True)
class FanOut:
    """A dynamic output that steps are mapped over, one for each value that it is yielded."""

    output: StepOutputHandle
    is_required: bool


@dataclass(frozen=True)
class FromMappedOutput:
    """The value is that of an output for the mapping key that the step itself is for.

    The output is the dynamic one, or one of a step that is mapped over it.
    """

    step_output_handle: StepOutputHandle
    fan_out: FanOut


@dataclass(frozen=True)
class FromDynamicCollect:
    """The value is the list of an output's values for all mapping keys."""

    step_output_handle: StepOutputHandle
    fan_out: FanOut


SingleSource = (
    FromStepOutput | FromConfig | FromManager | FromDefault | FromMappedOutput | FromDynamicCollect
)


@dataclass(frozen=True)
class FromMultipleSources:
    """The value is the list of several sources' values."""

    sources: tuple[SingleSource, ...]


StepInputSource = SingleSource | FromMultipleSources


@dataclass(frozen=True)
class StepInput:
    """An input of a step."""

    name: str
    dagster_type: DagsterType
    source: StepInputSource

    @property
    def single_sources(self) -> tuple[SingleSource, ...]:
        """Where the value comes from, or each of its items."""
        source = self.source
        return source.sources if isinstance(source, FromMultipleSources) else (source,)

    def upstream_outputs(self) -> Iterator[StepOutputHandle]:
        """Yield the outputs of other steps that the input needs."""
        for source in self.single_sources:
            if isinstance(source, (FromStepOutput, FromMappedOutput, FromDynamicCollect)):
                yield source.step_output_handle


@dataclass(frozen=True)
class StepOutput:
    """An output of a step."""

    name: str
    dagster_type: DagsterType
    is_required: bool
    definition: OutputDefinition

    @property
    def optional(self) -> bool:
        """Whether the step may leave it out."""
        return not self.is_required

    @property
    def is_dynamic(self) -> bool:
        """Whether the step yields any number of values for it."""
        return self.definition.is_dynamic


@dataclass(frozen=True, eq=False)
class ExecutionStep:
    """A solid to compute."""

    handle: StepHandleUnion
    key: str
    solid: Solid
    inputs: tuple[StepInput, ...]
    outputs: tuple[StepOutput, ...]

    @property
    def solid_handle(self) -> SolidHandle:
        """Where the solid stands."""
        return self.handle.solid_handle

    @property
    def solid_name(self) -> str:
        """The solid's name in its graph."""
        return self.solid.name

    @property
    def solid_def(self) -> SolidDefinition:
        """The solid's definition."""
        return cast(SolidDefinition, self.solid.definition)

    @property
    def label(self) -> str:
        """The kind and name of the solid, for messages."""
        return self.solid.label

    @property
    def kind_and_path(self) -> str:
        """The kind and path of the solid, for messages."""
        return f"{self.solid.definition.kind} '{self.solid_handle}'"

    @property
    def tags(self) -> Mapping[str, str]:
        """The solid's tags."""
        return self.solid.tags

    @property
    def kind(self) -> str:
        """What kind of step it is."""
        return "COMPUTE"

    @property
    def step_inputs(self) -> tuple[StepInput, ...]:
        """Its inputs."""
        return self.inputs

    @property
    def step_outputs(self) -> tuple[StepOutput, ...]:
        """Its outputs."""
        return self.outputs

    def step_input_named(self, name: str) -> StepInput:
        """Return the input of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        for step_input in self.inputs:
            if step_input.name == name:
                return step_input
        raise DagsterInvariantViolationError(f"Step '{self.key}' has no input '{name}'.")

    def step_output_named(self, name: str) -> StepOutput:
        """Return the output of that name.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        for step_output in self.outputs:
            if step_output.name == name:
                return step_output
        raise DagsterInvariantViolationError(f"Step '{self.key}' has no output '{name}'.")

    def upstream_outputs(self) -> Iterator[StepOutputHandle]:
        """Yield the outputs of other steps that the step needs."""
        for step_input in self.inputs:
            yield from step_input.upstream_outputs()

    def upstream_keys(self) -> frozenset[str]:
        """Return the keys of the steps that this one needs."""
        return frozenset(handle.step_key for handle in self.upstream_outputs())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.key!r})"


MappingKey = str | None
"""A mapping key; None where the dynamic output did not come to be."""

MappingKeys = Mapping[StepOutputHandle, tuple[MappingKey, ...]]
"""For each dynamic output of steps that have ended, what it was yielded under, in that order."""


@dataclass(frozen=True, eq=False, repr=False)
class CollectingStep(ExecutionStep):
    """A step with an input whose list was made once mapping keys were known."""

    #: Those of the dynamic outputs that it collects.
    mapping_keys: MappingKeys


@dataclass(frozen=True, eq=False, repr=False)
class UnresolvedStep(ExecutionStep):
    """A step that waits for dynamic outputs: to know its number, or what a list of its holds."""

    #: What it is mapped over; None where it only collects.
    mapped_over: FanOut | None
    #: Those of the dynamic outputs whose lists are made already.
    mapping_keys: MappingKeys = field(default_factory=dict)

    @property
    def fan_outs(self) -> frozenset[FanOut]:
        """The dynamic outputs that it waits for."""
        return frozenset(
            source.fan_out
            for step_input in self.inputs
            for source in step_input.single_sources
            if isinstance(source, (FromMappedOutput, FromDynamicCollect))
        )

    @property
    def collected(self) -> frozenset[FanOut]:
        """The dynamic outputs that it collects, or what is mapped over them."""
        return frozenset(
            source.fan_out
            for step_input in self.inputs
            for source in step_input.single_sources
            if isinstance(source, FromDynamicCollect)
        )
