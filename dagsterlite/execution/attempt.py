"""What one attempt of a step does and tells: it starts, works, and is committed or fails."""

from __future__ import annotations

import random
from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from typing import Any

from dagsterlite.errors import (
    DagsterExecutionInterruptedError,
    DagsterOutputsNotStoredError,
    DagsterStepExecutionFailed,
)
from dagsterlite.events.engine import AttemptSuperseded, EngineEventData
from dagsterlite.events.error_info import error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.events.metrics import StepMetrics
from dagsterlite.events.payloads import (
    StepFailureData,
    StepRetryData,
    StepSuccessData,
    UserFailureData,
)
from dagsterlite.events.receipt import OutputPlace, Receipt, StepOutcome, StoredOutput
from dagsterlite.events.yielded import DynamicOutput, Failure, Output
from dagsterlite.execution.capture import Course
from dagsterlite.execution.deadline import Deadline
from dagsterlite.execution.inputs import Upstream, load_inputs
from dagsterlite.execution.interrupts import STOPS
from dagsterlite.execution.launched_step import LaunchedFailure, perform_launched
from dagsterlite.execution.meter import Meter
from dagsterlite.execution.outputs import is_handed_on, take_output
from dagsterlite.execution.side_events import side_event
from dagsterlite.execution.step_context import StepExecutionContext
from dagsterlite.execution.step_launcher import launcher_of
from dagsterlite.execution.user_events import run_user_code
from dagsterlite.plan.decide import Retry, decide_retry
from dagsterlite.plan.time_limit import time_limit_of
from dagsterlite.stores import StepManifest


@dataclass(frozen=True, kw_only=True)
class AttemptResult(Course):
    """How an attempt ended, and the values that it leaves at hand in this process.

    Where its ``rest`` is still to come, the receipt is the one that it has if it can be committed.
    """

    receipt: Receipt
    values: Mapping[OutputPlace, Any] = field(default_factory=dict)
    #: What stopped it, for whoever raises it on.
    error: BaseException | None = None


Attempt = Generator[DagsterEvent, None, AttemptResult]

_SECOND = 1000


@dataclass(frozen=True)
class _Success:
    """What an attempt leaves that came to its end."""

    #: Tells of it.
    entry: EventLogEntry
    receipt: Receipt
    #: What is to be committed.
    manifest: StepManifest


