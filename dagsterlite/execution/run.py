"""The life of one run: owned, started, executed, ended; whatever happens, its end is recorded."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass

from dagsterlite.config.secrets import redactor
from dagsterlite.errors import (
    DagsterError,
    DagsterExecutionInterruptedError,
    DagsterInvariantViolationError,
    DagsterRunCanceledError,
    DagsterRunConflict,
    DagsterStepExecutionFailed,
    listed,
    shown,
    type_name,
)
from dagsterlite.events.engine import EngineEventData, StepRecovered, StepsResolved
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.fold import known_keys, steps_of
from dagsterlite.events.payloads import (
    EventSpecificData,
    PipelineCanceledData,
    PipelineFailureData,
    PipelineInitFailureData,
    StepFailureData,
)
from dagsterlite.execution.attempt_log import AttemptLog
from dagsterlite.execution.executor import Executor, PlanOrchestrationContext
from dagsterlite.execution.interrupts import Interrupts, of_this_thread, stopped_by_signals
from dagsterlite.execution.managed_outputs import ReadManaged, managed_reader
from dagsterlite.execution.plan_part import under_way
from dagsterlite.execution.preparation import Preparation
from dagsterlite.execution.recorder import Recorder, Watch
from dagsterlite.execution.run_context import logging_tags
from dagsterlite.execution.take_over import Taken, take_over, told_of_taken
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import (
    FINISHED_STATUSES,
    LEASE_SECONDS,
    DagsterRun,
    DagsterRunStatus,
    make_driver_id,
    sources_of,
)
from dagsterlite.stores import IntermediateStorage

_NOT_BEGUN = frozenset(DagsterRunStatus) - FINISHED_STATUSES - {DagsterRunStatus.STARTED}
"""The statuses of runs to be driven; one that is canceled before its start is told so."""

_STEP_ENDS = frozenset(
    {
        DagsterEventType.STEP_SUCCESS,
        DagsterEventType.STEP_SKIPPED,
        DagsterEventType.STEP_FAILURE,
    }
)


@dataclass
class RunOutcome:
    """What is known of a run once its events are exhausted."""

    #: Where its intermediates lie; None where it never came to have any.
    storage: IntermediateStorage | None = None
    status: DagsterRunStatus | None = None
    #: Reads the outputs that IO managers keep; None where the run never came to have any.
    read_managed: ReadManaged | None = None


def drive_run(
    plan: ExecutionPlan,
    run: DagsterRun,
    instance: DagsterInstance,
    outcome: RunOutcome,
    *,
    raise_on_error: bool,
    watch: Watch | None = None,
) -> Generator[DagsterEvent, None, None]:
    """Execute a recorded run; yield its events as they happen.

    Args:
        plan: What to execute.
        run: The run, recorded in the instance and not yet started.
        instance: Where it is recorded.
        outcome: Is filled in.
        raise_on_error: Whether errors are raised on, after they were recorded.
        watch: Is shown each entry of the event log as it comes.

    Raises:
        DagsterRunConflict: the run is another driver's, or has ended.
        DagsterStorageError: the run can no longer be recorded.
    """
    with _owned(run, instance, watch) as (recorder, interrupts), stopped_by_signals(interrupts):
        drive = _Drive(plan, run, instance, outcome, recorder, interrupts, raise_on_error)
        with closing(drive.run()) as events:
            yield from _read(events, interrupts)


def _read(events: Iterator[DagsterEvent], interrupts: Interrupts) -> Iterator[DagsterEvent]:
    """Yield events; tell the interrupts whose code runs: the run's, or that of who reads them."""
    outer = of_this_thread()
    for event in events if outer is None else _lent(events, outer, interrupts):
        interrupts.is_suspended = True
        try:
            yield event
        finally:
            interrupts.is_suspended = False


def _lent(
    events: Iterator[DagsterEvent], outer: Interrupts, interrupts: Interrupts
) -> Iterator[DagsterEvent]:
    """Yield the events of a run inside a solid: it stops with the run that the solid belongs to."""
    while True:
        with outer.lent_to(interrupts):
            event = next(events, None)
        if event is None:
            return
        yield event


@contextmanager
def _owned(
    run: DagsterRun, instance: DagsterInstance, watch: Watch | None
) -> Iterator[tuple[Recorder, Interrupts]]:
    status = instance.require_run(run.run_id).dagster_run.status
    if status not in _NOT_BEGUN:
        message = (
            f"Run {run.run_id} has been started already: it is {status.value}. Execute the "
            "pipeline again for a new run."
        )
        raise DagsterRunConflict(message)
    driver_id = make_driver_id()
    storage = instance.run_storage
    if not storage.acquire_lease(run.run_id, driver_id, seconds=LEASE_SECONDS, now=time.time()):
        message = (
            f"Run {run.run_id} cannot be driven: another driver owns it, or it has ended. "
            "Execute the pipeline again for a new run."
        )
        raise DagsterRunConflict(message)
    interrupts = Interrupts()
    if status is DagsterRunStatus.CANCELING:
        interrupts.request(DagsterRunCanceledError(run.run_id))
    recorder = Recorder(instance, run.run_id, driver_id, interrupts, watch)
    try:
        yield recorder, interrupts
    finally:
        recorder.close()


