"""What a run gives back: the results of the pipeline and of its solids (seed 001)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagsterlite import plugins
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    DagsterStorageError,
    listed,
    near,
)
from dagsterlite.events.engine import EngineEventData, StepsResolved
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.fold import steps_of
from dagsterlite.events.payloads import StepFailureData
from dagsterlite.events.yielded import (
    DEFAULT_OUTPUT,
    AssetMaterialization,
    ExpectationResult,
    Materialization,
)
from dagsterlite.execution.managed_outputs import ReadManaged
from dagsterlite.handles import (
    SolidHandle,
    StepHandle,
    StepOutputHandle,
    split_mapped_key,
    unresolved_key,
)
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRunStatus
from dagsterlite.stores import IntermediateStorage

ReadOutput = Callable[[StepOutputHandle], Any]
"""From an output of a step to the value that the run kept."""


def output_reader(
    run_id: str,
    storage: IntermediateStorage | None,
    instance: DagsterInstance,
    read_managed: ReadManaged | None = None,
) -> ReadOutput:
    """Return what reads a run's outputs back from where it kept them.

    It holds on to the instance: the folder of an ephemeral one goes with it.

    Args:
        run_id: The run.
        storage: Where it kept its intermediates; None where it came to have none.
        instance: Where it is recorded.
        read_managed: Reads the outputs that IO managers keep.
    """
    folder = instance.local_artifact_storage

    def read(handle: StepOutputHandle) -> Any:
        step_key = handle.step_key
        manifest = storage.read_manifest(step_key) if storage is not None else None
        if storage is None or manifest is None:
            message = (
                f"The values of step '{step_key}' of run {run_id} are not kept in "
                f"{folder.base_dir} nor anywhere else. Run with intermediate_storage filesystem to "
                "keep them."
            )
            raise DagsterStorageError(message)
        output = manifest.receipt.output(handle.output_name, handle.mapping_key)
        if output is None:
            message = f"Step '{step_key}' did not yield output '{handle.label}'."
            raise DagsterInvariantViolationError(message)
        if output.is_managed and read_managed is not None:
            return read_managed(manifest.receipt, output)
        return storage.read_output(step_key, output)

    return read


@dataclass(frozen=True)
class _Events:
    """A run's events in the order they came, and by step."""

    all: Sequence[DagsterEvent]
    by_step: Mapping[str, Sequence[DagsterEvent]]
    #: For each step of the plan that was mapped over a dynamic output, the steps it came to.
    resolved: Mapping[str, Sequence[str]]

    @staticmethod
    def of(
        events: Sequence[DagsterEvent], resolved: Mapping[str, Sequence[str]] | None = None
    ) -> _Events:
        by_step: dict[str, list[DagsterEvent]] = {}
        for event in events:
            if event.step_key is not None:
                by_step.setdefault(event.step_key, []).append(event)
        return _Events(events, by_step, _resolved(events) if resolved is None else resolved)

    def of_solid(self, handle: SolidHandle) -> _SolidEvents:
        key = StepHandle(handle).key
        unresolved = unresolved_key(key)
        mapped = self.resolved.get(unresolved)
        if mapped is not None:
            found = (event for one in mapped for event in self.by_step.get(one, ()))
            return _SolidEvents(unresolved, list(found), mapped)
        # A step whose dynamic output did not come to be stands for itself.
        own = unresolved if unresolved in self.by_step else key
        return _SolidEvents(own, self.by_step.get(own, ()))