class StepAttempt:
    """One attempt of a step, without its hooks.

    Args:
        context: The step.
        upstream: What the steps before it left.
        may_be_launched: Whether a step launcher among its resources executes it.
    """

    def __init__(
        self, context: StepExecutionContext, upstream: Upstream, *, may_be_launched: bool = True
    ) -> None:
        self._may_be_launched = may_be_launched
        self._context = context
        self._step = context.step
        self._upstream = upstream
        where = context.run_context
        self._meter = Meter(where.worker, context.retry_number + 1, where.arrival)
        #: What it cost, once its work is done.
        self._metrics: StepMetrics | None = None
        self._stored: list[StoredOutput] = []
        #: Whether a manifest may stand that names them: it was put, and no answer came.
        self._may_be_committed = False
        #: The outputs yielded so far.
        self.values: dict[OutputPlace, Any] = {}

    def run(self) -> Attempt:
        """Execute the step; yield its events, and return how the attempt ended."""
        try:
            yield self._start()
            with self._time_limit():
                failed = yield from self._perform()
            if failed is not None:
                return (yield from self._fail_launched(failed))
            success = self._success()
            if self._context.run_context.commits_behind:
                rest = self._commit_behind(success)
                return AttemptResult(receipt=success.receipt, values=self._handed_on(), rest=rest)
            accepted = self._commit(success)
        except GeneratorExit:
            self._give_up()
            raise
        except BaseException as exc:  # noqa: BLE001 - a step may raise anything
            self._discard()
            yield from self._context.take_logged_events()
            return (yield from self.fail(exc))
        else:
            # What is committed stands, also where nobody reads on.
            return (yield from self._succeed(success, accepted))
        finally:
            self._meter.stop()
            self._context.closing.close()

    def _time_limit(self) -> AbstractContextManager[None]:
        seconds = time_limit_of(self._step)
        if seconds is None:
            return nullcontext()
        return Deadline(self._context.run_context.interrupts, self._step.key, seconds)

    def _perform(self) -> Generator[DagsterEvent, None, LaunchedFailure | None]:
        """Do the step's work here or have a launcher do it; return how it failed there, if so."""
        launcher = launcher_of(self._context) if self._may_be_launched else None
        if launcher is not None:
            return (yield from perform_launched(self._context, launcher, self._meter, self._stored))
        yield from self._work()
        return None

    def fail_unrun(self, error: Exception) -> Attempt:
        """End the attempt, of which only its failure is known."""
        try:
            return (yield from self.fail(error))
        finally:
            self._meter.stop()

    def _give_up(self) -> None:
        """Record that nobody reads on."""
        self._discard()
        self._tell_failure(DagsterExecutionInterruptedError("nobody reads on"))

    def _discard(self) -> None:
        """Remove what the attempt stored; what cannot be removed is told, and does no harm."""
        stored = [output for output in self._stored if not output.is_managed]
        try:
            if not self._is_committed():
                self._context.run_context.storage.discard(self._step.key, stored)
        except Exception as exc:  # noqa: BLE001 - a storage of the user's own may raise anything
            self._context.log.warning("Outputs of a failed attempt cannot be removed: %s", exc)

    def _is_committed(self) -> bool:
        """Return whether the attempt's manifest stands, though nothing said so.

        Raises:
            DagsterStorageError: the storage still does not say.
        """
        if not self._may_be_committed:
            return False
        standing = self._context.run_context.storage.read_manifest(self._step.key)
        return standing is not None and standing.receipt.attempt_id == self._context.attempt_id

    def _start(self) -> DagsterEvent:
        key = self._step.key
        number = self._context.retry_number
        if number:
            message = f'Started re-execution (attempt # {number + 1}) of step "{key}".'
            return self._event(DagsterEventType.STEP_RESTARTED, message)
        return self._event(DagsterEventType.STEP_START, f'Started execution of step "{key}".')

    def _event(self, event_type: DagsterEventType, message: str, data: Any = None) -> DagsterEvent:
        return self._context.log.event(event_type, message, data)

    def _work(self) -> Iterator[DagsterEvent]:
        self._context.resources_for(self._step.solid_def.required_resource_keys)
        inputs: dict[str, Any] = {}
        yield from map(self._meter.count, load_inputs(self._context, self._upstream, inputs))
        with closing(run_user_code(self._context, inputs)) as events:
            for event in events:
                yield from self._context.take_logged_events()
                if isinstance(event, (Output, DynamicOutput)):
                    taken = take_output(self._context, event, self._stored)
                    yield from map(self._meter.count, taken)
                    self.values[event.output_name, event.mapping_key] = event.value
                else:
                    yield side_event(self._context.log, event)
        yield from self._context.take_logged_events()

    def _fail_launched(self, failure: LaunchedFailure) -> Attempt:
        """End the attempt as the step ended where it was launched."""
        self._discard()
        self._context.attempt_log.seal()
        yield self._context.log.relay(failure.event)
        error = failure.error
        receipt = self._receipt(
            failure.outcome, error=error, seconds_to_wait=failure.seconds_to_wait
        )
        raised = DagsterStepExecutionFailed(self._context.run_id, {self._step.key: error})
        return AttemptResult(receipt=receipt, error=raised)

    def _success(self) -> _Success:
        """Return what is to be committed, and told after that; only the attempt itself logs now."""
        log = self._context.attempt_log
        self._metrics = metrics = self._meter.read()
        duration = metrics.wall_seconds * _SECOND
        message = f'Finished execution of step "{self._step.key}" in {_duration(duration)}.'
        data = StepSuccessData(duration, metrics=metrics)
        success = log.make_event(DagsterEventType.STEP_SUCCESS, message, data)
        entry = log.entry_to_come(success)
        receipt = self._receipt(
            StepOutcome.SUCCESS, outputs=tuple(self._stored), entry_count=log.count + 1
        )
        return _Success(entry, receipt, StepManifest(receipt, log.entries_with(entry)))

    def _commit(self, success: _Success) -> Receipt:
        """Put the manifest; return the receipt of the attempt that was first."""
        self._may_be_committed = True
        accepted = self._context.run_context.storage.commit(success.manifest).receipt
        self._may_be_committed = False
        return accepted

    def _commit_behind(self, success: _Success) -> Attempt:
        """Commit what was handed on already, and tell how the attempt ended."""
        try:
            self._context.run_context.interrupts.check()
            accepted = self._commit(success)
        except Exception as exc:  # noqa: BLE001 - a storage of the user's own may raise anything
            self._discard()
            error = DagsterOutputsNotStoredError(self._step.key, f"{type(exc).__name__}: {exc}")
            error.__cause__ = exc
            return (yield from self.fail(error))
        except BaseException as exc:  # noqa: BLE001 - the run is to stop
            self._discard()
            return (yield from self.fail(exc))
        return (yield from self._succeed(success, accepted))

    def _succeed(self, success: _Success, accepted: Receipt) -> Attempt:
        if accepted.attempt_id != success.receipt.attempt_id:
            return (yield from self._stand_back(accepted))
        self._context.log.tell(success.entry.get_dagster_event())
        yield self._context.attempt_log.hand_on(success.entry)
        return AttemptResult(receipt=success.receipt, values=self._handed_on())

    def _handed_on(self) -> Mapping[OutputPlace, Any]:
        """Return the values that steps to come get themselves, not what was stored of them."""
        storage = self._context.run_context.storage
        managed = {output.place for output in self._stored if output.is_managed}
        return {
            place: value
            for place, value in self.values.items()
            if place not in managed
            and is_handed_on(storage, self._step.step_output_named(place[0]), value)
        }

    def _stand_back(self, accepted: Receipt) -> Attempt:
        self._discard()
        detail = AttemptSuperseded(self._step.key, self._context.attempt_id, accepted.attempt_id)
        message = (
            f'Another attempt of step "{self._step.key}" was committed first; this one stands back.'
        )
        yield self._event(DagsterEventType.ENGINE_EVENT, message, EngineEventData(detail=detail))
        return AttemptResult(receipt=accepted)

    def fail(self, exc: BaseException) -> Attempt:
        """End the attempt: with another to follow where that is asked for, else for good."""
        retry = self._retry(exc)
        if retry is not None:
            return (yield from self._ask_for_retry(exc, retry))
        event = self._tell_failure(exc)
        yield event
        outcome = StepOutcome.CANCELED if isinstance(exc, STOPS) else StepOutcome.FAILURE
        error = event.step_failure_data.error
        return AttemptResult(receipt=self._receipt(outcome, error=error), error=exc)

    def _tell_failure(self, exc: BaseException) -> DagsterEvent:
        how = "was interrupted" if isinstance(exc, STOPS) else "failed"
        message = f'Execution of step "{self._step.key}" {how}.'
        error = error_info_from_exception(exc)
        data = StepFailureData(error, _user_failure(exc), metrics=self._cost())
        self._context.attempt_log.seal()
        return self._event(DagsterEventType.STEP_FAILURE, message, data)

    def _cost(self) -> StepMetrics:
        return self._metrics or self._meter.read()

    def _retry(self, exc: BaseException) -> Retry | None:
        run_context = self._context.run_context
        if not run_context.retries_enabled or run_context.interrupts.reason is not None:
            return None
        policy = run_context.pipeline_def.get_retry_policy_for_handle(self._step.solid_handle)
        # Chance only spreads attempts: nobody gains by foreseeing it.
        return decide_retry(exc, policy, self._context.retry_number, random.random)

    def _ask_for_retry(self, exc: BaseException, retry: Retry) -> Attempt:
        wait = retry.seconds_to_wait
        when = f"in {wait:g} seconds" if wait else "now"
        message = f'Execution of step "{self._step.key}" failed and has requested a retry {when}.'
        self._context.attempt_log.seal()
        cause = error_info_from_exception(exc.__cause__ or exc)
        data = StepRetryData(cause, wait, metrics=self._cost())
        event = self._event(DagsterEventType.STEP_UP_FOR_RETRY, message, data)
        yield event
        error = event.step_retry_data.error
        receipt = self._receipt(StepOutcome.UP_FOR_RETRY, error=error, seconds_to_wait=wait)
        return AttemptResult(receipt=receipt, error=exc)

    def _receipt(self, outcome: StepOutcome, **facts: Any) -> Receipt:
        facts.setdefault("entry_count", self._context.attempt_log.count)
        return Receipt(
            run_id=self._context.run_id,
            step_key=self._step.key,
            attempt_id=self._context.attempt_id,
            outcome=outcome,
            retry_number=self._context.retry_number,
            **facts,
        )


def _user_failure(exc: BaseException) -> UserFailureData | None:
    if not isinstance(exc, Failure):
        return None
    return UserFailureData("intentional-failure", exc.description, exc.metadata_entries)


def _duration(milliseconds: float) -> str:
    if milliseconds < _SECOND:
        return f"{milliseconds:.2f}ms"
    return f"{milliseconds / _SECOND:.2f}s"
