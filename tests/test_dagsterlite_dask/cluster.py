"""Real clusters for tests: a scheduler without dagsterlite, workers without the tests' modules."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from distributed import Client

from dagsterlite.errors import DagsterClusterError

START_SECONDS = 60

SCHEDULER = """
import sys
sys.modules["dagsterlite"] = sys.modules["dagsterlite_dask"] = None
from distributed.cli.dask_scheduler import main
main()
"""

# Read by each worker process as it starts.
WITHOUT_TESTS = """
import sys
sys.modules["tests"] = None
"""

WITHOUT_US = """
import sys
sys.modules["dagsterlite"] = sys.modules["dagsterlite_dask"] = None
"""


class Cluster:
    """A scheduler and its workers, each a process that ends with :meth:`close`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / "scheduler.json"
        self.scheduler = self._start("-c", SCHEDULER, "--scheduler-file", str(self._file))
        self.workers: list[subprocess.Popen[bytes]] = []
        self.address = self._address()
        self.client = Client(self.address, set_as_default=False)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        number = len(list(self.folder.glob("*.log")))
        ports = ("--port", "0", "--no-dashboard") if "--scheduler-file" in command else ()
        with (self.folder / f"{number}.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-I", *command, *ports],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )

    def _address(self) -> str:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            with suppress(OSError, ValueError):
                return str(json.loads(self._file.read_text())["address"])
            assert self.scheduler.poll() is None, "the scheduler ended"
            time.sleep(0.02)
        raise DagsterClusterError("the scheduler is not up in time")

    def add_worker(
        self,
        *,
        threads: int = 1,
        resources: Mapping[str, float] | None = None,
        nanny: bool = False,
        memory_limit: str = "0",
        preload: str = WITHOUT_TESTS,
        scheduler: str | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until it has joined.

        Args:
            threads: How many tasks it runs at once.
            resources: What it offers.
            nanny: Whether it is started again when it dies.
            memory_limit: As for Dask.
            preload: What its process runs first.
            scheduler: Where it finds the scheduler, if that is not its own address.
        """
        known = self._running()
        file = self.folder / f"preload_{abs(hash(preload))}.py"
        file.write_text(preload)
        options = ["--nthreads", str(threads), "--preload", str(file), "--no-dashboard"]
        options += ["--nanny" if nanny else "--no-nanny", "--memory-limit", memory_limit]
        if resources:
            pairs = ",".join(f"{name}={amount}" for name, amount in resources.items())
            options += ["--resources", pairs]
        main = "from distributed.cli.dask_worker import main; main()"
        worker = self._start("-c", main, scheduler or self.address, *options)
        self.workers.append(worker)
        # Not by their number: the scheduler may still count one that was killed just now.
        until = time.monotonic() + START_SECONDS
        while not self._running() - known:
            assert worker.poll() is None, "the worker ended"
            assert time.monotonic() < until, "the worker is not up in time"
            time.sleep(0.02)
        return worker

    def _running(self) -> set[str]:
        found = self.facts().items()
        return {address for address, facts in found if facts["status"] == "running"}

    def facts(self) -> dict[str, Any]:
        """Return what the scheduler knows of each worker, by address.

        Not ``scheduler_info``: what that asks for is overwritten now and then, by one without
        workers, before it is returned.
        """
        assert self.client.scheduler is not None
        identity = self.client.sync(self.client.scheduler.identity, n_workers=-1)
        return dict(identity["workers"])

    def worker_pids(self) -> dict[str, int]:
        """Return the pids of the workers' processes, by address."""
        return dict(self.client.run(os.getpid))

    def config(self, **more: Any) -> dict[str, Any]:
        """Return run config that runs on this cluster, and says little."""
        cluster = {"existing": {"address": self.address}}
        return {
            "execution": {"dask": {"config": {"cluster": cluster, **more}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        }

    def close(self) -> None:
        """End all processes."""
        with suppress(Exception):
            self.client.close(timeout=2)
        for process in [*self.workers, self.scheduler]:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def running_cluster(folder: Path, workers: int = 0, **options: Any) -> Iterator[Cluster]:
    """Run a cluster with workers of the same kind."""
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.add_worker(**options)
        yield cluster
    finally:
        cluster.close()


def left_behind(cluster: Cluster) -> dict[str, list[str]]:
    """Return what runs left on the scheduler and the workers; empty where they are clean."""

    def on_scheduler(dask_scheduler: Any) -> dict[str, list[str]]:
        topics = dask_scheduler._broker._topics
        return {
            "tasks": [str(key) for key in dask_scheduler.tasks],
            "topics": [name for name in topics if name.startswith("dagsterlite")],
            "plugins": [n for n in dask_scheduler.worker_plugins if n.startswith("dagsterlite")],
            "scheduler plugins": [n for n in dask_scheduler.plugins if "dagsterlite" in n],
            "notes": list(dask_scheduler.task_metadata),
            "variables": list(dask_scheduler.extensions["variables"].variables),
            "datasets": list(dask_scheduler.extensions["publish"].datasets),
        }

    def on_worker(dask_worker: Any) -> list[str]:
        import threading

        from dagsterlite_dask.admission import _doors

        threads = [t.name for t in threading.enumerate() if t.name.startswith("dagsterlite")]
        plugins = [name for name in dask_worker.plugins if name.startswith("dagsterlite")]
        return [*_doors, *threads, *plugins, *map(str, dask_worker.data)]

    found: dict[str, list[str]] = cluster.client.run_on_scheduler(on_scheduler)
    found |= cluster.client.run(on_worker)
    return {place: left for place, left in found.items() if left}
