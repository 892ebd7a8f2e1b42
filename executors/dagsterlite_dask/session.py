"""A run's side of a cluster: what it hears, what it submits, and leaving all as it was.

Each question has a time by which it is answered or given up: a cluster may hang in part.
"""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final, TypeVar

import dask
from distributed import Client, Future
from distributed.protocol.pickle import dumps

from dagsterlite.errors import DagsterClusterLostError
from dagsterlite_dask.admission import end_run, interrupt_run, running_steps
from dagsterlite_dask.graph import RunGraph, call_graph
from dagsterlite_dask.keys import node_key, run_hex, topic_of
from dagsterlite_dask.on_cluster import (
    RunPlugin,
    begin_report,
    end_report,
    end_undriven,
    forget_run,
    is_there,
    let_in,
    let_out,
    sights_of,
    watch_run,
)
from dagsterlite_dask.placement import Offer
from dagsterlite_dask.questions import Questions
from dagsterlite_dask.watch import Sight

ANSWER_SECONDS: Final = 10.0
"""How long the cluster has to answer what takes no time."""

PING_SECONDS: Final = 3.0
"""How long a worker has to say that it is there; one that does not is not waited for as others."""

TEAR_DOWN_SECONDS: Final = 60.0
"""How long the resources on the workers have to clean up."""

REPORT_SECONDS: Final = 60.0
"""How long the scheduler has to draw its report on a run."""

TURN_SECONDS: Final = 60.0
"""Graphs that come to the scheduler within this time take turns; it goes by their steps' order."""

CLUSTER_TOPIC: Final = "all"

MEMORY_TOPIC: Final = "worker-restart-memory"
"""Where nannies tell of workers that they stop because of their memory."""

_WITHOUT_ADVICE: Final = {"distributed.admin.large-graph-warning-threshold": "1 PiB"}
"""Dask warns of graphs that hold data. What is large of ours holds many steps."""

