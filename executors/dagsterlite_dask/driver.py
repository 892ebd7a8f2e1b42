"""The driver's side of a run on Dask: submit, follow, record, release."""

from __future__ import annotations

import queue
import time
from collections import ChainMap
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final

import cloudpickle
from distributed import Future, KilledWorker

from dagsterlite.errors import (
    DagsterExecutionInterruptedError,
    DagsterStepExecutionFailed,
    DagsterStepLostError,
)
from dagsterlite.events.engine import EngineEventData
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import StepFailureData
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.dispatch import tell_of_entry
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.step import pass_over
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.growing import GrowingPlan, Growth
from dagsterlite_dask.cluster_values import ClusterValues
from dagsterlite_dask.concurrency import TagLimits
from dagsterlite_dask.deferred_commits import DriverCommits
from dagsterlite_dask.follow import Accepted, Following, Postponed, Recorded, Superseded, Told
from dagsterlite_dask.graph import Again
from dagsterlite_dask.losses import lost_worker, taken_away, unheard, unrunnable
from dagsterlite_dask.messages import StepEnd, StepMessage, from_wire
from dagsterlite_dask.packing import OneByOne, Packing
from dagsterlite_dask.placement import placement_of
from dagsterlite_dask.preflight import Preflight
from dagsterlite_dask.roster import Patience, Place, Workers, unmet
from dagsterlite_dask.schedule import Schedule, is_blameless
from dagsterlite_dask.session import ANSWER_SECONDS, Message, Session
from dagsterlite_dask.sources import Sources
from dagsterlite_dask.submissions import Submissions
from dagsterlite_dask.task import told_by
from dagsterlite_dask.watch import Watch

LISTEN_SECONDS: Final = 0.1
"""How long the driver listens before it looks whether the run is to stop."""

LOOK_SECONDS: Final = 0.5
"""How often the driver looks at the state of its futures, unless that takes too long."""

LONGEST_LOOK_SECONDS: Final = 5.0
"""How long it does not look at most, however long a look took."""

NEWCOMER_SECONDS: Final = 2.0
"""How long workers that join a run have to answer: nothing else is looked after meanwhile."""

WATCH_SECONDS: Final = 10.0
"""How often the driver looks at how the workers are: the scheduler logs each look."""

GRACE_SECONDS: Final = 5.0
"""How long interrupted steps have to end before their run is canceled without them."""


