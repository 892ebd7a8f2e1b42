"""What is run inside schedulers and workers whose packages are not known.

Its code travels by value (see the last line) and imports nothing of ours before it is called: the
scheduler has no dagsterlite, and on a cluster that is shared some workers may have none either.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Collection, Iterable
from contextlib import suppress
from importlib import metadata
from typing import Any, Final

import cloudpickle
from distributed import Scheduler, SchedulerPlugin, Worker, WorkerPlugin
from distributed.scheduler import TaskState, WorkerState

_LOOKS: Final = 500
_LOOK_SECONDS: Final = 0.01
_END_SECONDS: Final = 60.0
_LAST_LOOKS: Final = 10
_TO_COME: Final = frozenset({"waiting", "no-worker", "queued"})


class RunPlugin(WorkerPlugin):
    """Opens the door to a run on each worker; closing it stops and tears down what is left there.

    Args:
        name: The plugin's name, the run's alone.
        run_id: The run.
    """

    def __init__(self, name: str, run_id: str) -> None:
        self.name = name
        self._run_id = run_id

    async def setup(self, worker: Worker) -> None:
        """Let tasks of the run be executed in this process."""
        self._worker = worker
        # Without dagsterlite no task of ours can run here anyway, and others' can.
        with suppress(ImportError):
            # The import takes its time, and the worker's event loop has heartbeats to send.
            await asyncio.to_thread(__import__, "dagsterlite_dask.admission")
            sys.modules["dagsterlite_dask.admission"].admit_run(self._run_id)

    def transition(self, key: Any, start: str, finish: str, **_more: Any) -> None:
        """Have the run tell of its steps when a task has ended and no other is at hand."""
        if start == "executing" and not self._worker.state.ready:
            module = sys.modules.get("dagsterlite_dask.admission")
            if module is not None:
                module.tell_of_run(self._run_id)

    async def teardown(self, worker: Worker) -> None:
        """Stop the run in this process, its resources torn down off the event loop."""
        module = sys.modules.get("dagsterlite_dask.admission")
        if module is not None:
            await asyncio.to_thread(module.close_run, self._run_id)


class RunWatch(SchedulerPlugin):
    """Looks after a run on its scheduler: while its driver is there, and once it is gone.

    A cluster that shrinks does so by its idle workers. When the driver's client is gone, because
    its process died or was cut off, the run is ended. Nobody else would: its workers go on with
    what they run, and keep the run's resources open.

    Args:
        name: The plugin's name, the run's alone: that of its topic and of its worker plugin too.
        client: The id of the driver's client.
        run_hex: What the keys of the run's tasks have in them.
    """

    def __init__(self, name: str, client: str, run_hex: str) -> None:
        self.name = name
        self._client = client
        self._run_hex = run_hex

    def valid_workers_downscaling(
        self, scheduler: Scheduler, workers: list[WorkerState]
    ) -> list[WorkerState]:
        """Keep workers that have steps of the run, or offer what steps to come ask for."""
        wanted: set[str] = set()
        if any(worker.resources for worker in workers):
            wanted = {
                name
                for task in scheduler.tasks.values()
                if task.resource_restrictions and task.state in _TO_COME
                if _is_of(task, self._run_hex)
                for name in task.resource_restrictions
            }
        return [
            worker
            for worker in workers
            if wanted.isdisjoint(worker.resources)
            and not any(_is_of(task, self._run_hex) for task in worker.processing)
        ]

    def remove_client(self, scheduler: Scheduler, client: str) -> None:
        """Have the workers stop the run and tear it down, and forget it."""
        tasks = scheduler._ongoing_background_tasks  # noqa: SLF001
        if client == self._client and not tasks.closed:
            tasks.call_soon(self._end, scheduler)

    def end(self, scheduler: Scheduler) -> None:
        """Do the same while the client is there: its process is held still."""
        release_all(scheduler, self._client, f"{self.name}-ends")
        self.remove_client(scheduler, self._client)

    async def _end(self, scheduler: Scheduler) -> None:
        scheduler.plugins.pop(self.name, None)
        await let_out(self.name, [], _END_SECONDS, scheduler)
        for _ in range(_LAST_LOOKS):
            # What workers told at the end is on its way still, and makes the topic anew.
            forget_notes(scheduler, self.name)
            await asyncio.sleep(1)


async def let_in(
    name: str, plugin: bytes, silent: list[str], seconds: float, dask_scheduler: Any = None
) -> None:
    """Give a worker plugin to the workers that are there, and to those that come.

    Args:
        name: The plugin's name.
        plugin: The plugin, pickled.
        silent: Workers that are not waited for.
        seconds: How long the others are.
        dask_scheduler: The scheduler that this runs on.
    """
    dask_scheduler.worker_plugins[name] = plugin
    message = {"op": "plugin-add", "plugin": plugin, "name": name}
    await _tell_workers(dask_scheduler, message, silent, seconds)


async def let_out(name: str, silent: list[str], seconds: float, dask_scheduler: Any = None) -> None:
    """Take a worker plugin from all workers; the arguments are those of :func:`let_in`."""
    if dask_scheduler.worker_plugins.pop(name, None) is not None:
        message = {"op": "plugin-remove", "name": name}
        await _tell_workers(dask_scheduler, message, silent, seconds)


async def _tell_workers(
    scheduler: Scheduler, message: dict[str, Any], silent: list[str], seconds: float
) -> None:
    # One by one: where one dies just now, a message to all is not awaited for the others.
    telling = {
        worker: asyncio.ensure_future(
            scheduler.broadcast(msg=message, workers=[worker], on_error="ignore")
        )
        for worker in scheduler.workers
    }
    if not telling:
        return
    # It goes on for those that hang.
    scheduler._ongoing_background_tasks.call_soon(_all_told, telling.values())  # noqa: SLF001
    awaited = [answer for worker, answer in telling.items() if worker not in silent]
    if awaited:
        await asyncio.wait(awaited, timeout=seconds)


async def _all_told(telling: Iterable[asyncio.Future[Any]]) -> None:
    await asyncio.wait(telling)


def is_there() -> bool:
    """Answer."""
    return True


def watch_run(name: str, client: str, run_hex: str, dask_scheduler: Any = None) -> None:
    """Have the scheduler keep a run's workers, and end the run when its driver is gone before.

    Args:
        name: What the run's topic and plugins are named.
        client: The id of the driver's client.
        run_hex: What the keys of the run's tasks have in them.
        dask_scheduler: The scheduler that this runs on.
    """
    dask_scheduler.add_plugin(RunWatch(name, client, run_hex))


def end_undriven(name: str, dask_scheduler: Any = None) -> None:
    """End a run that nobody drives, if its driver has not done so; it may only be held still.

    Args:
        name: What the run's topic and plugins are named.
        dask_scheduler: The scheduler that this runs on.
    """
    watch = dask_scheduler.plugins.get(name)
    if watch is not None:
        watch.end(dask_scheduler)


def release_all(scheduler: Any, client: str, stimulus: str) -> None:
    """Let go of all that a client wants of the scheduler."""
    state = scheduler.clients.get(client)
    if state is not None:
        wanted = [task.key for task in state.wants_what]
        scheduler.client_releases_keys(wanted, client, stimulus)


def forget_notes(scheduler: Any, topic: str) -> None:
    """Remove what is told on a run's topic and noted under its name."""
    # The broker offers to empty a topic, not to remove it.
    scheduler._broker._topics.pop(topic, None)  # noqa: SLF001
    scheduler.task_metadata.pop(topic, None)