def _resolved(events: Iterable[DagsterEvent]) -> Mapping[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {}
    for event in events:
        match event.event_specific_data:
            case EngineEventData(detail=StepsResolved() as resolved):
                found |= steps_of(resolved)
    return found


@dataclass(frozen=True)
class _SolidEvents:
    """The events of a solid's step, or of the steps that it came to."""

    step_key: str
    all: Sequence[DagsterEvent]
    #: The keys of the steps that it came to; None where it is mapped over no dynamic output.
    mapped: Sequence[str] | None = None

    def keys_with(self, event_type: DagsterEventType) -> set[str | None]:
        return {event.step_key for event in self.all if event.event_type is event_type}

    def outputs(self) -> Iterator[DagsterEvent]:
        """Yield the events of type STEP_OUTPUT of the last attempt of each step."""
        by_step: dict[str | None, list[DagsterEvent]] = {}
        for event in self.all:
            if event.event_type is DagsterEventType.STEP_RESTARTED:
                by_step.pop(event.step_key, None)
            elif event.event_type is DagsterEventType.STEP_OUTPUT:
                by_step.setdefault(event.step_key, []).append(event)
        for events in by_step.values():
            yield from events


class _GraphResult:
    """What the results of pipelines and of composite solids have in common."""

    def __init__(
        self,
        graph: Graph,
        parent: SolidHandle | None,
        events: _Events,
        read: ReadOutput,
        ran: Callable[[SolidHandle], bool],
    ) -> None:
        self._graph = graph
        self._parent = parent
        self._events = events
        self._read = read
        self._ran = ran

    def result_for_solid(self, name: str) -> SolidExecutionResult | CompositeSolidExecutionResult:
        """Return the result of the solid of that name.

        Raises:
            DagsterInvariantViolationError: there is no such solid, or it was not selected.
        """
        known, node = self._graph.solids, self._graph.words.node
        if name not in known:
            message = (
                f"Tried to get result for {node} '{name}', but {self._graph.owner} has no such "
                f"{node}.{near(name, known)} Its {node}s: {listed(known)}."
            )
            raise DagsterInvariantViolationError(message)
        handle = SolidHandle(name, self._parent)
        if not self._ran(handle):
            message = (
                f"{known[name].label} of {self._graph.owner} was not executed: the run was of a "
                "selection."
            )
            raise DagsterInvariantViolationError(message)
        return self._result(known[name], handle)

    def _result(
        self, solid: Solid, handle: SolidHandle
    ) -> SolidExecutionResult | CompositeSolidExecutionResult:
        if isinstance(solid.definition, CompositeSolidDefinition):
            return CompositeSolidExecutionResult(
                solid, solid.definition, handle, self._events, self._read, self._ran
            )
        return SolidExecutionResult(solid, handle, self._events.of_solid(handle), self._read)

    def output_for_solid(self, handle_str: str, output_name: str = DEFAULT_OUTPUT) -> Any:
        """Return an output's value, by the dotted path of its solid.

        Raises:
            DagsterInvariantViolationError: there is no such solid or output.
        """
        return self.result_for_handle(handle_str).output_value(output_name)

    def result_for_handle(
        self, handle: str | SolidHandle
    ) -> SolidExecutionResult | CompositeSolidExecutionResult:
        """Return the result of the solid at a handle or dotted path, also inside composites.

        Raises:
            DagsterInvariantViolationError: there is no such solid.
        """
        path = handle.path if isinstance(handle, SolidHandle) else tuple(handle.split("."))
        result = self.result_for_solid(path[0])
        for name in path[1:]:
            if not isinstance(result, CompositeSolidExecutionResult):
                message = (
                    f"{result.solid.label} holds no {result.solid.definition.words.node} '{name}': "
                    "it is no composite."
                )
                raise DagsterInvariantViolationError(message)
            result = result.result_for_solid(name)
        return result

    @property
    def solid_result_list(self) -> list[SolidExecutionResult | CompositeSolidExecutionResult]:
        """The results of the solids that were selected, in topological order."""
        handles = ((s, SolidHandle(n, self._parent)) for n, s in self._graph.solids.items())
        return [self._result(solid, handle) for solid, handle in handles if self._ran(handle)]

    @property
    def step_event_list(self) -> list[DagsterEvent]:
        """The events that belong to steps, in the order they came."""
        return [event for event in self._events.all if event.is_step_event]

    @property
    def events_by_step_key(self) -> Mapping[str, Sequence[DagsterEvent]]:
        """The events of each step, in the order they came."""
        return {key: list(events) for key, events in self._events.by_step.items()}


class PipelineExecutionResult(_GraphResult):
    """The result of executing a pipeline.

    Returned by ``execute_pipeline``. Users should not instantiate this class.
    """

    def __init__(
        self,
        pipeline_def: PipelineDefinition,
        run_id: str,
        event_list: Sequence[DagsterEvent],
        read_output: ReadOutput,
        step_keys: Iterable[str],
        status: DagsterRunStatus | None = None,
        instance: DagsterInstance | None = None,
    ) -> None:
        self.pipeline_def = pipeline_def
        #: Where the run is recorded, if that is known.
        self.instance = instance
        self.step_keys = tuple(step_keys)
        self.run_id = run_id
        self.event_list = list(event_list)
        self._status = status
        selected = _handles(self.step_keys)
        super().__init__(
            pipeline_def.graph,
            None,
            _Events.of(self.event_list),
            read_output,
            lambda handle: handle in selected,
        )

    @property
    def success(self) -> bool:
        """Whether all steps that could run did so successfully."""
        return self._status is DagsterRunStatus.SUCCESS

    @property
    def status(self) -> DagsterRunStatus | None:
        """How the run ended."""
        return self._status

    def __repr__(self) -> str:
        status = self._status.value if self._status else "unknown"
        name = self.pipeline_def.name
        return f"PipelineExecutionResult(pipeline={name!r}, run_id={self.run_id!r}, {status})"

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        shown: str = plugins.load("display_result")(self)
        return shown


def _handles(step_keys: Iterable[str]) -> frozenset[SolidHandle]:
    """Return the handles of steps' solids, and of the composites that hold them."""
    handles: set[SolidHandle] = set()
    for key in step_keys:
        handle: SolidHandle | None = SolidHandle.from_string(key.rpartition(".")[0])
        while handle is not None and handle not in handles:
            handles.add(handle)
            handle = handle.parent
    return frozenset(handles)


class SolidExecutionResult:
    """Execution result for a leaf solid in a pipeline.

    A solid that was mapped over a dynamic output has a step for each mapping key: its events are
    those of all of them, and its outputs' values are dicts by mapping key, as are those of dynamic
    outputs. Users should not instantiate this class.
    """

    def __init__(
        self,
        solid: Solid,
        handle: SolidHandle,
        events: _SolidEvents,
        read_output: ReadOutput,
    ) -> None:
        self.solid = solid
        self.handle = handle
        self._events = events
        self._step_events = list(events.all)
        self._read = read_output

    @property
    def step_key(self) -> str:
        """The key of the solid's step; with ``[?]`` for the steps of a mapped one."""
        return self._events.step_key

    # --- how it went ---

    @property
    def success(self) -> bool:
        """Whether solid execution was successful; if mapped, no step failed and not all skipped."""
        succeeded = self._events.keys_with(DagsterEventType.STEP_SUCCESS)
        if self._events.mapped is None:
            return bool(succeeded)
        skipped = self._events.keys_with(DagsterEventType.STEP_SKIPPED)
        mapped = set(self._events.mapped)
        return mapped <= succeeded | skipped and (bool(succeeded) or not mapped)

    @property
    def skipped(self) -> bool:
        """Whether solid execution was skipped; if mapped, for all mapping keys."""
        skipped = self._events.keys_with(DagsterEventType.STEP_SKIPPED)
        return bool(skipped) and skipped.issuperset(self._events.mapped or ())

    @property
    def failure_data(self) -> StepFailureData | None:
        """Any data corresponding to this step's failure, if it failed."""
        event = self._first(DagsterEventType.STEP_FAILURE)
        return event.step_failure_data if event else None

    @property
    def retry_attempts(self) -> int:
        """How often the step was tried again."""
        return len(self._of(DagsterEventType.STEP_RESTARTED))

    # --- its events ---

    @property
    def compute_step_events(self) -> list[DagsterEvent]:
        """All events generated by execution of the solid compute function."""
        return list(self._step_events)

    @property
    def step_events(self) -> list[DagsterEvent]:
        """All events of the solid's step."""
        return list(self._step_events)

    @property
    def compute_input_event_dict(self) -> dict[str, DagsterEvent]:
        """All events of type STEP_INPUT, keyed by input name."""
        return {e.step_input_data.input_name: e for e in self.input_events_during_compute}

    @property
    def compute_output_event_dict(self) -> dict[str, DagsterEvent]:
        """All events of type STEP_OUTPUT of the last attempt, keyed by output name.

        Where there are several of one name, it is the last of them.
        """
        return {event.step_output_data.output_name: event for event in self._events.outputs()}

    @property
    def compute_output_events_dict(self) -> dict[str, list[DagsterEvent]]:
        """All events of type STEP_OUTPUT of the last attempt, in lists keyed by output name."""
        found: dict[str, list[DagsterEvent]] = {}
        for event in self._events.outputs():
            found.setdefault(event.step_output_data.output_name, []).append(event)
        return found

    @property
    def compute_step_failure_event(self) -> DagsterEvent:
        """The STEP_FAILURE event, throws if it did not fail."""
        return self._must(DagsterEventType.STEP_FAILURE)

    @property
    def input_events_during_compute(self) -> list[DagsterEvent]:
        """All events of type STEP_INPUT."""
        return self._of(DagsterEventType.STEP_INPUT)

    @property
    def output_events_during_compute(self) -> list[DagsterEvent]:
        """All events of type STEP_OUTPUT."""
        return self._of(DagsterEventType.STEP_OUTPUT)

    @property
    def materialization_events_during_compute(self) -> list[DagsterEvent]:
        """All events of type STEP_MATERIALIZATION."""
        return self._of(DagsterEventType.STEP_MATERIALIZATION)

    @property
    def materializations_during_compute(self) -> list[AssetMaterialization | Materialization]:
        """All materializations yielded by the solid."""
        events = self.materialization_events_during_compute
        return [event.step_materialization_data.materialization for event in events]

    @property
    def expectation_events_during_compute(self) -> list[DagsterEvent]:
        """All events of type STEP_EXPECTATION_RESULT."""
        return self._of(DagsterEventType.STEP_EXPECTATION_RESULT)

    @property
    def expectation_results_during_compute(self) -> list[ExpectationResult]:
        """All expectation results yielded by the solid."""
        events = self.expectation_events_during_compute
        return [event.step_expectation_result_data.expectation_result for event in events]

    def get_output_event_for_compute(self, output_name: str = DEFAULT_OUTPUT) -> DagsterEvent:
        """Return the STEP_OUTPUT event for the given output name.

        Raises:
            DagsterInvariantViolationError: the output was not yielded.
        """
        events = self.compute_output_event_dict
        if output_name not in events:
            message = (
                f"{self.solid.label} did not yield output '{output_name}'."
                f"{near(output_name, events)} It yielded: {listed(events)}."
            )
            raise DagsterInvariantViolationError(message)
        return events[output_name]

    def get_step_success_event(self) -> DagsterEvent:
        """Return the STEP_SUCCESS event.

        Raises:
            DagsterInvariantViolationError: there is none.
        """
        return self._must(DagsterEventType.STEP_SUCCESS)

    # --- its values ---

    def has_yielded(self, output_name: str) -> bool:
        """Return whether an output was yielded."""
        return output_name in self.compute_output_event_dict

    def output_value(self, output_name: str = DEFAULT_OUTPUT) -> Any:
        """Return a computed output value, read back from where the run kept it.

        Args:
            output_name: The output name for which to retrieve the value.

        Returns:
            None if execution did not succeed, otherwise the output value; a dict by mapping key
            where the output is dynamic or the solid mapped over a dynamic one.

        Raises:
            DagsterInvariantViolationError: the solid has no such output, or did not yield it.
            DagsterStorageError: the run kept no values, or they are no longer there.
        """
        known = self.solid.definition.output_dict
        if output_name not in known:
            message = (
                f"Output '{output_name}' not defined in {self.solid.label}."
                f"{near(output_name, known)} Its outputs: {listed(known)}."
            )
            raise DagsterInvariantViolationError(message)
        if not self.success:
            return None
        if known[output_name].is_dynamic or self._events.mapped is not None:
            events = self.compute_output_events_dict.get(output_name, ())
            handles = [event.step_output_data.step_output_handle for event in events]
            return {_mapping_key(handle): self._read(handle) for handle in handles}
        event = self.get_output_event_for_compute(output_name)
        return self._read(event.step_output_data.step_output_handle)

    @property
    def output_values(self) -> dict[str, Any] | None:
        """The computed output values by name; None if execution did not succeed."""
        if not self.success:
            return None
        return {name: self.output_value(name) for name in self.compute_output_event_dict}

    def _of(self, event_type: DagsterEventType) -> list[DagsterEvent]:
        return [event for event in self._step_events if event.event_type is event_type]

    def _first(self, event_type: DagsterEventType) -> DagsterEvent | None:
        return next((e for e in self._step_events if e.event_type is event_type), None)

    def _must(self, event_type: DagsterEventType) -> DagsterEvent:
        event = self._first(event_type)
        if event is None:
            message = f"{self.solid.label} has no event {event_type.value}."
            raise DagsterInvariantViolationError(message)
        return event

    def __repr__(self) -> str:
        return f"SolidExecutionResult({str(self.handle)!r}, success={self.success})"


def _mapping_key(handle: StepOutputHandle) -> str | None:
    """Return the mapping key of a dynamic output's value, or of the step mapped over it."""
    return handle.mapping_key or split_mapped_key(handle.step_key)[1]


class CompositeSolidExecutionResult(_GraphResult):
    """Execution result for a composite solid in a pipeline.

    Users should not instantiate this class.
    """

    def __init__(
        self,
        solid: Solid,
        definition: CompositeSolidDefinition,
        handle: SolidHandle,
        events: _Events,
        read_output: ReadOutput,
        ran: Callable[[SolidHandle], bool],
    ) -> None:
        self.solid = solid
        self.handle = handle
        self._definition = definition
        inside = [e for e in events.all if e.solid_handle and _inside(e.solid_handle, handle)]
        super().__init__(
            definition.graph, handle, _Events.of(inside, events.resolved), read_output, ran
        )

    @property
    def event_list(self) -> list[DagsterEvent]:
        """The events of the steps inside, in the order they came."""
        return list(self._events.all)

    @property
    def success(self) -> bool:
        """Whether every solid inside succeeded or was skipped, and one succeeded."""
        results = self.solid_result_list
        return any(r.success for r in results) and all(r.success or r.skipped for r in results)

    @property
    def skipped(self) -> bool:
        """Whether every solid inside was skipped."""
        return all(result.skipped for result in self.solid_result_list)

    def has_yielded(self, output_name: str) -> bool:
        """Return whether the solid inside that an output is mapped from yielded it."""
        for mapping in self._definition.output_mappings:
            if mapping.definition.name == output_name:
                place = mapping.maps_from
                return self.result_for_solid(place.solid_name).has_yielded(place.output_name)
        return False

    def output_value(self, output_name: str = DEFAULT_OUTPUT) -> Any:
        """Return an output's value: that of the solid inside that it is mapped from.

        Raises:
            DagsterInvariantViolationError: the composite has no such output.
        """
        for mapping in self._definition.output_mappings:
            if mapping.definition.name == output_name:
                place = mapping.maps_from
                return self.result_for_solid(place.solid_name).output_value(place.output_name)
        known = self._definition.output_dict
        message = (
            f"Output '{output_name}' not defined in {self.solid.label}."
            f"{near(output_name, known)} Its outputs: {listed(known)}."
        )
        raise DagsterInvariantViolationError(message)

    @property
    def output_values(self) -> dict[str, Any] | None:
        """The values of its yielded outputs by name; None if execution did not succeed."""
        if not self.success:
            return None
        return {
            name: self.output_value(name)
            for name in self._definition.output_dict
            if self.has_yielded(name)
        }

    def __repr__(self) -> str:
        return f"CompositeSolidExecutionResult({str(self.handle)!r}, success={self.success})"


def _inside(handle: SolidHandle, composite: SolidHandle) -> bool:
    return handle != composite and handle.is_or_descends_from(composite)