class Driver:
    """Executes one plan on a cluster.

    Args:
        context: The run.
        plan: The plan.
        session: The run's side of the cluster, open.
        payload: What the run's workers need to know.
        workers: The workers that are there.
        preflight: Looks at those that join.
        values: Holds the run's values where the cluster's memory is all that keeps them.
        commits: Commits steps in the place of workers that cannot do it safely.
        earlier: The receipts of steps that are needed and not executed.
        fuses: Whether linear chains of steps are given to the cluster as one task.
        history: Returns how many seconds a solid's steps take, by the definition's name, as far as
            is known: short siblings are given to the cluster as one task.
        worker_seconds: How long to wait where no worker can run a step any more, or the scheduler
            does not answer.
        place: Tells where and when Dask may run a step.
        limits: How many steps of a kind may run at once.
        grace_seconds: How long interrupted steps have to end.
    """

    def __init__(
        self,
        context: PlanOrchestrationContext,
        plan: ExecutionPlan,
        session: Session,
        payload: bytes,
        *,
        workers: Workers,
        preflight: Preflight,
        values: ClusterValues | None,
        commits: DriverCommits | None,
        earlier: Mapping[str, Receipt],
        fuses: bool = True,
        history: Callable[[], Mapping[str, float]] = dict,
        worker_seconds: float,
        place: Place = placement_of,
        limits: TagLimits | None = None,
        grace_seconds: float = GRACE_SECONDS,
    ) -> None:
        self._context = context
        self._run_context = context.run_context
        self._run_id = context.run_id
        self._plan = GrowingPlan(plan, earlier)
        self._session = session
        self._values = values
        self._commits = commits
        self._grace_seconds = grace_seconds
        self._workers = workers
        self._preflight = preflight
        self._are_workers_known = True
        self._patience = Patience(worker_seconds)
        self._patience_with_scheduler = Patience(worker_seconds)
        self._place = place
        self._following = Following({})
        self._receipts = ChainMap(self._following.receipts, dict(earlier))
        self._schedule = Schedule(self._plan, limits)
        self._submissions = Submissions(
            (self._run_id, payload),
            session,
            plan=self._plan,
            following=self._following,
            receipts=self._receipts,
            sources=Sources(self._plan, self._receipts, values),
            schedule=self._schedule,
            packing=OneByOne()
            if commits is not None
            else Packing(
                plan=self._plan,
                fuses=fuses,
                history=cache(history),
                place=place,
                is_in_memory=values is not None,
            ),
            place=place,
        )
        self._finished_since: dict[str, float] = {}
        self._asked: dict[str, Future[Any]] = {}
        #: The workers that store what steps have handed on, by the steps.
        self._storing: dict[str, str] = {}
        #: Steps whose workers did not come to tell that all is stored.
        self._not_stored: set[str] = set()
        self._errors: dict[str, SerializableErrorInfo] = {}
        self._cause: Exception | None = None
        self._look_at = 0.0
        self._watch = Watch()
        self._watch_at = time.monotonic() + WATCH_SECONDS

    def run(self) -> Iterator[DagsterEvent]:
        """Execute the plan; yield its events as they are heard.

        Raises:
            DagsterStepExecutionFailed: steps failed, and errors are to be raised.
            DagsterClusterLostError: the scheduler is gone.
            DagsterNoWorkersError: no worker that can run a step came in time.
        """
        try:
            yield from self._grow(self._plan.start)
            self._submissions.submit_new(len(self._workers))
            while not self._is_done():
                self._run_context.interrupts.check()
                yield from self._listen()
                yield from self._look()
                self._submissions.submit_new(len(self._workers))
                self._submissions.submit_due(len(self._workers))
            yield from self._tear_down()
        except DagsterExecutionInterruptedError:
            yield from self._stop()
            yield from self._tear_down()
            raise
        finally:
            self._submissions.clear()
            self._asked.clear()
        if self._errors and self._context.raise_on_error:
            raise DagsterStepExecutionFailed(self._run_id, self._errors) from self._cause

    def _is_done(self) -> bool:
        is_known = self._plan.is_complete and not self._submissions.has_new
        return is_known and len(self._following.receipts) == len(self._plan.step_by_key)

    def _grow(self, growth: Growth) -> Iterator[DagsterEvent]:
        if not growth.steps and not growth.resolved:
            return
        self._submissions.add([step.key for step in growth.steps])
        for resolved in growth.resolved:
            yield self._context.resolved_event(resolved)

    # --- hearing of them ---

    def _listen(self, seconds: float = LISTEN_SECONDS) -> Iterator[DagsterEvent]:
        messages = self._session.messages
        with suppress(queue.Empty):
            yield from self._hear(messages.get(timeout=seconds))
            while True:
                yield from self._hear(messages.get_nowait())

    def _hear(self, message: Message) -> Iterator[DagsterEvent]:
        if "entries" in message:
            yield from self._tell(self._following.hear(from_wire(message)))
        elif "steps" in message:
            for one in message["steps"]:
                yield from self._hear(one)
        elif "rss" in message:
            self._watch.note_stop(message["worker"], message["rss"])
        elif "begins" in message:
            self._following.begin(message["begins"])
        elif "behind" in message:
            yield from self._hear_of_storing(message["behind"], message["worker"])
        else:
            self._are_workers_known = False
            if message.get("action") == "remove-worker":
                yield from self._give_up_storing({message["worker"]})
            if message.get("action") == "remove-worker" and not message.get("expected"):
                yield self._worker_lost(message)

    def _hear_of_storing(self, key: str, worker: str) -> Iterator[DagsterEvent]:
        if key in self._receipts:
            return
        self._storing[key] = worker
        self._not_stored.discard(key)
        if not worker:
            yield from self._give_up_storing({worker})

    def _give_up_storing(self, workers: Container[str]) -> Iterator[DagsterEvent]:
        """Wait no longer for workers to store what steps have handed on."""
        for key in [key for key, worker in self._storing.items() if worker in workers]:
            worker = self._storing.pop(key) or "that it ran on"
            self._not_stored.add(key)
            yield self._context.engine_event(
                f'Step "{key}" came to its end, but worker {worker} did not tell that its outputs '
                "are stored. Where they are not, it runs again."
            )

    def _worker_lost(self, message: Message) -> DagsterEvent:
        tasks = message.get("processing-tasks") or ()
        given = {key for task in tasks for key in self._submissions.open_steps(task)}
        steps = self._plan.in_order(given)
        worker = str(message["worker"])
        text, detail = lost_worker(worker, steps, self._watch.last_of(worker))
        return self._context.engine_event(text, EngineEventData(detail=detail))

    def _tell(self, found: Iterable[Told]) -> Iterator[DagsterEvent]:
        # All of it now: what follows from it may lead back here.
        for told in list(found):
            match told:
                case Recorded(entry, counts):
                    if counts and self._commits is not None:
                        self._commits.note(entry)
                    self._run_context.sink.emit(entry)
                    tell_of_entry(self._run_context.loggers, self._run_context.tags, entry)
                    if counts and entry.dagster_event is not None:
                        yield entry.dagster_event
                case Superseded(detail):
                    text = f'An attempt of step "{detail.step_key}" does not count: another does.'
                    yield self._context.engine_event(text, EngineEventData(detail=detail))
                case Accepted(receipt, error, worker):
                    self._accept(receipt, error, worker)
                    yield from self._grow(self._plan.take_up(receipt))
                case Postponed(receipt):
                    self._postpone(receipt)

    def _accept(self, receipt: Receipt, error: bytes | None, worker: str | None) -> None:
        key = receipt.step_key
        if self._commits is not None:
            self._commits.commit(receipt)
        self._submissions.end(receipt, worker)
        self._forget(key)
        if receipt.outcome is StepOutcome.FAILURE and receipt.error is not None:
            self._errors[key] = receipt.error
            if self._cause is None and error is not None:
                # Its class may be known on the worker only.
                with suppress(Exception):
                    self._cause = cloudpickle.loads(error)

    def _forget(self, key: str) -> None:
        """Forget what is known of the task of a step that it does not have any more."""
        self._asked.pop(key, None)
        self._storing.pop(key, None)
        self._not_stored.discard(key)
        self._finished_since.pop(key, None)

    def _postpone(self, receipt: Receipt) -> None:
        due = time.monotonic() + (receipt.seconds_to_wait or 0)
        self._take_off(receipt.step_key, due, (receipt.retry_number + 1, False))

    def _take_off(self, key: str, due: float, again: Again) -> None:
        for one in self._submissions.take_off(key, due, again):
            self._forget(one)

    # --- looking after them ---

    def _look(self) -> Iterator[DagsterEvent]:
        """Look now and then: for steps whose end will not be told, and for workers."""
        start = time.monotonic()
        if start < self._look_at:
            return
        if self._session.is_lost:
            raise self._session.lost()
        yield from self._look_at_workers(start)
        # What came meanwhile tells of tasks that ended, and of workers that died.
        yield from self._listen(0)
        begin = time.monotonic()
        yield from self._look_at_futures(start)
        yield from self._look_at_trouble(start)
        end = time.monotonic()
        pause = min(20 * (end - begin), LONGEST_LOOK_SECONDS)
        self._look_at = end + max(LOOK_SECONDS, pause)

    def _look_at_workers(self, now: float) -> Iterator[DagsterEvent]:
        if not self._are_workers_known:
            known, self._workers = self._workers, self._session.workers()
            self._are_workers_known = True
            new = self._workers.keys() - known.keys()
            self._preflight.check_workers(new, NEWCOMER_SECONDS)
            gone = set(self._storing.values()) - self._workers.keys()
            yield from self._give_up_storing(gone)
        for text in self._preflight.take_warnings():
            yield self._context.engine_event(text)
        steps = (self._plan.step_by_key[key] for key in self._schedule.on_cluster)
        trouble = unmet(steps, self._workers, self._place)
        waiting = self._patience.look(trouble, now)
        if waiting is not None:
            text = f"The run waits for {waiting.waits_for}: {trouble}"
            yield self._context.engine_event(text, EngineEventData(detail=waiting))

    def _look_at_trouble(self, now: float) -> Iterator[DagsterEvent]:
        """Look seldom whether workers that are there do nothing for the run; tell if so."""
        if now < self._watch_at:
            return
        self._watch_at = now + WATCH_SECONDS
        sights = self._session.sights()
        silence = self._session.lost() if sights is None else None
        waiting = self._patience_with_scheduler.look(silence, now)
        if waiting is not None:
            text = f"The run waits for {waiting.waits_for}: it does not answer."
            yield self._context.engine_event(text, EngineEventData(detail=waiting))
        if sights is None:
            return
        steps_of, has_started = self._submissions.open_steps, self._following.has_started
        told = self._watch.look(sights, steps_of, has_started, now)
        for text, waiting in told:
            yield self._context.engine_event(text, EngineEventData(detail=waiting))

    def _look_at_futures(self, now: float) -> Iterator[DagsterEvent]:
        found = self._submissions.by_status()
        if found["cancelled"] and len(found["cancelled"]) == len(self._submissions.futures):
            raise self._session.lost()
        for key in found["cancelled"]:
            yield from self._fail(key, taken_away(key))
        for key in self._plan.in_order(found["error"]):
            yield from self._settle(key)
        for key in found["finished"]:
            if key in self._storing:
                continue
            since = self._finished_since.setdefault(key, now)
            if now - since >= LOOK_SECONDS and self._is_next(key):
                yield from self._ask(key)

    def _is_next(self, key: str) -> bool:
        """Return whether all that a step needs has its end."""
        return self._plan.upstream_keys[key] <= self._receipts.keys()

    def _settle(self, key: str) -> Iterator[DagsterEvent]:
        """Decide about a step whose task ended in an error of Dask's: its own, or one before it."""
        future = self._submissions.futures.get(key)
        if future is None or not self._is_next(key):
            return
        step = self._plan.step_by_key[key]
        decision = decide(step, self._receipts)
        if not isinstance(decision, Run):
            result = yield from pass_over(self._run_context, step, decision)
            yield from self._tell(self._following.settle(result.receipt))
            return
        error = future.exception()
        together = self._submissions.together_with(key)
        if self._values is not None:
            self._values.lose(together)
        elif len(together) > 1:
            # What it told of its end may be lost with its worker, though that counts.
            for message in self._from_manifest(key):
                yield from self._tell(self._following.hear(message))
            if key in self._receipts:
                return
        if self._may_come_again(key, error):
            self._take_off(key, 0.0, (0, True))
        elif self._has_last_words(key, error):
            self._take_off(key, 0.0, (0, False, str(self._unrunnable(key, error))))
        else:
            yield from self._fail(key, self._unrunnable(key, error))

    def _unrunnable(self, key: str, error: BaseException) -> DagsterStepLostError:
        return unrunnable(key, error, self._watch.last_of)

    def _has_last_words(self, key: str, error: BaseException) -> bool:
        """Return whether a step that took its workers down has hooks or is tried again.

        Only a worker can have them run: it has the resources, and this is no place for user code.
        """
        own = self._schedule.on_cluster[key]
        if (
            self._submissions.only_tells(key)
            or not isinstance(error, KilledWorker)
            or error.task != own
        ):
            return False
        handle = self._plan.step_by_key[key].solid_handle
        definition = self._run_context.pipeline_def
        if definition.get_all_hooks_for_handle(handle):
            return True
        retries = self._run_context.retries_enabled
        return retries and definition.get_retry_policy_for_handle(handle) is not None

    def _may_come_again(self, key: str, error: BaseException) -> bool:
        task = self._schedule.on_cluster[key]
        if self._submissions.only_tells(key) or self._schedule.is_worn_out(key):
            return False
        # Of several steps in one task, another may have taken the workers down.
        is_alone = len(self._submissions.together_with(key)) == 1
        has_begun = is_alone and self._following.has_begun(key)
        if not is_blameless(error, task, has_begun=has_begun):
            return False
        # What another step left in the cluster's memory only is gone with its worker.
        is_own = isinstance(error, KilledWorker) and error.task == task
        return self._values is None or is_own

    def _ask(self, key: str) -> Iterator[DagsterEvent]:
        """Fetch what a step told whose messages were lost on their way."""
        found = self._told_of(key)
        if found is None:
            return
        for message in found:
            yield from self._tell(self._following.hear(message))
        if key not in self._submissions.futures:
            return
        if self._schedule.is_worn_out(key):
            yield from self._fail(key, unheard(key))
        else:
            # It left nothing that counts, or its values went with what it told.
            self._take_off(key, 0.0, (0, True))

    def _told_of(self, key: str) -> list[StepMessage] | None:
        """Return what can be found of what a step told; None while that is asked for."""
        if key in self._not_stored:
            # Whoever holds its result now does not know.
            return self._from_manifest(key)
        asked = self._asked.get(key)
        if asked is None:
            self._asked[key] = self._session.call(told_by, self._submissions.futures[key].key)
            return None
        if asked.status in {"pending", "lost"}:
            return None
        return self._answer(asked) or self._from_manifest(key)

    def _answer(self, asked: Future[Any]) -> list[StepMessage]:
        with suppress(Exception):
            return [from_wire(told) for told in asked.result(ANSWER_SECONDS)]
        return []

    def _from_manifest(self, key: str) -> list[StepMessage]:
        manifest = None if self._values else self._run_context.storage.read_manifest(key)
        if manifest is None:
            return []
        receipt = manifest.receipt
        end = StepEnd(receipt=receipt, counts={receipt.attempt_id: receipt.entry_count})
        return [StepMessage(manifest.entries, end)]

    def _fail(self, key: str, error: Exception) -> Iterator[DagsterEvent]:
        """Have a step fail that cannot tell of its end itself."""
        log = self._run_context.step_log(self._plan.step_by_key[key])
        info = error_info_from_exception(error)
        yield DagsterLogManager(log, self._run_context.loggers).event(
            DagsterEventType.STEP_FAILURE,
            f'Execution of step "{key}" failed.',
            StepFailureData(info),
        )
        receipt = Receipt(
            run_id=self._run_id,
            step_key=key,
            attempt_id=log.attempt_id,
            outcome=StepOutcome.FAILURE,
            entry_count=log.count,
            error=info,
        )
        yield from self._tell(self._following.settle(receipt))

    # --- the end ---

    def _stop(self) -> Iterator[DagsterEvent]:
        """Stop the run on the cluster: nothing queued starts, what runs is interrupted."""
        self._submissions.release()
        left = self._interrupt()
        until = time.monotonic() + self._grace_seconds
        while left and time.monotonic() < until:
            yield from self._listen()
            left = {key: worker for key, worker in left.items() if key not in self._receipts}
        yield from self._listen()
        yield from self._tell(self._following.drain())
        for key, worker in left.items():
            text = (
                f'Step "{key}" on worker {worker} has not stopped within {self._grace_seconds:g} '
                "seconds: it is in a call outside Python. What it does from now on does not count."
            )
            yield self._context.engine_event(text)

    def _interrupt(self) -> dict[str, str]:
        """Interrupt what runs; return the steps that did, each with its worker."""
        found = self._session.interrupt().items()
        return {step: worker for worker, steps in found for step in steps}

    def _tear_down(self) -> Iterator[DagsterEvent]:
        for message in self._session.end():
            yield from self._hear(message)