Message = Mapping[str, Any]
T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Session:
    """Listens to one run on a cluster, and works for it there.

    Args:
        client: A client of the cluster, the run's alone.
        run_id: The run.
        is_strict: Whether runs that were submitted before come first, whatever their steps.
        is_joined: Whether the cluster was there before the run.
    """

    def __init__(
        self, client: Client, run_id: str, *, is_strict: bool = False, is_joined: bool = True
    ) -> None:
        self._client = client
        self._turn_seconds = 0.0 if is_strict else TURN_SECONDS
        self._run_id = run_id
        self.is_joined = is_joined
        self._topic = topic_of(run_id)
        self._calls = 0
        self._is_ended = False
        self._questions = Questions(client)
        #: What was heard: messages of the run's topic, and those on workers that come and go.
        #: No SimpleQueue: a wait that a signal outlasts, as on a busy machine, never ends there.
        self.messages: queue.Queue[Message] = queue.Queue()

    @property
    def scheduler(self) -> str:
        """The scheduler's address."""
        found = self._client.scheduler
        return "" if found is None else str(found.address)

    @property
    def dashboard(self) -> str | None:
        """Where the cluster can be watched; None where it has no dashboard."""
        with suppress(KeyError):
            found: str | None = self._client.dashboard_link
            return found
        return None

    # --- the begin ---

    @contextmanager
    def opened(self, *, keeps_values: bool) -> Iterator[None]:
        """Listen to the run while the block lasts, and leave the cluster as it was.

        Args:
            keeps_values: Whether the results of the run's tasks are still needed after it.
        """
        self.open()
        try:
            yield
        finally:
            self.close(keeps_values=keeps_values)

    def open(self) -> None:
        """Listen, and have the workers let tasks of the run in."""
        self._client.subscribe_topic(self._topic, self._hear)
        self._client.subscribe_topic(CLUSTER_TOPIC, self._hear_of_cluster)
        self._client.subscribe_topic(MEMORY_TOPIC, self._hear)
        self.on_scheduler(watch_run, self._topic, self._client.id, run_hex(self._run_id))
        # A worker that dies or hangs just now is no reason to fail, and none to wait for long.
        self.ask_workers(is_there, seconds=PING_SECONDS)
        plugin = dumps(RunPlugin(self._topic, self._run_id))
        self._tell_workers(let_in, self._topic, plugin)

    def end_undriven(self, run_id: str) -> None:
        """Take another run off the cluster that nobody drives any more.

        Its driver may be held still, with its connection open: what it had queued would go on.
        """
        self.on_scheduler(end_undriven, topic_of(run_id))

    def _hear(self, event: tuple[float, Message]) -> None:
        """Take a message on the client's event loop: only put it by."""
        self.messages.put(event[1])

    def _hear_of_cluster(self, event: tuple[float, Any]) -> None:
        message = event[1]
        if isinstance(message, dict) and message.get("action") in {"add-worker", "remove-worker"}:
            self.messages.put(message)

    # --- the work ---

    @property
    def is_lost(self) -> bool:
        """Whether the connection to the scheduler was cut off."""
        return self._client.status != "running"

    def submit(self, graph: RunGraph) -> dict[str, Future[Any]]:
        """Submit a graph at once; return a future for each step, also of those of one task.

        Raises:
            DagsterClusterLostError: the scheduler is gone.
        """
        tasks = list(dict.fromkeys(graph.keys.values()))
        try:
            turn = self._turn_seconds
            with dask.config.set(_WITHOUT_ADVICE):
                held = self._client.get(graph.graph, tasks, sync=False, fifo_timeout=turn)
        except Exception as exc:
            if self.is_lost:
                raise self.lost() from exc
            raise
        made = dict(zip(tasks, held, strict=True))
        # Each step has its own: Dask keeps a task until all of its futures are released.
        return {
            step: made.pop(task, None) or Future(task, self._client)
            for step, task in graph.keys.items()
        }

    def call(self, function: Callable[..., Any], *args: Any, worker: str | None = None) -> Any:
        """Call a function on a worker, results of steps given by their keys; return the future."""
        self._calls += 1
        key = f"{node_key('call', self._run_id)}-{self._calls}"
        graph = call_graph(key, function, args)
        workers = None if worker is None else [worker]
        return self._client.get(graph, key, sync=False, workers=workers)

    def workers(self) -> dict[str, Offer]:
        """Return what each worker offers, by its address.

        Raises:
            DagsterClusterLostError: the scheduler does not answer.
        """
        found = self.offers()
        if found is None:
            raise self.lost()
        return found

    def sights(self) -> dict[str, Sight] | None:
        """Return how the workers are, by their address; None where the scheduler does not say."""
        found = self.on_scheduler(sights_of, run_hex(self._run_id), node_key("run", self._run_id))
        if found is None:
            return None
        return {
            worker: Sight(**{**facts, "tasks": tuple(facts["tasks"])})
            for worker, facts in found.items()
        }

    def offers(self) -> dict[str, Offer] | None:
        """Return the same as :meth:`workers`; None where the scheduler does not say."""
        found = self._ask_scheduler("identity", n_workers=-1)
        if found is None:
            return None
        return {
            address: Offer(facts["resources"], str(facts["name"]))
            for address, facts in found["workers"].items()
        }

    def on_scheduler(
        self, function: Callable[..., T], *args: Any, longest: float | None = None
    ) -> T | None:
        """Call a function on the scheduler; return its answer, or None where none came.

        Args:
            function: The function.
            args: Its arguments.
            longest: Seconds that it has to answer, where it takes time.
        """
        ask = partial(self._client.run_on_scheduler, function, *args)
        return _answer(lambda: ask(callback_timeout=longest or ANSWER_SECONDS))

    def begin_report(self) -> tuple[float, int] | None:
        """Have the scheduler note what tasks do; return since when, or None where it does not."""
        return self.on_scheduler(begin_report, self._run_id)

    def end_report(self, since: tuple[float, int], about: str) -> str:
        """Return Dask's report on the time since then as HTML.

        Raises:
            Exception: the scheduler does not give it, or not in time.
        """
        call = self._client.run_on_scheduler
        args = (end_report, self._run_id, since, about)
        report: str = call(*args, callback_timeout=REPORT_SECONDS)
        return report

    def who_has(self, futures: Sequence[Future[Any]]) -> Mapping[Any, Sequence[str]]:
        """Return where the values of futures lie."""
        return _answer(lambda: self._client.who_has(futures)) or {}

    def lost(self) -> DagsterClusterLostError:
        """Return the error that tells of the scheduler's end."""
        return DagsterClusterLostError(
            f"Run {self._run_id} has lost its Dask scheduler: it died or cannot be reached any "
            "more. What the run's finished steps stored is safe; execute the run again once there "
            "is a scheduler."
        )

    # --- the end ---

    def release(self, futures: Iterable[Future[Any]]) -> None:
        """Let go of tasks: what is queued never starts, what is done is freed."""
        # Dask's own cancel fails where another task, wanted by nobody, needs one of these.
        for future in futures:
            future.release()

    def interrupt(self) -> dict[str, list[str]]:
        """Interrupt what runs; return the steps that ran, by the workers that answered."""
        return self.ask_workers(interrupt_run, self._run_id)

    def running(self) -> dict[str, list[str]]:
        """Return the steps of the run that run now, by the workers that answered."""
        return self.ask_workers(running_steps, self._run_id)

    def end(self) -> list[Message]:
        """Tear down on the workers what the run left there; return what was told meanwhile."""
        self._is_ended = True
        # One that was slow once may be well again: it has all the time that it needs, then.
        self.ask_workers(is_there, workers=self._questions.silent, seconds=PING_SECONDS)
        found = self.ask_workers(end_run, self._run_id, seconds=TEAR_DOWN_SECONDS)
        return [message for message in found.values() if message is not None]

    def close(self, *, keeps_values: bool) -> None:
        """Leave the cluster as it was: no plugin, topic or note of the run, and no task.

        Args:
            keeps_values: Whether the results of the run's tasks are still needed.
        """
        if not self._is_ended:
            self.end()
        if self.is_lost:
            return
        self._tell_workers(let_out, self._topic)
        # The run's topic goes as a whole: to be unsubscribed from, it would be made again.
        for topic in (CLUSTER_TOPIC, MEMORY_TOPIC):
            with suppress(ValueError):
                self._client.unsubscribe_topic(topic)
        _answer(
            lambda: self._client.run_on_scheduler(
                forget_run,
                self._topic,
                self._client.id,
                keeps_values=keeps_values,
                callback_timeout=ANSWER_SECONDS,
            )
        )

    # --- questions ---

    def ask_workers(
        self,
        function: Callable[..., Any],
        *args: Any,
        workers: Iterable[str] | None = None,
        seconds: float = ANSWER_SECONDS,
    ) -> dict[str, Any]:
        """Call a function on workers (all by default); return the answers that came in time."""
        if self.is_lost:
            return {}
        asked = (self.offers() or ()) if workers is None else workers
        ask = partial(self._questions.ask, function, *args, workers=list(asked), seconds=seconds)
        return _answer(lambda: self._client.sync(ask)) or {}

    def _tell_workers(self, function: Callable[..., Any], *args: Any) -> None:
        seconds = ANSWER_SECONDS
        self.on_scheduler(function, *args, self._questions.silent, seconds, longest=2 * seconds)

    def _ask_scheduler(self, handler: str, /, **message: Any) -> Any:
        if self.is_lost:
            return None
        ask = getattr(self._client.scheduler, handler)
        return _answer(lambda: self._client.sync(ask, callback_timeout=ANSWER_SECONDS, **message))


def _answer(question: Callable[[], T]) -> T | None:
    """Return the answer to a question; None where none came, or what came was an error."""
    try:
        return question()
    except Exception:
        _logger.warning("A Dask cluster did not answer.", exc_info=True)
        return None