def installed_versions(packages: Iterable[str]) -> dict[str, str | None]:
    """Return this process's versions of Python (its minor one) and packages; None for missing ones.

    Args:
        packages: The names of distributions.
    """
    found: dict[str, str | None] = {"python": "{}.{}".format(*sys.version_info)}
    for name in packages:
        found[name] = None
        with suppress(ImportError):
            # Ours may run from a folder that nobody installed.
            ours = name == "dagsterlite"
            found[name] = __import__(name).__version__ if ours else metadata.version(name)
    return found


async def forget_run(
    topic: str, client: str, *, keeps_values: bool, dask_scheduler: Any = None
) -> None:
    """Remove what a run wants of the scheduler, what is told on its topic and noted under its name.

    Args:
        topic: The run's topic.
        client: The id of the run's client.
        keeps_values: Whether the results that the client holds stay.
        dask_scheduler: The scheduler that this runs on.
    """
    scheduler, topics = dask_scheduler, dask_scheduler._broker._topics  # noqa: SLF001
    for _ in range(_LOOKS):
        # What the client sent before this call may come after it: its subscription to the topic,
        # a graph whose tasks are made when all that cancels them has passed.
        is_subscribed = topic in topics and client in topics[topic].subscribers
        if is_subscribed and not scheduler._active_graph_updates:  # noqa: SLF001
            break
        await asyncio.sleep(_LOOK_SECONDS)
    if not keeps_values:
        release_all(scheduler, client, f"{topic}-ends")
    scheduler.plugins.pop(topic, None)
    forget_notes(scheduler, topic)


