"""Launching runs: each in a process of its own, which goes on when its launcher ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from typing import Final

from dagsterlite.compute_logs import ComputeIOType, ComputeLogManager, LogStream
from dagsterlite.configurable import ConfigurableClassData, WithoutConfig
from dagsterlite.errors import DagsterError, DagsterLaunchFailedError, DagsterRunConflict
from dagsterlite.events.event_type import DagsterEventType
from dagsterlite.events.log_entry import RUN_LEVEL
from dagsterlite.execution.cancel import CancelOutcome, cancel_run
from dagsterlite.execution.undriven import fail_undriven, record_status
from dagsterlite.instance import DagsterInstance
from dagsterlite.run_launching import (
    LaunchRunContext,
    RunCoordinator,
    RunLauncher,
    SubmitRunContext,
)
from dagsterlite.runs import DagsterRun, DagsterRunStatus, PipelineOrigin
from dagsterlite.serdes import to_json

DRIVE: Final = ("-m", "dagsterlite", "run", "drive")
"""What Python is called with to drive a run; the instance's ref comes by standard input."""

_LOOK_SECONDS: Final = 0.2
_TAIL_BYTES: Final = 2000
_TO_SUBMIT: Final = frozenset({DagsterRunStatus.NOT_STARTED})
_TO_LAUNCH: Final = frozenset({DagsterRunStatus.NOT_STARTED, DagsterRunStatus.QUEUED})


def process_log_key(run_id: str) -> tuple[str, str, str]:
    """Return what is kept by which of what a launched run's process printed itself."""
    return run_id, RUN_LEVEL, "process"


def submit_run(run_id: str, instance: DagsterInstance) -> DagsterRun:
    """Hand a recorded run to the instance's coordinator; return the run as it stands then.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        DagsterRunConflict: it was submitted or begun before.
        Exception: what the coordinator raises.
    """
    run = _require(run_id, instance, _TO_SUBMIT)
    coordinator: RunCoordinator = instance.run_coordinator
    return coordinator.submit_run(SubmitRunContext(pipeline_run=run))


def launch_run(run_id: str, instance: DagsterInstance) -> DagsterRun:
    """Hand a recorded run to the instance's launcher; return the run as it stands then.

    Raises:
        DagsterRunNotFoundError: there is no such run.
        DagsterRunConflict: it was launched or begun before.
        DagsterLaunchFailedError: the launcher raised an error, which is the cause; the run has
            failed.
    """
    run = _require(run_id, instance, _TO_LAUNCH)
    message = f'Launching a run of pipeline "{run.pipeline_name}".'
    if not record_status(run, instance, DagsterEventType.PIPELINE_STARTING, message):
        raise _begun(instance.require_run(run_id).dagster_run)
    run = instance.require_run(run_id).dagster_run
    launcher: RunLauncher = instance.run_launcher
    try:
        launcher.launch_run(LaunchRunContext(pipeline_run=run))
    except Exception as exc:
        error = DagsterLaunchFailedError(f"Run {run_id} cannot be launched: {exc}")
        error.__cause__ = exc
        fail_undriven(run, instance, error)
        raise error from exc
    return instance.require_run(run_id).dagster_run


def _require(
    run_id: str, instance: DagsterInstance, fit: frozenset[DagsterRunStatus]
) -> DagsterRun:
    run = instance.require_run(run_id).dagster_run
    if run.status not in fit:
        raise _begun(run)
    return run


def _begun(run: DagsterRun) -> DagsterRunConflict:
    return DagsterRunConflict(
        f"Run {run.run_id} was submitted or begun before: it is {run.status.value}. Record a new "
        "run, and submit that."
    )


