"""The life of one run: owned, started, executed, ended; whatever happens, its end is recorded."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from dagsterlite.definitions.executor import ExecutorDefinition
from dagsterlite.definitions.mode import ModeDefinition
from dagsterlite.errors import (
    DagsterError,
    DagsterExecutionInterruptedError,
    DagsterLeaseLostError,
    DagsterRunConflict,
    DagsterStorageError,
)
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import STATUS_AFTER, DagsterEventType
from dagsterlite.events.fold import RunFold, StepState
from dagsterlite.events.payloads import (
    EventSpecificData,
    PipelineCanceledData,
    PipelineFailureData,
    PipelineInitFailureData,
)
from dagsterlite.execution.attempt_log import AttemptLog, redactor
from dagsterlite.execution.executor import (
    Executor,
    InitExecutorContext,
    PlanOrchestrationContext,
    RetryMode,
)
from dagsterlite.execution.interrupts import Interrupts, stopped_by_keyboard
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.recorder import Recorder
from dagsterlite.execution.run_context import RunContext, logging_tags, make_loggers
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.runs import LEASE_SECONDS, DagsterRun, DagsterRunStatus, make_driver_id
from dagsterlite.stores import IntermediateStorage


@dataclass
class RunOutcome:
    """What is known of a run once its events are exhausted."""

    #: Where its intermediates lie; None where it never came to have any.
    storage: IntermediateStorage | None = None
    status: DagsterRunStatus | None = None


def drive_run(
    plan: ExecutionPlan,
    run: DagsterRun,
    instance: DagsterInstance,
    outcome: RunOutcome,
    *,
    raise_on_error: bool,
) -> Generator[DagsterEvent, None, None]:
    """Execute a recorded run; yield its events as they happen.

    Args:
        plan: What to execute.
        run: The run, recorded in the instance and not yet started.
        instance: Where it is recorded.
        outcome: Is filled in.
        raise_on_error: Whether errors are raised on, after they were recorded.

    Raises:
        DagsterRunConflict: the run is another driver's, or has ended.
        DagsterStorageError: the run can no longer be recorded.
    """
    with _owned(run, instance) as (recorder, interrupts), stopped_by_keyboard(interrupts):
        yield from _Drive(plan, run, instance, outcome, recorder, interrupts, raise_on_error).run()


@contextmanager
def _owned(run: DagsterRun, instance: DagsterInstance) -> Iterator[tuple[Recorder, Interrupts]]:
    driver_id = make_driver_id()
    storage = instance.run_storage
    if not storage.acquire_lease(run.run_id, driver_id, seconds=LEASE_SECONDS, now=time.time()):
        message = (
            f"Run {run.run_id} cannot be driven: another driver owns it, or it has ended. "
            "Execute the pipeline again for a new run."
        )
        raise DagsterRunConflict(message)
    interrupts = Interrupts()
    recorder = Recorder(instance, run.run_id, driver_id, interrupts)
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
        self._fold = RunFold()
        self._log = AttemptLog(
            recorder,
            run_id=run.run_id,
            pipeline_name=run.pipeline_name,
            tags=logging_tags(run),
            redact=redactor(sorted(plan.environment_config.secrets)),
        )

    def run(self) -> Iterator[DagsterEvent]:
        started = False
        error: BaseException | None = None
        try:
            with ExitStack() as stack:
                context, executor = self._prepare(stack)
                yield self._status(
                    DagsterEventType.PIPELINE_START,
                    f'Started execution of pipeline "{self._run.pipeline_name}".',
                )
                started = True
                for event in executor.execute(context, self._plan):
                    self._fold.add_event(event, time.time())
                    yield event
        except GeneratorExit:
            self._end_unread()
            raise
        except (Exception, DagsterExecutionInterruptedError, KeyboardInterrupt) as exc:
            error = exc
        self._refuse_unrecorded(error)
        yield from self._end(error, started=started)
        self._raise(error)

    # --- before the start ---

    def _prepare(self, stack: ExitStack) -> tuple[PlanOrchestrationContext, Executor]:
        config = self._plan.environment_config
        mode = self._plan.pipeline.get_mode_definition(config.mode)
        loggers = make_loggers(self._plan.pipeline, mode, config, self._run.run_id)
        executor = self._make_executor(mode)
        self._outcome.storage = make_intermediates(
            mode,
            config,
            self._run,
            self._instance.storage_directory,
            prefers_persistent=executor.needs_persistent_intermediates,
        )
        run_context = RunContext(
            plan=self._plan,
            mode_def=mode,
            run=self._run,
            storage=self._outcome.storage,
            sink=self._recorder,
            interrupts=self._interrupts,
            loggers=loggers,
            open_instance=lambda: self._instance,
            retries_enabled=executor.retries is not RetryMode.DISABLED,
            redact=redactor(sorted(config.secrets)),
            tags=logging_tags(self._run),
        )
        context = PlanOrchestrationContext(
            run_context=run_context,
            instance=self._instance,
            log=DagsterLogManager(self._log, loggers),
            raise_on_error=self._raise_on_error,
        )
        stack.enter_context(executor.prepared(context))
        return context, executor

    def _make_executor(self, mode: ModeDefinition) -> Executor:
        definition, config = self._selected_executor(mode)
        init_context = InitExecutorContext(
            job=self._plan.pipeline,
            executor_def=definition,
            executor_config=config,
            instance=self._instance,
        )
        executor: Executor = definition.executor_creation_fn(init_context)
        return executor

    def _selected_executor(self, mode: ModeDefinition) -> tuple[ExecutorDefinition, Any]:
        selected = self._plan.environment_config.execution
        if selected is None:
            definition: ExecutorDefinition = mode.executor_defs[0]
            return definition, definition.default_config()
        chosen = mode.get_executor_def(selected.name)
        assert chosen is not None
        return chosen, selected.config

    # --- the end ---

    def _refuse_unrecorded(self, error: BaseException | None) -> None:
        """Raise at once where nothing more can be recorded: the run is not ours, or cannot be."""
        reason = self._interrupts.reason
        for exc in (error, reason):
            if isinstance(exc, DagsterLeaseLostError):
                raise exc
            if isinstance(exc, DagsterStorageError) and exc is reason:
                with suppress(DagsterError):
                    self._instance.run_storage.change_status(
                        self._run.run_id,
                        DagsterRunStatus.FAILURE,
                        expected={DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING},
                        timestamp=time.time(),
                    )
                raise exc

    def _end(self, error: BaseException | None, *, started: bool) -> Iterator[DagsterEvent]:
        name = self._run.pipeline_name
        if self._interrupts.reason is not None:
            yield self._tell_canceling()
            info = error_info_from_exception(self._interrupts.reason)
            message = f'Execution of pipeline "{name}" was canceled.'
            data = PipelineCanceledData(info)
            yield self._status(DagsterEventType.PIPELINE_CANCELED, message, data)
        elif error is not None and not started:
            info = error_info_from_exception(error)
            message = f'Pipeline failure during initialization of pipeline "{name}".'
            kind = DagsterEventType.PIPELINE_INIT_FAILURE
            yield self._status(kind, message, PipelineInitFailureData(info))
        elif error is None and self._is_complete():
            message = f'Finished execution of pipeline "{name}".'
            yield self._status(DagsterEventType.PIPELINE_SUCCESS, message)
        else:
            yield self._fail(error)

    def _is_complete(self) -> bool:
        steps = self._fold.stats.steps
        done = {StepState.SUCCESS, StepState.SKIPPED}
        return all(
            key in steps and steps[key].state in done for key in self._plan.step_keys_to_execute
        )

    def _fail(self, error: BaseException | None) -> DagsterEvent:
        steps = self._fold.stats.steps.values()
        failed = sorted(step.step_key for step in steps if step.state is StepState.FAILURE)
        message = f'Execution of pipeline "{self._run.pipeline_name}" failed.'
        data = None
        if failed:
            message += f" Steps failed: {', '.join(failed)}."
        elif error is not None:
            data = PipelineFailureData(error_info_from_exception(error))
        return self._status(DagsterEventType.PIPELINE_FAILURE, message, data)

    def _tell_canceling(self) -> DagsterEvent:
        self._instance.request_cancel(self._run.run_id)
        message = f'Canceling pipeline "{self._run.pipeline_name}".'
        return self._log.event(DagsterEventType.PIPELINE_CANCELING, message)

    def _end_unread(self) -> None:
        """Record the end of a run whose events nobody reads any more."""
        self._interrupts.request(DagsterRunConflict("the caller stopped reading the run's events"))
        for _ in self._end(None, started=True):
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
            raise DagsterRunConflict(conflict)
        self._outcome.status = STATUS_AFTER[kind]
        return event

    def _raise(self, error: BaseException | None) -> None:
        reason = self._interrupts.reason
        if isinstance(reason, KeyboardInterrupt):
            raise reason
        if not self._raise_on_error:
            return
        if reason is not None:
            raise reason
        if error is not None:
            raise error