class _Drive:
    def __init__(
        self,
        plan: ExecutionPlan,
        run: DagsterRun,
        instance: DagsterInstance,
        outcome: RunOutcome,
        recorder: Recorder,
        interrupts: Interrupts,
        raise_on_error: bool,
    ) -> None:
        self._plan = plan
        self._run = run
        self._instance = instance
        self._outcome = outcome
        self._recorder = recorder
        self._interrupts = interrupts
        self._raise_on_error = raise_on_error
        self._conflict: DagsterRunConflict | None = None
        self._step_ends: dict[str, DagsterEventType] = {}
        self._step_errors: dict[str, SerializableErrorInfo] = {}
        self._causes: list[BaseException] = []
        self._executor_name = ""
        self._taken: Taken = {}
        self._resolved: dict[str, Sequence[str]] = {}
        self._log = AttemptLog(
            recorder,
            run_id=run.run_id,
            pipeline_name=run.pipeline_name,
            tags=logging_tags(run),
            redact=redactor(sorted(plan.environment_config.secrets)),
        )

    def run(self) -> Generator[DagsterEvent, None, None]:
        started = False
        error: BaseException | None = None
        try:
            with ExitStack() as stack:
                self._interrupts.check()
                context, executor = self._prepare(stack)
                yield self._start()
                started = True
                yield from self._execute(executor, context)
            error = self._error_of_steps()
        except GeneratorExit:
            self._end_unread()
            raise
        except BaseException as exc:  # noqa: BLE001 - the end is recorded, whatever comes
            error = exc
        self._take_up(error)
        self._refuse_unrecorded(error)
        try:
            yield from self._end(error, started=started)
        except DagsterError:
            self._refuse_unrecorded(error)
            raise
        self._raise(error)

    def _prepare(self, stack: ExitStack) -> tuple[PlanOrchestrationContext, Executor]:
        making = Preparation(
            self._plan,
            self._run,
            self._instance,
            self._log,
            self._recorder,
            self._interrupts,
            is_watched=self._recorder.is_watched,
        )
        context = making.context(stack, raise_on_error=self._raise_on_error)
        self._causes, self._executor_name = context.causes, making.executor_name
        storage = self._outcome.storage = context.run_context.storage
        self._outcome.read_managed = managed_reader(context.run_context, context.lasting_managers)
        self._taken = take_over(self._plan, self._run, self._instance, storage)
        stack.enter_context(making.executor.prepared(context))
        return context, making.executor

    def _execute(
        self, executor: Executor, context: PlanOrchestrationContext
    ) -> Iterator[DagsterEvent]:
        yield from told_of_taken(context, self._taken)
        with under_way(context):
            events = executor.execute(context, self._plan)
            if not isinstance(events, Iterable):
                raise self._not_events(f"returned {shown(events)} of type {type_name(events)}")
            try:
                for event in events:
                    if not isinstance(event, DagsterEvent):
                        raise self._not_events(f"yielded {shown(event)} of type {type_name(event)}")
                    self._note_end(event)
                    yield event
            finally:
                if isinstance(events, Generator):
                    # Now, not when it is collected: steps left in the midst clean up.
                    events.close()

    def _not_events(self, what: str) -> DagsterInvariantViolationError:
        message = (
            f"Executor '{self._executor_name}' {what}: its method 'execute' must yield dagster "
            "events, as plan_context.execute_plan gives them."
        )
        return DagsterInvariantViolationError(message)

    def _note_end(self, event: DagsterEvent) -> None:
        key, kind = event.step_key, event.event_type
        match event.event_specific_data:
            case EngineEventData(detail=StepRecovered(step_key=key)):
                kind = DagsterEventType.STEP_SUCCESS
            case EngineEventData(detail=StepsResolved() as resolved):
                self._resolved |= steps_of(resolved)
            case StepFailureData(error=SerializableErrorInfo() as error) if key is not None:
                self._step_errors[key] = error
        if key is None or kind not in _STEP_ENDS:
            return
        # What an attempt that stood back says after the accepted one counts no more.
        if self._step_ends.get(key) is not DagsterEventType.STEP_SUCCESS:
            self._step_ends[key] = kind

    # --- before the start ---

    def _start(self) -> DagsterEvent:
        message = f'Started execution of pipeline "{self._run.pipeline_name}".'
        try:
            return self._status(DagsterEventType.PIPELINE_START, message)
        except DagsterRunConflict:
            run_id = self._run.run_id
            status = self._instance.require_run(run_id).dagster_run.status
            if status is DagsterRunStatus.CANCELING:
                self._conflict = None
                self._interrupts.request(DagsterRunCanceledError(run_id))
                self._interrupts.check()
            raise

    # --- the end ---

    def _take_up(self, error: BaseException | None) -> None:
        """Let what stopped the run from within, e.g. Ctrl-C in a solid, be the reason."""
        if isinstance(error, (KeyboardInterrupt, DagsterExecutionInterruptedError)):
            self._interrupts.request(error)

    def _refuse_unrecorded(self, error: BaseException | None) -> None:
        """Raise at once where nothing more can be recorded: the run is not ours, or cannot be."""
        lost = self._conflict or self._recorder.error
        if lost is None:
            return
        if not isinstance(lost, DagsterRunConflict):
            with suppress(DagsterError):
                self._instance.run_storage.change_status(
                    self._run.run_id,
                    DagsterRunStatus.FAILURE,
                    expected=sources_of(DagsterRunStatus.FAILURE),
                    timestamp=time.time(),
                )
        raise lost from (error if error is not lost else None)

    def _end(self, error: BaseException | None, *, started: bool) -> Iterator[DagsterEvent]:
        name = self._run.pipeline_name
        if self._interrupts.reason is not None:
            yield from self._cancel(self._interrupts.reason)
        elif error is not None and not started:
            info = error_info_from_exception(error)
            message = f'Pipeline failure during initialization of pipeline "{name}".'
            kind = DagsterEventType.PIPELINE_INIT_FAILURE
            yield self._status(kind, message, PipelineInitFailureData(info))
        elif error is None:
            message = f'Finished execution of pipeline "{name}".'
            yield self._status(DagsterEventType.PIPELINE_SUCCESS, message)
        else:
            yield self._fail(error)

    def _error_of_steps(self) -> DagsterError | None:
        """Return why a run fails whose executor came to its end: steps failed, or did not end."""
        ends = self._step_ends
        failed = [key for key, end in ends.items() if end is DagsterEventType.STEP_FAILURE]
        if failed:
            return self._steps_failed(failed)
        known = known_keys(self._plan.step_keys_to_execute, self._resolved)
        left_out = [key for key in known if key not in ends]
        if not left_out:
            return None
        return DagsterInvariantViolationError(
            f"Executor '{self._executor_name}' came to its end and has not told of the end of "
            f"steps: {listed(left_out)}. It must execute each step of its plan, and yield the "
            "events that plan_context.execute_plan gives."
        )

    def _steps_failed(self, failed: Sequence[str]) -> DagsterStepExecutionFailed:
        errors = {key: self._step_errors[key] for key in failed if key in self._step_errors}
        error = DagsterStepExecutionFailed(self._run.run_id, errors)
        error.__cause__ = next(iter(self._causes), None)
        return error

    def _fail(self, error: BaseException | None) -> DagsterEvent:
        ends = self._step_ends.items()
        failed = sorted(key for key, end in ends if end is DagsterEventType.STEP_FAILURE)
        message = f'Execution of pipeline "{self._run.pipeline_name}" failed.'
        data = None
        if failed:
            message += f" Steps failed: {', '.join(failed)}."
        elif error is not None:
            data = PipelineFailureData(error_info_from_exception(error))
        return self._status(DagsterEventType.PIPELINE_FAILURE, message, data)

    def _cancel(self, reason: BaseException) -> Iterator[DagsterEvent]:
        """Record that the run is canceled, all of it before the first event is handed on."""
        name = self._run.pipeline_name
        self._instance.request_cancel(self._run.run_id)
        canceling = self._log.event(
            DagsterEventType.PIPELINE_CANCELING, f'Canceling pipeline "{name}".'
        )
        message = f'Execution of pipeline "{name}" was canceled.'
        data = PipelineCanceledData(error_info_from_exception(reason))
        canceled = self._status(DagsterEventType.PIPELINE_CANCELED, message, data)
        yield canceling
        yield canceled

    def _end_unread(self) -> None:
        """Record the end of a run whose events nobody reads any more."""
        self._refuse_unrecorded(None)
        reason = DagsterExecutionInterruptedError("the caller stopped reading the run's events")
        self._interrupts.request(reason)
        for _ in self._cancel(reason):
            pass

    def _status(
        self, kind: DagsterEventType, message: str, data: EventSpecificData | None = None
    ) -> DagsterEvent:
        event = self._log.event_if(self._recorder.record_status, kind, message, data)
        if event is None:
            conflict = (
                f"Run {self._run.run_id} cannot record {kind.value}: somebody else has changed its "
                "status, and terminal states never change again."
            )
            self._conflict = DagsterRunConflict(conflict)
            raise self._conflict
        self._outcome.status = STATUS_AFTER[kind]
        return event

    def _raise(self, error: BaseException | None) -> None:
        reason = self._interrupts.reason
        if isinstance(reason, (KeyboardInterrupt, DagsterExecutionInterruptedError)):
            raise reason
        if not self._raise_on_error:
            return
        if reason is not None:
            raise reason
        if error is not None:
            raise error