class DefaultRunCoordinator(WithoutConfig, RunCoordinator):
    """Immediately sends runs to the run launcher (seed 003).

    Args:
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def submit_run(self, context: SubmitRunContext) -> DagsterRun:
        return launch_run(context.pipeline_run.run_id, self.instance)

    def cancel_run(self, run_id: str) -> bool:
        launcher: RunLauncher = self.instance.run_launcher
        return launcher.terminate(run_id)

    def can_cancel_run(self, run_id: str) -> bool:
        launcher: RunLauncher = self.instance.run_launcher
        return launcher.can_terminate(run_id)


class DefaultRunLauncher(WithoutConfig, RunLauncher):
    """Launches each run in a process of its own on this machine (seed 003).

    The process is the leader of its own session: it goes on when the launcher's process ends or is
    interrupted. While that lives, it watches: a run whose process dies is recorded as failed, with
    the last of what the process printed.

    Args:
        inst_data: The section of ``dagster.yaml`` that asked for it, if any.
    """

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self._lock = threading.Lock()
        self._watches: list[_Watch] = []
        self._is_disposed = threading.Event()

    def launch_run(self, context: LaunchRunContext) -> None:
        """Start the run's process.

        Raises:
            DagsterLaunchFailedError: no other process can make the run's pipeline.
            DagsterHomeError: the instance lives in this process's memory.
            OSError: the system starts no process.
        """
        run = context.pipeline_run
        if not isinstance(run.external_pipeline_origin, PipelineOrigin):
            raise DagsterLaunchFailedError(without_origin(run))
        ref = to_json(self.instance.get_ref()).encode()
        logs: ComputeLogManager = self.instance.compute_log_manager
        stream = logs.open_log_stream(process_log_key(run.run_id), ComputeIOType.STDOUT)
        process = self._start(run.run_id, ref, stream)
        watch = _Watch(process, run, self.instance, stream, self._is_disposed)
        with self._lock:
            self._watches = [one for one in self._watches if one.is_alive()]
            self._watches.append(watch)
            watch.start()

    def _start(self, run_id: str, ref: bytes, stream: LogStream) -> subprocess.Popen[bytes]:
        try:
            output = stream.fileno()
        except OSError:
            output = subprocess.DEVNULL
        process = subprocess.Popen(
            [sys.executable, *DRIVE, run_id],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        assert process.stdin is not None
        # By standard input: what `dagster.yaml` holds is not for the list of processes. Of one that
        # has died already the watch tells.
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(ref)
        return process

    def terminate(self, run_id: str) -> bool:
        return cancel_run(run_id, self.instance) is not CancelOutcome.ENDED

    def can_terminate(self, run_id: str) -> bool:
        run = self.instance.get_run_by_id(run_id)
        return run is not None and not run.is_finished

    def join(self, timeout: float = 30) -> bool:
        until = time.monotonic() + timeout
        with self._lock:
            watches = list(self._watches)
        for watch in watches:
            watch.join(max(0.0, until - time.monotonic()))
        return not any(watch.is_alive() for watch in watches)

    def dispose(self) -> None:
        self._is_disposed.set()


class _Watch(threading.Thread):
    """Waits for the process of a run, and records the run's failure where it cannot itself."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        run: DagsterRun,
        instance: DagsterInstance,
        stream: LogStream,
        is_disposed: threading.Event,
    ) -> None:
        super().__init__(name=f"dagsterlite-run-{process.pid}", daemon=True)
        self._process = process
        self._run = run
        self._instance = instance
        self._stream = stream
        self._is_disposed = is_disposed

    def run(self) -> None:
        self._process.wait()
        if self._is_disposed.is_set():
            return
        with suppress(DagsterError):
            logs = self._instance.compute_log_manager
            logs.close_streams(process_log_key(self._run.run_id), self._stream)
        with suppress(DagsterError):
            self._see_to_the_end()

    def _see_to_the_end(self) -> None:
        """Have the run ended; a driver that died owns it until its lease has run out."""
        while not self._has_ended():
            if fail_undriven(self._run, self._instance, self._error()):
                return
            if self._is_disposed.wait(_LOOK_SECONDS):
                return

    def _has_ended(self) -> bool:
        run = self._instance.get_run_by_id(self._run.run_id)
        return run is None or run.is_finished

    def _error(self) -> DagsterLaunchFailedError:
        code = self._process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        text = f"The process of run {self._run.run_id} (pid {self._process.pid}) {how}."
        last = self._last_words()
        return DagsterLaunchFailedError(f"{text} It printed last:\n{last}" if last else text)

    def _last_words(self) -> str:
        key = process_log_key(self._run.run_id)
        data = self._instance.compute_log_manager.get_log_data(key).stdout or b""
        return data[-_TAIL_BYTES:].decode("utf-8", "replace").strip()


def without_origin(run: DagsterRun) -> str:
    """Return the sentence that says that no other process can make a run's pipeline."""
    return (
        f"nothing says how another process makes pipeline '{run.pipeline_name}'. Record the run of "
        "reconstructable(pipeline), or of build_reconstructable_pipeline(...)."
    )
