"""How far a run has come, taken from its events: what a display shows of it at a moment."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

from dagsterlite.events.engine import EngineEventData, StepsResolved, Waiting
from dagsterlite.events.error_info import SerializableErrorInfo
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.fold import FINISHED_STEPS, RunFold, StepState, StepStats
from dagsterlite.events.payloads import (
    PipelineCanceledData,
    PipelineFailureData,
    PipelineInitFailureData,
)
from dagsterlite.runs import DagsterRun, DagsterRunStatus


@dataclass(frozen=True)
class RunningStep:
    """A step that is under way."""

    step_key: str
    #: Unix seconds of the attempt's start.
    since: float
    #: 1 for the first attempt.
    attempt: int


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a run has come at one moment."""

    run: DagsterRun
    #: How many steps the run will execute, as far as is known.
    total: int
    status: DagsterRunStatus | None = None
    #: Whether somebody asked for the run to stop and it has not ended yet.
    is_canceling: bool = False
    #: Unix seconds of the run's start; until then, of the display's.
    start_time: float
    end_time: float | None = None
    #: How many steps are in each state.
    counts: Counter[StepState] = field(default_factory=Counter)
    expectations_passed: int = 0
    expectations_failed: int = 0
    hooks_errored: int = 0
    #: Longest first.
    running: tuple[RunningStep, ...] = ()
    failed: tuple[StepStats, ...] = ()
    #: What the run waits for, e.g. ``workers``, if no step has moved since it said so.
    waits_for: str = ""
    #: What the run as a whole failed of, where it was no step's failure.
    error: SerializableErrorInfo | None = None

    @property
    def finished(self) -> int:
        """How many steps came to an end, whichever."""
        return sum(self.counts[state] for state in FINISHED_STEPS)

    @property
    def is_success(self) -> bool:
        """Whether the run has ended well."""
        return self.status is DagsterRunStatus.SUCCESS

    def elapsed(self, now: float) -> float:
        """Return the seconds that the run has taken up to ``now``."""
        return max(0.0, (self.end_time or now) - self.start_time)

    def rate(self, now: float) -> float | None:
        """Return the steps finished a second; None while it is too early to tell."""
        elapsed = self.elapsed(now)
        return self.finished / elapsed if elapsed >= 1 and self.finished else None


class RunProgress:
    """Takes up a run's events one after the other; another thread may look at it meanwhile.

    Args:
        run: The run.
        total: How many steps it will execute, as far as the plan tells.
        now: Unix seconds.
    """

    def __init__(self, run: DagsterRun, total: int, now: float) -> None:
        self._run = run
        self.total = total
        self._begun = now
        self._lock = threading.Lock()
        self._fold = RunFold()
        self._counts: Counter[StepState] = Counter()
        self._running: dict[str, RunningStep] = {}
        self._failed: dict[str, None] = {}
        self._expectations = Counter[bool]()
        self._hooks_errored = 0
        self._is_canceling = False
        self._waits_for = ""
        self._error: SerializableErrorInfo | None = None

    def take(self, event: DagsterEvent, now: float) -> StepStats | None:
        """Take up an event that came at unix seconds ``now``; return its step as it is now."""
        with self._lock:
            before = self._step(event)
            self._fold.add_event(event, now)
            after = self._step(event)
            if after is not None:
                self._count(before, after, now)
            self._note(event)
            return after

    def view(self) -> Progress:
        """Return how far the run has come."""
        with self._lock:
            stats = self._fold.stats
            return Progress(
                run=self._run,
                total=self.total,
                status=stats.status,
                is_canceling=self._is_canceling,
                start_time=stats.start_time or self._begun,
                end_time=stats.end_time,
                counts=self._counts.copy(),
                expectations_passed=self._expectations[True],
                expectations_failed=self._expectations[False],
                hooks_errored=self._hooks_errored,
                running=tuple(self._running.values()),
                failed=tuple(stats.steps[key] for key in self._failed),
                waits_for=self._waits_for,
                error=self._error,
            )

    def _step(self, event: DagsterEvent) -> StepStats | None:
        key = event.step_key
        return None if key is None else self._fold.stats.steps.get(key)

    def _count(self, before: StepStats | None, after: StepStats, now: float) -> None:
        key = after.step_key
        if before is not None and before.state is after.state:
            return
        if before is not None:
            self._counts[before.state] -= 1
        self._counts[after.state] += 1
        self._running.pop(key, None)
        self._failed.pop(key, None)
        if after.state is StepState.RUNNING:
            self._running[key] = RunningStep(key, now, after.attempts)
        elif after.state is StepState.FAILURE:
            self._failed[key] = None

    def _note(self, event: DagsterEvent) -> None:
        if event.is_expectation_result:
            result = event.step_expectation_result_data.expectation_result
            self._expectations[result.success] += 1
        if event.is_hook_errored:
            self._hooks_errored += 1
        if event.event_type_value == "PIPELINE_CANCELING":
            self._is_canceling = True
        if event.is_terminal:
            self._is_canceling = False
        if event.is_terminal or event.step_key is not None:
            self._waits_for = ""
        match event.event_specific_data:
            case EngineEventData(detail=Waiting(waits_for=waits_for)):
                self._waits_for = waits_for
            case EngineEventData(detail=StepsResolved() as resolved):
                self.total += len(resolved.step_keys) * (len(resolved.mapping_keys) - 1)
            case (
                PipelineInitFailureData(error)
                | PipelineFailureData(error)
                | PipelineCanceledData(error)
            ):
                self._error = error
