"""The processes of a cluster that is started for a run: a scheduler, and its workers' nannies.

Workers never import the user's main module, so a script without a main guard works. Each process
is in a group of its own, so that Ctrl-C reaches the driver alone, which then stops the others.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Final

import dask

from dagsterlite.errors import DagsterClusterUnreachableError

START_SECONDS: Final = 60.0
"""How long a scheduler has to come up on a busy machine."""

LOOK_SECONDS: Final = 0.02

_QUIET: Final = {"logging": {"distributed": "warning"}}
"""Dask's own chatter would drown the run's lines; the user's config stands over this."""

Options = Mapping[str, Any]


@contextmanager
def running_cluster(scheduler: Options, workers: Options, count: int) -> Iterator[Members]:
    """Run a scheduler and workers; give out the scheduler's address.

    Args:
        scheduler: Arguments of the scheduler.
        workers: Arguments of each worker.
        count: How many workers.

    Raises:
        DagsterClusterUnreachableError: the processes end at once, or do not come up in time.
    """
    scratch = dask.config.get("temporary-directory")
    with (
        tempfile.TemporaryDirectory(
            prefix="dagsterlite-", dir=scratch, ignore_cleanup_errors=True
        ) as folder,
        ExitStack() as stack,
    ):
        file = os.path.join(folder, "scheduler.json")
        workers = {**workers, "scheduler_file": file}
        nannies = {name: _spec("distributed.Nanny", workers) for name in range(count)}
        first = _spec("distributed.Scheduler", {**scheduler, "scheduler_file": file})
        members = Members(
            file,
            stack.enter_context(_process(first, folder)),
            stack.enter_context(_process(nannies, folder)),
        )
        yield members


def _spec(cls: str, options: Options) -> dict[str, Any]:
    return {"cls": cls, "opts": dict(options)}


class Members:
    """The processes of one cluster."""

    def __init__(self, file: str, scheduler: Process, nannies: Process) -> None:
        self._file = file
        self._scheduler = scheduler
        self._nannies = nannies

    def address(self) -> str:
        """Return the scheduler's address, once it is up.

        Raises:
            DagsterClusterUnreachableError: it ended, or is not up in time.
        """
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            self.check()
            with suppress(OSError, ValueError), open(self._file, encoding="utf-8") as file:
                return str(json.load(file)["address"])
            time.sleep(LOOK_SECONDS)
        raise DagsterClusterUnreachableError(
            f"The Dask scheduler that was started for the run is not up after {START_SECONDS:g} "
            "seconds. Look what this machine is busy with, and execute the run again."
        )

    def check(self) -> None:
        """Return if all processes live.

        Raises:
            DagsterClusterUnreachableError: one has ended.
        """
        for what, process in (("scheduler", self._scheduler), ("workers", self._nannies)):
            code = process.poll()
            if code is not None:
                raise DagsterClusterUnreachableError(
                    f"The process of the Dask {what} that was started for the run ended at once "
                    f"with exit code {code}; what it said stands above. Mend "
                    "execution.dask.cluster.local."
                )


Process = subprocess.Popen[bytes]


@contextmanager
def _process(spec: Mapping[Any, Any], scratch: str) -> Iterator[Process]:
    member = ["-m", f"{__package__}.member", "-m", "distributed.cli.dask_spec"]
    command = [sys.executable, *member, "--spec", json.dumps(spec)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, env=_environment(scratch), start_new_session=True
    )
    try:
        yield process
    finally:
        # All that the workers started belongs to the group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _environment(scratch: str) -> dict[str, str]:
    """Return the driver's environment, with its Dask config and where it finds its modules."""
    # What Python brings itself, it finds itself; a step's own subprocesses may be of another one.
    python = (sys.prefix, sys.base_prefix)
    path = [entry or os.getcwd() for entry in sys.path if not entry.startswith(python)]
    config = dask.config.merge(_QUIET, dask.config.global_config)
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path),
        "DASK_INTERNAL_INHERIT_CONFIG": dask.config.serialize(config),
        "DASK_TEMPORARY_DIRECTORY": scratch,
    }
