"""Looks after the Jobs of runs: tells why one does not start, and fails runs that never will."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from typing import Final

from dagsterlite.errors import DagsterError, DagsterLaunchFailedError
from dagsterlite.events.engine import EngineEventData, Waiting
from dagsterlite.execution.heirs import INTERRUPTED_TAG, line_of
from dagsterlite.execution.undriven import fail_undriven, record_engine_event
from dagsterlite.instance import DagsterInstance
from dagsterlite.runs import DagsterRun, DagsterRunStatus
from dagsterlite_k8s.api import KubernetesApi
from dagsterlite_k8s.manifest import job_name
from dagsterlite_k8s.troubles import JobView, Trouble, troubles

LOOK_SECONDS = 1.0
"""How long is waited between two looks at the Jobs."""

_TAIL: Final = 2000
_NOT_BEGUN: Final = DagsterRunStatus.STARTING

_logger = logging.getLogger(__name__)


@dataclass
class _Launched:
    """A run that is looked after."""

    run: DagsterRun
    #: Seconds of the monotonic clock.
    since: float
    told: set[str] = field(default_factory=set)
    #: Whether the last look at it failed for a reason that is not known here.
    is_out_of_sight: bool = False


class JobWatch(threading.Thread):
    """Looks at the Jobs of runs, one after the other, until each run has ended.

    Args:
        instance: Where the runs are recorded.
        api: Where their Jobs are.
        start_timeout_seconds: How long a run may wait for its pod.
    """

    def __init__(
        self, instance: DagsterInstance, api: KubernetesApi, *, start_timeout_seconds: float
    ) -> None:
        super().__init__(name="dagsterlite-k8s-watch", daemon=True)
        self._instance = instance
        self._api = api
        self._timeout = start_timeout_seconds
        self._changed = threading.Condition()
        self._launched: dict[str, _Launched] = {}
        self._is_closed = threading.Event()

    def add(self, run: DagsterRun) -> None:
        """Look after a run from now on."""
        with self._changed:
            self._launched[run.run_id] = _Launched(run, time.monotonic())
            self._changed.notify_all()

    def join_runs(self, timeout: float) -> bool:
        """Wait until all runs have ended; return whether they did in so many seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._launched, timeout)

    def close(self) -> None:
        """Look no more; the runs go on."""
        self._is_closed.set()

    def run(self) -> None:
        while not self._is_closed.wait(LOOK_SECONDS):
            with self._changed:
                launched = list(self._launched.values())
            for one in launched:
                self._try_to_look(one)

    def _try_to_look(self, launched: _Launched) -> None:
        try:
            self._look(launched)
        except DagsterError:
            # The API server restarts, the network breaks: the next look tells.
            return
        except Exception:
            # The other runs are looked after, whatever it is.
            if not launched.is_out_of_sight:
                run_id = launched.run.run_id
                _logger.warning("The Job of run %s was not looked at.", run_id, exc_info=True)
            launched.is_out_of_sight = True
        else:
            launched.is_out_of_sight = False

    def _look(self, launched: _Launched) -> None:
        run_id = launched.run.run_id
        if self._instance.get_run_by_id(run_id) is None:
            self._forget(run_id)
            return
        run = line_of(run_id, self._instance)[-1]
        with_events = run.status is _NOT_BEGUN
        view = self._api.view(job_name(run_id), with_events=with_events)
        if run.is_finished:
            self._forget_if_over(run_id, run, view)
        elif view is None:
            self._fail(run, None, f"Job {job_name(run_id)} is gone: somebody deleted it.")
        elif run.status is _NOT_BEGUN:
            self._see_to_the_start(run, launched, view)
        else:
            self._fail_if_final(run, view, troubles(view))

    def _forget_if_over(self, run_id: str, last: DagsterRun, view: JobView | None) -> None:
        """Look no more, unless the Job starts another pod, which takes over."""
        if view is None or view.has_ended or INTERRUPTED_TAG not in last.tags:
            self._forget(run_id)

    def _forget(self, run_id: str) -> None:
        with self._changed:
            self._launched.pop(run_id, None)
            self._changed.notify_all()

    def _see_to_the_start(self, run: DagsterRun, launched: _Launched, view: JobView) -> None:
        found = troubles(view)
        for trouble in found:
            if trouble.reason not in launched.told:
                launched.told.add(trouble.reason)
                _tell(run, self._instance, trouble)
        if self._fail_if_final(run, view, found) or view.has_begun:
            return
        if time.monotonic() - launched.since > self._timeout:
            why = found[-1].message if found else f"Job {view.name} has no pod that runs."
            text = f"It did not start within {self._timeout:g} seconds (start_timeout_seconds)."
            self._fail(run, view, f"{text} {why}")

    def _fail_if_final(self, run: DagsterRun, view: JobView, found: list[Trouble]) -> bool:
        if not any(trouble.is_final for trouble in found):
            return False
        self._fail(run, view, " ".join(dict.fromkeys(trouble.message for trouble in found)))
        return True

    def _fail(self, run: DagsterRun, view: JobView | None, why: str) -> None:
        """Record a run's failure, unless a driver has it; what is left of its Job goes."""
        words = self._api.log(view.name)[-_TAIL:].strip() if view is not None else ""
        error = DagsterLaunchFailedError(f"{why} It printed last:\n{words}" if words else why)
        if not fail_undriven(run, self._instance, error):
            return
        if view is not None and not view.has_begun:
            # Its pod would start yet, once the trouble is over.
            self._api.delete_job(view.name)


def _tell(run: DagsterRun, instance: DagsterInstance, trouble: Trouble) -> None:
    detail = Waiting(f"Kubernetes: {trouble.reason}")
    record_engine_event(run, instance, trouble.message, EngineEventData(detail=detail))
