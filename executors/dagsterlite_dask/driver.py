"""The driver's side of a run on Dask: submit, follow, record, release."""

from __future__ import annotations

import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

import cloudpickle
from distributed import Client, Future, KilledWorker

from dagsterlite.errors import (
    DagsterExecutionInterruptedError,
    DagsterStepExecutionFailed,
    DagsterStorageError,
)
from dagsterlite.events.engine import EngineEventData, WorkerLost
from dagsterlite.events.error_info import SerializableErrorInfo, error_info_from_exception
from dagsterlite.events.event import DagsterEvent
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.payloads import StepFailureData
from dagsterlite.events.receipt import Receipt, StepOutcome
from dagsterlite.execution.dispatch import tell_of_entry
from dagsterlite.execution.executor import PlanOrchestrationContext
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.step import AttemptResult, pass_over
from dagsterlite.plan.decide import Run, decide
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.plan.step import ExecutionStep
from dagsterlite.serdes import from_json
from dagsterlite_dask import on_scheduler
from dagsterlite_dask.follow import Following
from dagsterlite_dask.graph import build_graph
from dagsterlite_dask.keys import TaskKey, topic_of
from dagsterlite_dask.messages import StepMessage, StepResult
from dagsterlite_dask.task import receipt_of, run_step
from dagsterlite_dask.worker_plugin import RunPlugin, stop_tasks

LISTEN_SECONDS: Final = 0.1
"""How long the driver listens before it looks whether the run is to stop."""

LOOK_SECONDS: Final = 0.5
"""How often the driver looks at the state of its futures."""

GRACE_SECONDS: Final = 5.0
"""How long interrupted steps have to end before their run is canceled without them."""


