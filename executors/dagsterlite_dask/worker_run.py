"""A run as one worker process knows it: made from the payload once, shared by its threads."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from dagsterlite.errors import DagsterHomeError
from dagsterlite.events.log_entry import EventLogEntry
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.redaction import redactor
from dagsterlite.execution.resources import ResourceManager
from dagsterlite.execution.run_context import RunContext, logging_tags
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite_dask.keys import topic_of
from dagsterlite_dask.payload import Payload, decode_payload
from dagsterlite_dask.topic_sink import Flusher, TopicSink
from dagsterlite_dask.transient import TransientStorage


class WorkerRun:
    """The run's plan, storage, loggers and resources in this process.

    Args:
        payload: What the driver sent.
    """

    def __init__(self, payload: Payload) -> None:
        run = payload.run
        config = EnvironmentConfig.build(
            payload.pipeline, run.run_config, run.mode, payload.ignored_solids
        )
        plan = ExecutionPlan.build(payload.pipeline, config)
        mode = payload.pipeline.get_mode_definition(config.mode)
        storage = make_intermediates(
            mode, config, run, payload.artifacts_dir, prefers_persistent=True
        )
        self._flusher = Flusher()
        self._lock = threading.Lock()
        self._running: set[Interrupts] = set()
        self._resources: ResourceManager | None = None
        self.topic = topic_of(run.run_id)
        self.context = RunContext(
            plan=plan,
            mode_def=mode,
            run=run,
            storage=storage if storage.is_persistent else TransientStorage(),
            sink=_NOWHERE,
            interrupts=Interrupts(),
            # The driver tells the run's loggers, of all workers' entries.
            loggers=(),
            open_instance=_open_instance,
            retries_enabled=payload.retries_enabled,
            redact=redactor(sorted(config.secrets)),
            tags=logging_tags(run),
        )

    def resources(self) -> ResourceManager:
        """Return the run's resources in this process; each is made at first need."""
        with self._lock:
            if self._resources is None:
                self._resources = self.context.resource_manager(self.context.run_log())
            return self._resources

    def begin(self, worker: Any) -> tuple[RunContext, TopicSink]:
        """Return what one task works with: the run's context with a sink and a stop of its own."""
        sink = TopicSink(worker, self.topic)
        context = replace(self.context, sink=sink, interrupts=Interrupts())
        with self._lock:
            self._running.add(context.interrupts)
        self._flusher.add(sink)
        return context, sink

    def end(self, context: RunContext, sink: TopicSink) -> None:
        """Let go of what :meth:`begin` gave out."""
        self._flusher.remove(sink)
        with self._lock:
            self._running.discard(context.interrupts)

    def interrupt(self, reason: BaseException) -> None:
        """Stop the tasks that run now, at their next bytecode."""
        with self._lock:
            running = list(self._running)
        for interrupts in running:
            interrupts.request(reason)

    def close(self, worker: Any) -> None:
        """Tear the resources down and end the threads."""
        with self._lock:
            resources, self._resources = self._resources, None
        if resources is not None:
            resources.tear_down(lambda key, exc: _tell(worker, self.topic, key, exc))
        self._flusher.close()


class _Nowhere:
    """Takes the entries of resources that log while they are made: they belong to no attempt."""

    def emit(self, entry: EventLogEntry) -> None:
        return


_NOWHERE = _Nowhere()


def _tell(worker: Any, topic: str, key: str, exc: BaseException) -> None:
    worker.log_event(topic, {"tear_down": key, "error": str(exc)})


def _open_instance() -> DagsterInstance:
    try:
        return DagsterInstance.get()
    except DagsterHomeError as exc:
        message = (
            "context.instance on a worker is the one that the worker's own $DAGSTER_HOME names, "
            f"and it cannot be opened: {exc}"
        )
        raise DagsterHomeError(message) from exc


_runs: dict[str, WorkerRun] = {}
_runs_lock = threading.Lock()


def open_run(run_id: str, data: bytes) -> WorkerRun:
    """Return the run in this process, made from its payload when it is first asked for."""
    with _runs_lock:
        run = _runs.get(run_id)
        if run is None:
            run = _runs[run_id] = WorkerRun(decode_payload(data))
        return run


def interrupt_run(run_id: str, reason: BaseException) -> None:
    """Stop the run's tasks in this process, if there are any."""
    with _runs_lock:
        run = _runs.get(run_id)
    if run is not None:
        run.interrupt(reason)


def close_run(run_id: str, worker: Any) -> None:
    """Forget the run in this process, its resources torn down."""
    with _runs_lock:
        run = _runs.pop(run_id, None)
    if run is not None:
        run.close(worker)
