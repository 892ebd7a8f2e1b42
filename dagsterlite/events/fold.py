"""From a run's events to what they mean: the state of each step, and of the run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from dagsterlite.events.engine import (
    AttemptSuperseded,
    EngineEventData,
    StepAbandoned,
    StepsResolved,
)
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.events.payloads import StepFailureData, StepRetryData, StepSuccessData
from dagsterlite.runs import DagsterRunStatus


class StepState(Enum):
    """How far a step has come."""

    #: An attempt of it runs.
    RUNNING = "RUNNING"
    #: Its last attempt failed, and another is due.
    WAITING_FOR_RETRY = "WAITING_FOR_RETRY"
    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    #: It did not run: an output that it needs was not yielded.
    SKIPPED = "SKIPPED"
    #: It did not run: a step that it needs failed.
    ABANDONED = "ABANDONED"


FINISHED_STEPS = frozenset(StepState) - {StepState.RUNNING, StepState.WAITING_FOR_RETRY}

_STATE_AFTER = {
    DagsterEventType.STEP_START: StepState.RUNNING,
    DagsterEventType.STEP_RESTARTED: StepState.RUNNING,
    DagsterEventType.STEP_SUCCESS: StepState.SUCCESS,
    DagsterEventType.STEP_FAILURE: StepState.FAILURE,
    DagsterEventType.STEP_SKIPPED: StepState.SKIPPED,
    DagsterEventType.STEP_UP_FOR_RETRY: StepState.WAITING_FOR_RETRY,
}


@dataclass(frozen=True, kw_only=True)
class StepStats:
    """What the events tell of one step."""

    step_key: str
    state: StepState
    #: Unix seconds of the first attempt's start and of the last one's end.
    start_time: float | None = None
    end_time: float | None = None
    #: How many attempts were started.
    attempts: int = 0
    materializations: int = 0
    expectations_passed: int = 0
    expectations_failed: int = 0
    error: SerializableErrorInfo | None = None
    #: What each attempt cost that came to an end, in their order.
    metrics: tuple[StepMetrics, ...] = ()

    @property
    def status(self) -> StepState:
        """How far the step has come, by the name that the documents give it."""
        return self.state

    @property
    def cpu_seconds(self) -> float | None:
        """Seconds of CPU time that all attempts took; None where none told."""
        return sum(m.cpu_seconds for m in self.metrics) if self.metrics else None

    @property
    def most_memory(self) -> StepMetrics | None:
        """The attempt with the highest peak of memory; None where no peak is known."""
        known = [metrics for metrics in self.metrics if metrics.peak_memory is not None]
        return max(known, key=lambda metrics: metrics.peak_memory or 0, default=None)

    @property
    def queue_seconds(self) -> float | None:
        """Seconds that its attempts waited on a cluster; None where none did."""
        waited = [m.queue_seconds for m in self.metrics if m.queue_seconds is not None]
        return sum(waited) if waited else None

    @property
    def transfer_seconds(self) -> float:
        """Seconds that its inputs were under way between workers."""
        return sum(metrics.transfer_seconds for metrics in self.metrics)

    @property
    def bytes_in(self) -> int:
        """Bytes that its attempts loaded from intermediate storage and that other workers sent."""
        return sum(metrics.bytes_read + metrics.bytes_received for metrics in self.metrics)

    @property
    def bytes_out(self) -> int:
        """Bytes that its attempts wrote to intermediate storage."""
        return sum(metrics.bytes_written for metrics in self.metrics)

    @property
    def workers(self) -> tuple[str, ...]:
        """The addresses of the workers that attempts ran on, each once, in their order."""
        return tuple(dict.fromkeys(m.worker for m in self.metrics if m.worker))

    @property
    def seconds(self) -> float | None:
        """Seconds from the first attempt's start to the last one's end."""
        if self.attempts == len(self.metrics) == 1:
            return self.metrics[0].wall_seconds
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time


@dataclass(frozen=True, kw_only=True)
class RunStats:
    """What the events tell of a run."""

    #: None before the first run-level event.
    status: DagsterRunStatus | None = None
    start_time: float | None = None
    end_time: float | None = None
    #: By step key, in the order in which the steps first appeared.
    steps: dict[str, StepStats] = field(default_factory=dict)
    #: For each step of the plan that waited for a dynamic output, the steps that it came to.
    resolved: dict[str, Sequence[str]] = field(default_factory=dict)

    @property
    def steps_succeeded(self) -> int:
        """How many steps succeeded."""
        return self.count(StepState.SUCCESS)

    @property
    def steps_failed(self) -> int:
        """How many steps failed."""
        return self.count(StepState.FAILURE)

    @property
    def materializations(self) -> int:
        """How many materializations its steps told of."""
        return sum(step.materializations for step in self.steps.values())

    @property
    def expectations(self) -> int:
        """How many expectations its steps held up, whether they passed or not."""
        return sum(s.expectations_passed + s.expectations_failed for s in self.steps.values())

    def count(self, *states: StepState) -> int:
        """Return how many steps are in one of these states."""
        return sum(step.state in states for step in self.steps.values())


class RunFold:
    """Takes up a run's entries one after the other and knows at each moment what they mean.

    An entry is taken up once, whatever the number of times it comes; entries of attempts that
    stood back do not count once that is known.
    """

    def __init__(self) -> None:
        self._seen: set[tuple[str, str, str, int]] = set()
        self._superseded: set[str] = set()
        self._stats = RunStats()

    @property
    def stats(self) -> RunStats:
        """What the entries so far mean."""
        return self._stats

    def add(self, entry: EventLogEntry) -> None:
        """Take up an entry."""
        event = entry.dagster_event
        if event is None or entry.key in self._seen or entry.attempt_id in self._superseded:
            return
        self._seen.add(entry.key)
        self.add_event(event, entry.timestamp)

    def add_event(self, event: DagsterEvent, timestamp: float) -> None:
        """Take up an event that was not taken up before."""
        status = STATUS_AFTER.get(event.event_type)
        if status is not None:
            self._stats = _with_status(self._stats, status, timestamp)
        elif event.step_key is not None:
            steps = self._stats.steps
            step = _after(steps.get(event.step_key), event, timestamp)
            if step is not None:
                steps[event.step_key] = step
        match event.event_specific_data:
            case EngineEventData(detail=AttemptSuperseded(attempt_id=attempt_id)):
                self._superseded.add(attempt_id)
            case EngineEventData(detail=StepsResolved() as resolved):
                self._stats.resolved.update(steps_of(resolved))


def fold(entries: Iterable[EventLogEntry]) -> RunStats:
    """Return what a run's entries mean."""
    folding = RunFold()
    for entry in entries:
        folding.add(entry)
    return folding.stats