def sights_of(run_hex: str, shared: str, dask_scheduler: Any = None) -> dict[str, dict[str, Any]]:
    """Return how the workers are, by their address, and which of a run's tasks they were given.

    Args:
        run_hex: What the keys of the run's tasks have in them.
        shared: The key of what all of them need.
        dask_scheduler: The scheduler that this runs on.
    """
    now = time.time()
    holders = _only_holders(dask_scheduler.tasks.get(shared))
    return {
        address: {
            "is_paused": worker.status.name == "paused",
            "memory": worker.metrics.get("memory", 0),
            "memory_limit": worker.memory_limit or 0,
            "silent_seconds": max(0.0, now - worker.last_seen),
            "tasks": [task.key for task in worker.processing if _is_of(task, run_hex)],
            "holds_shared": worker in holders,
        }
        for address, worker in dask_scheduler.workers.items()
    }


def _is_of(task: TaskState, run_hex: str) -> bool:
    """Return whether a task is a run's own."""
    return isinstance(task.key, tuple) and str(task.key[0]).endswith(run_hex)


def _only_holders(task: Any) -> Collection[Any]:
    """Return the worker that makes a task's result or alone has it, where one does."""
    if task is None:
        return ()
    if task.processing_on is not None:
        return (task.processing_on,)
    return task.who_has if task.who_has and len(task.who_has) == 1 else ()


def is_wanted(key: str, dask_scheduler: Any = None) -> bool:
    """Return whether somebody but the client that sent it has the scheduler keep a task.

    Args:
        key: The task's key.
        dask_scheduler: The scheduler that this runs on.
    """
    task = dask_scheduler.tasks.get(key)
    return task is not None and any(c.client_key == "fire-and-forget" for c in task.who_wants)


def begin_report(run_id: str, dask_scheduler: Any = None) -> tuple[float, int]:
    """Have the scheduler note what tasks do; return since when, for :func:`end_report`.

    Args:
        run_id: The run whose report it is for.
        dask_scheduler: The scheduler that this runs on.
    """
    from distributed.diagnostics.task_stream import TaskStreamPlugin

    plugins = dask_scheduler.plugins
    is_ours = TaskStreamPlugin.name not in plugins
    if is_ours:
        dask_scheduler.add_plugin(TaskStreamPlugin(dask_scheduler))
    noted = vars(plugins[TaskStreamPlugin.name])
    noted.setdefault("dagsterlite_runs", set()).add(run_id)
    noted.setdefault("is_dagsterlites", is_ours)
    return time.time(), dask_scheduler.monitor.count


async def end_report(
    run_id: str, since: tuple[float, int], about: str, dask_scheduler: Any = None
) -> str:
    """Return Dask's report on the time of a run as HTML; what was noted only for it is dropped.

    Args:
        run_id: The run.
        since: What :func:`begin_report` returned.
        about: What the report is of.
        dask_scheduler: The scheduler that this runs on.
    """
    from distributed.diagnostics.task_stream import TaskStreamPlugin

    try:
        report: str = await dask_scheduler.performance_report(*since, code=about)
        return report
    finally:
        noted = vars(dask_scheduler.plugins[TaskStreamPlugin.name])
        noted["dagsterlite_runs"].discard(run_id)
        if noted["is_dagsterlites"] and not noted["dagsterlite_runs"]:
            dask_scheduler.remove_plugin(TaskStreamPlugin.name)


cloudpickle.register_pickle_by_value(sys.modules[__name__])
