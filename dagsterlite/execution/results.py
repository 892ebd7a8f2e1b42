"""What a run gives back: the results of the pipeline and of its composites (seed 001)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dagsterlite import plugins
from dagsterlite.definitions.composite import CompositeSolidDefinition
from dagsterlite.definitions.graph import Graph
from dagsterlite.definitions.node import Solid
from dagsterlite.definitions.pipeline import PipelineDefinition
from dagsterlite.errors import (
    DagsterInvariantViolationError,
    listed,
    near,
)
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.yielded import (
    DEFAULT_OUTPUT,
)
from dagsterlite.execution.output_reader import ReadOutput
from dagsterlite.execution.result_events import RunEvents
from dagsterlite.execution.solid_result import SolidExecutionResult
from dagsterlite.handles import (
    SolidHandle,
)
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRunStatus


class _GraphResult:
    """What the results of pipelines and of composite solids have in common."""

    def __init__(
        self,
        graph: Graph,
        parent: SolidHandle | None,
        events: RunEvents,
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
            RunEvents.of(self.event_list),
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


class CompositeSolidExecutionResult(_GraphResult):
    """Execution result for a composite solid in a pipeline.

    Users should not instantiate this class.
    """

    def __init__(
        self,
        solid: Solid,
        definition: CompositeSolidDefinition,
        handle: SolidHandle,
        events: RunEvents,
        read_output: ReadOutput,
        ran: Callable[[SolidHandle], bool],
    ) -> None:
        self.solid = solid
        self.handle = handle
        self._definition = definition
        inside = [e for e in events.all if e.solid_handle and _inside(e.solid_handle, handle)]
        super().__init__(
            definition.graph, handle, RunEvents.of(inside, events.resolved), read_output, ran
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
