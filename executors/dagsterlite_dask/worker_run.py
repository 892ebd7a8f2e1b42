"""A run as one worker process knows it: made from the payload once, shared by its threads."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, cast

from dask.sizeof import sizeof
from distributed import Client, Worker
from distributed.utils import sync

from dagsterlite.compute_logs import ComputeLogManager
from dagsterlite.config.secrets import redactor
from dagsterlite.configurable import ConfigurableClassData
from dagsterlite.errors import DagsterHomeError, DagsterRunCanceledError
from dagsterlite.events.metrics import Arrival
from dagsterlite.execution.executor import tell_of_tear_down
from dagsterlite.execution.interrupts import Interrupts
from dagsterlite.execution.loaded_values import LoadedValues
from dagsterlite.execution.log_manager import DagsterLogManager
from dagsterlite.execution.run_context import RunContext, logging_tags, make_resource_manager
from dagsterlite.execution.storages import make_intermediates
from dagsterlite.instance import DagsterInstance
from dagsterlite.plan.execution_plan import ExecutionPlan
from dagsterlite.run_config.resolved import EnvironmentConfig
from dagsterlite_dask.deferred_commits import DeferredCommits
from dagsterlite_dask.keys import topic_of
from dagsterlite_dask.outbox import Outbox
from dagsterlite_dask.payload import Payload
from dagsterlite_dask.resource_scope import WorkerResources
from dagsterlite_dask.retries import SECONDS, read_numbers
from dagsterlite_dask.topic_sink import Flusher, TopicSink
from dagsterlite_dask.transient import TransientStorage
from dagsterlite_dask.write_behind import Lane, WriteBehind

_logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 30.0
"""How long a worker that is told to end goes on storing what its steps have handed on."""

STOP_SECONDS: Final = 5.0
"""How long what is being stored has to end when the run is over."""


class WorkerRun:
    """The run's plan, storage and resources in this process.

    Args:
        payload: What the driver sent.
        worker: A worker of this process.
    """

    def __init__(self, payload: Payload, worker: Worker) -> None:
        run = payload.run
        config = EnvironmentConfig.build(
            payload.pipeline, run.run_config, run.mode, payload.ignored_solids
        )
        mode = payload.pipeline.get_mode_definition(config.mode)
        self._worker = worker
        self._topic = topic_of(run.run_id)
        self._interrupts = Interrupts()
        self._lock = threading.Lock()
        self._running: dict[TopicSink, str] = {}
        self._is_closed = False
        self._is_leaving = False
        self._retry_numbers = dict(read_numbers(worker, run.run_id))
        # What the run's resources tell belongs to no step.
        self._own_sink = TopicSink(self.send)
        self._outbox = Outbox(self.send)
        self._flusher = Flusher(self._own_sink, self._outbox)
        context = RunContext(
            plan=ExecutionPlan.build(payload.pipeline, config),
            mode_def=mode,
            run=run,
            storage=TransientStorage(),
            sink=self._own_sink,
            interrupts=self._interrupts,
            # The driver tells the run's loggers, of all workers' entries.
            loggers=(),
            open_instance=_open_instance,
            artifacts_dir=payload.artifacts_dir,
            compute_logs=_compute_logs(payload.compute_logs),
            is_alone=_is_alone(worker),
            loaded=LoadedValues(payload.cache_bytes, sizeof),
            retries_enabled=payload.retries_enabled,
            has_terminal=False,
            redact=redactor(sorted(config.secrets)),
            tags=logging_tags(run),
        )
        self._log = DagsterLogManager(context.run_log(), (), self._interrupts)
        self.resources = WorkerResources(
            lambda: make_resource_manager(
                mode,
                config,
                run,
                self._log,
                self._interrupts,
                _open_instance,
                payload.artifacts_dir,
            ),
            payload.resource_scope,
            lambda key, exc: tell_of_tear_down(self._log, key, exc),
        )
        storage = make_intermediates(
            context.plan,
            run,
            payload.artifacts_dir,
            prefers_persistent=True,
            resources=self.resources.shared.scoped,
            open_instance=_open_instance,
        )
        if payload.defers_commits:
            storage = DeferredCommits(storage)
        #: The storage that was selected: it writes at once.
        self.storage = storage
        self._lane: Lane | None = None
        self._context = replace(context, storage=storage) if storage.is_persistent else context
        if storage.is_persistent and payload.behind_bytes is not None:
            self._lane = Lane(payload.behind_bytes, self._interrupts)
            behind = WriteBehind(storage, self._lane, self._interrupts)
            self._context = replace(context, storage=behind, commits_behind=True)

    @property
    def context(self) -> RunContext:
        """The run as its steps see it."""
        return self._context

    def send(self, message: Mapping[str, Any]) -> None:
        """Send a message to the driver, unless the run is over."""
        if not self._is_closed:
            self._worker.log_event(self._topic, message)

    @contextmanager
    def task(
        self, step_key: str, worker: str, arrival: Arrival
    ) -> Iterator[tuple[RunContext, TopicSink]]:
        """Give a task the run's context, with a sink of its own.

        Args:
            step_key: The step.
            worker: The address of the worker that the task runs on.
            arrival: What it took to bring the step there.

        Raises:
            DagsterRunCanceledError: the run is stopped: nothing begins any more.
        """
        if self._interrupts.reason is not None:
            raise DagsterRunCanceledError(self._context.run_id)
        sink = TopicSink(self._tell_of_step, self._tell_end_of_step)
        with self._lock:
            self._running[sink] = step_key
        self._flusher.add(sink)
        try:
            yield replace(self._context, sink=sink, worker=worker, arrival=arrival), sink
        finally:
            self._flusher.remove(sink)
            with self._lock:
                self._running.pop(sink)

    def _tell_of_step(self, message: Mapping[str, Any]) -> None:
        if not self._is_leaving:
            self.send(message)

    def _tell_end_of_step(self, message: Mapping[str, Any]) -> None:
        if not self._is_leaving:
            self._outbox.put(message)

    def end_later(self, step_key: str, end: Callable[[], object]) -> None:
        """Have a step that has handed its outputs on end when these are stored.

        Args:
            step_key: The step.
            end: Commits it and tells of its end.
        """
        assert self._lane is not None
        # The driver hears of it before Dask tells it that the step's task is done.
        self._tell_who_stores(step_key, self._worker.address)

        def run() -> None:
            try:
                end()
            except BaseException:
                _logger.exception("Step '%s' has handed its outputs on and cannot end.", step_key)
                self._tell_who_stores(step_key, "")

        self._lane.put(run)

    def _tell_who_stores(self, step_key: str, worker: str) -> None:
        self._outbox.put({"behind": step_key, "worker": worker})
        self._outbox.flush()

    def drain(self) -> None:
        """Store what steps have handed on: their process is to end."""
        if self._lane is not None:
            self._lane.drain(DRAIN_SECONDS)

    def leave(self) -> None:
        """Tell nothing more of steps: those that this process interrupts run again elsewhere.

        Told of, such an end would count as the step's own.
        """
        self._outbox.flush()
        self._is_leaving = True

    def tell(self) -> None:
        """Send what ended steps have told; on the worker's event loop it costs no waking up."""
        self._outbox.flush()

    def announce(self, step_key: str) -> None:
        """Have the driver know that a step begins before it does: it may end this process."""
        tell = self._worker.scheduler.log_event
        message = {"begins": step_key}
        sync(self._worker.loop, tell, topic=self._topic, msg=message, callback_timeout=SECONDS)

    def retry_number(self, step_key: str) -> int:
        """Return how often a step was tried before, also on workers that are lost."""
        return self._retry_numbers.get(step_key, 0)

    def note_retry(self, step_key: str, number: int) -> None:
        """Take up how often a step was tried."""
        self._retry_numbers[step_key] = number

    def interrupt(self, reason: BaseException) -> list[str]:
        """Stop the tasks that run now at their next bytecode, and those that begin later.

        Return the steps that run now.
        """
        self._interrupts.request(reason)
        with self._lock:
            return sorted(self._running.values())

    def running(self) -> list[str]:
        """Return the steps that run now."""
        with self._lock:
            return sorted(self._running.values())

    def close(self) -> Mapping[str, Any]:
        """Stop what still runs, tear the resources down and end the threads.

        Return what the resources told from first to last, as a message.
        """
        self._interrupts.request(DagsterRunCanceledError(self._context.run_id))
        if self._lane is not None:
            self._lane.close(STOP_SECONDS)
        self._context.loaded.clear()
        self.resources.tear_down()
        self._context.compute_logs.dispose()
        self._flusher.close()
        self._outbox.flush()
        self._is_closed = True
        return self._own_sink.all_told()


def _compute_logs(given: ConfigurableClassData | ComputeLogManager) -> ComputeLogManager:
    if isinstance(given, ComputeLogManager):
        return given
    return cast(ComputeLogManager, given.rehydrate("compute_logs"))


def _is_alone(worker: Worker) -> bool:
    """Return whether this process runs one task at a time, and no code of anybody else."""
    # Dask says in no other way what else lives in a process.
    is_dedicated = len(Worker._instances) == 1 and not Client._instances  # noqa: SLF001
    return is_dedicated and worker.state.nthreads == 1


def _open_instance() -> DagsterInstance:
    try:
        return DagsterInstance.get()
    except DagsterHomeError as exc:
        message = (
            "context.instance on a worker is the one that the worker's own $DAGSTER_HOME names, "
            f"and it cannot be opened: {exc}"
        )
        raise DagsterHomeError(message) from exc