class Driver:
    """Executes one plan on a cluster.

    Args:
        context: The run.
        plan: The plan.
        client: A client of the cluster.
        payload: What the run's workers need to know.
    """

    def __init__(
        self,
        context: PlanOrchestrationContext,
        plan: ExecutionPlan,
        client: Client,
        payload: bytes,
    ) -> None:
        self._context = context
        self._run_context = context.run_context
        self._plan = plan
        self._client = client
        self._payload = payload
        self._run_id = context.run_id
        self._topic = topic_of(self._run_id)
        self._messages: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._following = Following()
        self._keys: dict[str, TaskKey] = {}
        self._futures: dict[str, Future[Any]] = {}
        self._asked: dict[str, Future[Any]] = {}
        self._finished_since: dict[str, float] = {}
        self._errors: dict[str, SerializableErrorInfo] = {}
        self._cause: Exception | None = None
        self._look_at = 0.0

    def run(self) -> Iterator[DagsterEvent]:
        """Execute the plan; yield its events as they are heard."""
        with self._listening():
            self._submit()
            try:
                while len(self._following.receipts) < len(self._keys):
                    self._run_context.interrupts.check()
                    yield from self._listen()
                    yield from self._look()
            except DagsterExecutionInterruptedError:
                yield from self._stop()
                raise
        self._raise()

    # --- the cluster's side ---

    @contextmanager
    def _listening(self) -> Iterator[None]:
        plugin = RunPlugin(self._run_id)
        self._client.subscribe_topic(self._topic, self._hear)
        self._client.subscribe_topic("all", self._hear_of_cluster)
        self._client.register_plugin(plugin)
        try:
            yield
        finally:
            self._release(plugin)

    def _hear(self, event: tuple[float, dict[str, Any]]) -> None:
        """Take a message on the client's event loop: only put it by."""
        self._messages.put(event[1])

    def _hear_of_cluster(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict) and message.get("action") == "remove-worker":
            self._messages.put(message)

    def _submit(self) -> None:
        graph, self._keys = build_graph(self._plan, self._run_id, self._payload, run_step)
        futures = self._client.get(graph, list(self._keys.values()), sync=False)
        self._futures = dict(zip(self._keys, futures, strict=True))

    def _release(self, plugin: RunPlugin) -> None:
        """Leave the cluster as it was: no task, plugin or topic of the run."""
        self._client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()
        self._asked.clear()
        # A cluster that is gone has nothing to be cleaned up.
        with suppress(OSError, TimeoutError):
            self._client.unregister_worker_plugin(plugin.name)
            self._client.unsubscribe_topic(self._topic)
            self._client.unsubscribe_topic("all")
            self._client.run_on_scheduler(_FORGET_TOPIC, self._topic)

    # --- following ---

    def _listen(self) -> Iterator[DagsterEvent]:
        try:
            message = self._messages.get(timeout=LISTEN_SECONDS)
        except queue.Empty:
            return
        while True:
            yield from self._take(message)
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                return

    def _take(self, message: dict[str, Any]) -> Iterator[DagsterEvent]:
        if message.get("action") == "remove-worker":
            yield from self._worker_lost(message)
        elif "tear_down" in message:
            name, error = message["tear_down"], message["error"]
            yield self._context.engine_event(f"Teardown of resource '{name}' failed: {error}")
        else:
            yield from self._take_up(StepMessage.from_wire(message))

    def _take_up(self, message: StepMessage) -> Iterator[DagsterEvent]:
        heard = self._following.hear(message)
        for entry in heard.entries:
            self._run_context.sink.emit(entry)
            tell_of_entry(self._run_context.loggers, self._run_context.tags, entry)
            if entry.dagster_event is not None:
                yield entry.dagster_event
        for detail in heard.superseded:
            text = f'An attempt of step "{detail.step_key}" was lost; another one counts.'
            yield self._context.engine_event(text, EngineEventData(detail=detail))
        if heard.accepted is not None:
            self._accept(heard.accepted, message.error)

    def _accept(self, receipt: Receipt, error: bytes | None = None) -> None:
        self._futures.pop(receipt.step_key, None)
        if receipt.outcome is StepOutcome.FAILURE and receipt.error is not None:
            self._errors[receipt.step_key] = receipt.error
            if self._cause is None and error is not None:
                # Its class may be known on the worker only.
                with suppress(Exception):
                    self._cause = cloudpickle.loads(error)

    def _worker_lost(self, message: dict[str, Any]) -> Iterator[DagsterEvent]:
        if message.get("expected"):
            return
        handles = {str(key): step for step, key in self._keys.items()}
        lost = sorted(handles[k] for k in map(str, _processing(message)) if k in handles)
        worker = str(message.get("worker"))
        text = f"Worker {worker} was lost." + (
            f" It was running: {', '.join(lost)}." if lost else ""
        )
        data = EngineEventData(detail=WorkerLost(worker, tuple(lost)))
        yield self._context.engine_event(text, data)

    def _look(self) -> Iterator[DagsterEvent]:
        """Look at the futures now and then: for steps whose end will not be told."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_SECONDS
        for key in list(self._futures):
            if key in self._futures:
                yield from self._look_at_future(key, self._futures[key], now)

    def _look_at_future(self, key: str, future: Future[Any], now: float) -> Iterator[DagsterEvent]:
        if future.status == "error":
            yield from self._settle(key, future)
        elif future.status in {"cancelled", "lost"}:
            error = ConnectionError(f"The cluster no longer knows step '{key}': {future.status}.")
            yield from self._fail(self._plan.get_step_by_key(key), error)
        elif future.status == "finished":
            since = self._finished_since.setdefault(key, now)
            if now - since >= LOOK_SECONDS:
                yield from self._ask_for_receipt(key, future)

    def _ask_for_receipt(self, key: str, future: Future[Any]) -> Iterator[DagsterEvent]:
        """Fetch the end of a step whose messages were lost on their way."""
        asked = self._asked.get(key)
        if asked is None:
            self._asked[key] = self._client.submit(receipt_of, future, pure=False)
        elif asked.status == "finished":
            result: StepResult = asked.result()
            del self._asked[key]
            entries = tuple(from_json(text) for text in result.entries)
            yield from self._take_up(
                StepMessage(entries=entries, receipt=result.receipt, error=result.error)
            )
            if key not in self._following.receipts:
                self._following.receipts[key] = result.receipt
                self._accept(result.receipt, result.error)

    def _settle(self, key: str, future: Future[Any]) -> Iterator[DagsterEvent]:
        """Decide about a step whose task ended in an error of Dask's: its own, or one before it."""
        step = self._plan.get_step_by_key(key)
        upstream = self._plan.upstream_keys[key]
        receipts = self._following.receipts
        if not all(source in receipts for source in upstream):
            return
        decision = decide(step, receipts)
        if isinstance(decision, Run):
            yield from self._fail(step, future.exception())
            return
        result = yield from pass_over(self._run_context, step, decision)
        self._keep(result)

    def _fail(self, step: ExecutionStep, error: BaseException) -> Iterator[DagsterEvent]:
        log = self._run_context.step_log(step)
        info = error_info_from_exception(error)
        message = f'Execution of step "{step.key}" failed.'
        if isinstance(error, KilledWorker):
            message += " The workers that ran it died each time."
        yield DagsterLogManager(log, self._run_context.loggers).event(
            DagsterEventType.STEP_FAILURE, message, StepFailureData(info)
        )
        receipt = Receipt(
            run_id=self._run_id,
            step_key=step.key,
            attempt_id=log.attempt_id,
            outcome=StepOutcome.FAILURE,
            entry_count=log.count,
            error=info,
        )
        self._keep(AttemptResult(receipt=receipt))

    def _keep(self, result: AttemptResult) -> None:
        self._following.receipts[result.receipt.step_key] = result.receipt
        self._accept(result.receipt)

    # --- the end ---

    def _stop(self) -> Iterator[DagsterEvent]:
        """Stop the run on the cluster: nothing queued starts, what runs is interrupted."""
        self._client.cancel(list(self._futures.values()), force=True)
        self._client.run(stop_tasks, self._run_id)
        until = time.monotonic() + GRACE_SECONDS
        started = self._following.started()
        while started - self._following.receipts.keys() and time.monotonic() < until:
            try:
                yield from self._listen()
            except DagsterStorageError:
                return

    def _raise(self) -> None:
        if self._errors and self._context.raise_on_error:
            raise DagsterStepExecutionFailed(self._run_id, self._errors) from self._cause


def _processing(message: dict[str, Any]) -> Any:
    return message.get("processing-tasks") or ()


def _forget_topic() -> Any:
    cloudpickle.register_pickle_by_value(on_scheduler)
    return on_scheduler.forget_topic


_FORGET_TOPIC = _forget_topic()