def steps_of(resolved: StepsResolved) -> dict[str, Sequence[str]]:
    """Return the keys of the steps that came to be known, by that of the step of the plan."""
    return {key: resolved.keys_of(key) for key in resolved.step_keys}


def known_keys(step_keys: Iterable[str], resolved: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the keys of a plan's steps, those that came to several steps replaced by theirs."""
    return [known for key in step_keys for known in resolved.get(key, (key,))]


def _with_status(stats: RunStats, status: DagsterRunStatus, timestamp: float) -> RunStats:
    if status is DagsterRunStatus.STARTED:
        return replace(stats, status=status, start_time=timestamp)
    ended = status in {
        DagsterRunStatus.SUCCESS,
        DagsterRunStatus.FAILURE,
        DagsterRunStatus.CANCELED,
    }
    return replace(stats, status=status, end_time=timestamp if ended else None)


def _after(step: StepStats | None, event: DagsterEvent, timestamp: float) -> StepStats | None:
    state = _state_after(event)
    if step is None:
        if state is None or event.step_key is None:
            return None
        step = StepStats(step_key=event.step_key, state=state)
    if state is not None:
        step = _with_state(step, state, event, timestamp)
    match event.event_type:
        case DagsterEventType.STEP_MATERIALIZATION:
            return replace(step, materializations=step.materializations + 1)
        case DagsterEventType.STEP_EXPECTATION_RESULT:
            if event.step_expectation_result_data.expectation_result.success:
                return replace(step, expectations_passed=step.expectations_passed + 1)
            return replace(step, expectations_failed=step.expectations_failed + 1)
    return step


def _state_after(event: DagsterEvent) -> StepState | None:
    match event.event_specific_data:
        case EngineEventData(detail=StepAbandoned()):
            return StepState.ABANDONED
    return _STATE_AFTER.get(event.event_type)


def _with_state(
    step: StepStats, state: StepState, event: DagsterEvent, timestamp: float
) -> StepStats:
    if state is StepState.RUNNING:
        start = step.start_time if step.start_time is not None else timestamp
        return replace(step, state=state, start_time=start, attempts=step.attempts + 1)
    data = event.event_specific_data
    error = data.error if isinstance(data, StepFailureData) else None
    end = None if state is StepState.WAITING_FOR_RETRY else timestamp
    metrics = (*step.metrics, *_metrics(event))
    return replace(step, state=state, end_time=end, error=error, metrics=metrics)


def _metrics(event: DagsterEvent) -> Iterable[StepMetrics]:
    match event.event_specific_data:
        case StepSuccessData() | StepFailureData() | StepRetryData() as data:
            return () if data.metrics is None else (data.metrics,)
    return ()
